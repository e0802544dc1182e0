"""Every card folded, as the table `fold` of cache.db has it: a row a card, a column a field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from prep_app.memory.fold import CardFold
from prep_app.memory.types import Learned

_FOLD = tuple(item.name for item in fields(CardFold) if item.name != "memory")
_MEMORY = tuple(item.name for item in fields(Learned))
FIELDS = _FOLD + _MEMORY

AnswersByDay = Mapping[tuple[int, bool], int]


@dataclass(frozen=True, slots=True)
class CardTable:
    """For each of FIELDS a value for each card, which is None where a field of Learned is asked of a new card.

    `days` counts the answers of each study day by the clocks here, practice too: those that were not "again" and those
    that were, apart.
    """

    cards: list[str]
    columns: Mapping[str, list[Any]]
    days: AnswersByDay

    @staticmethod
    def of(folds: Mapping[str, CardFold], days: AnswersByDay) -> CardTable:
        rows = [fold.row() for fold in folds.values()]
        return CardTable(list(folds), {name: [row[at] for row in rows] for at, name in enumerate(FIELDS)}, days)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield each card, followed by its FIELDS."""
        return zip(self.cards, *(self.columns[name] for name in FIELDS), strict=True)
