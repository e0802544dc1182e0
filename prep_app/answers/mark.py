"""Marking: what was said against what is right, part by part, and the grade it suggests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prep_app.content.body import Kind
from prep_app.memory.types import Rating

Verdict = Literal["right", "close", "wrong", "missed", "left"]
GOOD_SHARE = 0.8  # four of five points is an answer an interviewer accepts
HARD_SHARE = 0.5
IN_PARTS: tuple[Kind, ...] = ("recall", "compare")  # an answer that is mostly right is worth something
# Seconds from which an answer counts as slow: right, but not at the fingertips. An interviewer would have helped.
SLOW: dict[Kind, float] = {
    "recall": 240,
    "choice": 90,
    "cloze": 90,
    "numeric": 240,
    "order": 180,
    "code": 600,
    "compare": 300,
}


@dataclass(frozen=True, slots=True)
class Part:
    """One thing marked: an option, a gap, a step, a check, a key point.

    `close` is right but for a small typo; `left` is an option rightly left alone.
    """

    said: str
    right: str
    verdict: Verdict
    why: str = ""

    @property
    def counts(self) -> bool:
        return self.verdict in ("right", "close", "left")


@dataclass(frozen=True, slots=True)
class Mark:
    parts: tuple[Part, ...]

    @property
    def right(self) -> int:
        return sum(part.counts for part in self.parts)

    @property
    def total(self) -> int:
        return len(self.parts)

    @property
    def share(self) -> float:
        return self.right / self.total if self.parts else 1.0

    @property
    def correct(self) -> bool:
        return self.right == self.total


def suggest(kind: Kind, mark: Mark, *, hints: int = 0, seconds: float = 0.0) -> Rating:
    """Right and quick: good. Right with a hint, or slowly: hard. Wrong: again. The learner has the last word."""
    enough = mark.share >= GOOD_SHARE if kind in IN_PARTS else mark.correct
    if enough:
        return Rating.HARD if hints or seconds > SLOW[kind] else Rating.GOOD
    return Rating.HARD if kind in IN_PARTS and mark.share >= HARD_SHARE else Rating.AGAIN
