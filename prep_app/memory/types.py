"""The words of memory. Times are UTC milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from prep_app.content.model import CardId


class Rating(IntEnum):
    """How well a card was recalled; the numbers are FSRS's."""

    AGAIN = 1
    HARD = 2
    GOOD = 3
    EASY = 4


@dataclass(frozen=True, slots=True)
class New:
    """Never answered, or its revision was raised since. Has no stability."""


@dataclass(frozen=True, slots=True)
class Learned:
    """Answered at least once.

    `stability` is the days until recall falls to 90 %, `difficulty` runs from 1 to 10 (FSRS-6).
    `learning` says that it failed or was hard and comes back within the session.
    """

    stability: float
    difficulty: float
    last_ms: int
    due_ms: int
    interval_days: float
    learning: bool
    reviews: int = 1
    lapses: int = 0


CardMemory = New | Learned


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rating would do."""

    interval_days: float
    due: int
    learning: bool  # it comes back within the session


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A review that is on disk, and what it made of the card."""

    entry: str
    card: CardId
    memory: Learned


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo took back."""

    entry: str
    kind: str
    card: CardId


@dataclass(frozen=True, slots=True)
class Flags:
    marked: bool = False
    buried: bool = False
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """One review that stands. `state` is what the card was when it was asked."""

    entry: str
    at: int
    card: CardId
    rating: Rating
    seconds: float | None
    revision: int
    practice: bool
    was_new: bool = False
    was_learning: bool = False
