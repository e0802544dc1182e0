"""Recall cards: the learner ticks the key points that were said."""

from __future__ import annotations

from prep_app.memory.types import Rating

GOOD_SHARE = 0.8  # four of five points is an answer an interviewer accepts
HARD_SHARE = 0.5


def suggest_recall(ticked: int, total: int, hints: int) -> Rating:
    """Suggest a grade from how many of the key points were said; a hint costs one grade."""
    share = ticked / total if total else 1.0
    if share >= GOOD_SHARE:
        return Rating.HARD if hints else Rating.GOOD
    return Rating.HARD if share >= HARD_SHARE else Rating.AGAIN
