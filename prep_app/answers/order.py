"""Order cards: exact, the first wrong step named."""

from __future__ import annotations

from collections.abc import Sequence

from prep_app.answers.mark import Mark, Part
from prep_app.content.body import Step


def mark_order(right: Sequence[Step], given: Sequence[Step]) -> Mark:
    """Mark the steps as the learner ordered them; each is right where it stands at its place."""
    return Mark(
        tuple(
            Part(
                given[index].text if index < len(given) else "",
                step.text,
                "right" if index < len(given) and given[index] == step else "wrong",
                step.why,
            )
            for index, step in enumerate(right)
        )
    )


def first_wrong(mark: Mark) -> int | None:
    """The place, from 0, of the first step that stands where another belongs."""
    return next((index for index, part in enumerate(mark.parts) if not part.counts), None)
