"""Recall cards: key points ticked by the learner; a typed answer ticks those it makes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from prep_app.answers.mark import Mark, Part
from prep_app.answers.words import holds, most_of, stems
from prep_app.content.body import KeyPoint


def mark_recall(points: Sequence[KeyPoint], ticked: Collection[int]) -> Mark:
    return Mark(
        tuple(
            Part(point.text if index in ticked else "", point.text, "right" if index in ticked else "missed")
            for index, point in enumerate(points)
        )
    )


def heard(points: Sequence[KeyPoint], typed: str) -> frozenset[int]:
    """Which points a typed answer makes: all words of one of the point's phrases, or most of its own where it has none.

    Words are compared by their stems, in any order, anywhere in the answer.
    """
    said = stems(typed)
    return frozenset(
        index
        for index, point in enumerate(points)
        if (any(holds(said, phrase) for phrase in point.words) if point.words else most_of(said, point.text))
    )
