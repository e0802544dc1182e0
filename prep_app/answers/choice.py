"""Choice cards: exact marking."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from prep_app.content.model import Option
from prep_app.memory.types import Rating


@dataclass(frozen=True, slots=True)
class Mark:
    """Which options were chosen wrongly, and which right ones were missed; indices into the options shown."""

    wrong: frozenset[int]
    missed: frozenset[int]

    @property
    def correct(self) -> bool:
        return not self.wrong and not self.missed


def mark_choice(options: Sequence[Option], chosen: Collection[int]) -> Mark:
    right = {index for index, option in enumerate(options) if option.correct}
    return Mark(wrong=frozenset(set(chosen) - right), missed=frozenset(right - set(chosen)))


def suggest_choice(mark: Mark, hints: int) -> Rating:
    """Right: good; right with a hint: hard; anything else: again."""
    if not mark.correct:
        return Rating.AGAIN
    return Rating.HARD if hints else Rating.GOOD
