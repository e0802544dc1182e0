"""The words of memory. Times are UTC milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Any

from fsrs_rs_python import DEFAULT_PARAMETERS

from prep_app.content.model import CardId

LEECH_LAPSES = 4


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
    `learning` says that it failed or was hard and comes back within the session. `decay` is the exponent of its
    forgetting curve (FSRS-6's w₂₀). `offset` is how many minutes east of UTC it was last answered; None where that is
    not known.
    """

    stability: float
    difficulty: float
    last_ms: int
    due_ms: int
    interval_days: float
    learning: bool
    reviews: int = 1
    lapses: int = 0
    decay: float = DEFAULT_PARAMETERS[20]
    offset: int | None = None

    @property
    def leech(self) -> bool:
        """Whether it fails so often that repeating alone does not help."""
        return self.lapses >= LEECH_LAPSES


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
class DemoNote:
    """What the journal keeps of a demo's run; a run with a slip in it is never noted, since it proves nothing."""

    name: str
    passed: bool
    values: Mapping[str, Any]
    figures: Mapping[str, Any]
    checks: Mapping[str, bool]
    device: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Proof:
    """How a check last came out here: whether it held, on which device, and how long its demo took."""

    held: bool
    device: str
    seconds: float
    at: int


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """One review that stands, and what the card was when it was asked.

    `offset` is how many minutes east of UTC it was given; None where that is not known.
    """

    entry: str
    at: int
    card: CardId
    rating: Rating
    seconds: float | None
    revision: int
    practice: bool
    was_new: bool = False
    was_learning: bool = False
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class InterviewPlan:
    """What is studied towards: the day of the interview, and the minutes that each day until then has."""

    date: date
    minutes: int

    def days_left(self, today: int) -> int:
        """Days of study from `today` (a study day's ordinal) to the eve of the date; negative once it is over."""
        return self.date.toordinal() - today
