"""Predictions made before a demo runs: how far off they were, and whether a range held what came."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

RANGE_SHOULD_HOLD = 0.8  # a range is meant to hold the outcome four times in five


@dataclass(frozen=True, slots=True)
class Guess:
    """A number, a range (`high` is another number), or one of a few words (`word`)."""

    low: float = math.nan
    high: float = math.nan
    word: str = ""

    @property
    def is_range(self) -> bool:
        return self.high > self.low

    @property
    def point(self) -> float:
        """The number, or the middle of the range: geometric where it can be, since sizes are judged by ratio."""
        if not self.is_range:
            return self.low
        if self.low > 0:
            return math.sqrt(self.low) * math.sqrt(self.high)
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class Scored:
    """`score` runs from 0 to 1; `held` says whether a range held the outcome, None where none was given."""

    score: float
    held: bool | None
    said: str  # in words, how far off


def parse_guess(text: str, choices: Sequence[str] = ()) -> Guess | None:
    """Read «0.5», «0.3-0.9», «1e5», «12 %» or one of `choices`; None when it is none of these."""
    text = text.strip().rstrip("%").strip().replace(",", "").replace("−", "-")
    if choices:
        return Guess(word=text) if text in choices else None
    for split in (" to ", "..", "–", "-"):
        low, found, high = text.partition(split)
        if found and low.strip() and not low.strip().lower().endswith("e"):
            ends = [value for value in (_number(low), _number(high)) if value is not None]
            if len(ends) == 2:
                return Guess(min(ends), max(ends))
    number = _number(text)
    return None if number is None else Guess(number, number)


def score_guess(guess: Guess, outcome: float | str) -> Scored:
    """Score a guess against what came.

    A word is right or wrong. A number scores 1 − |log₁₀(guess/outcome)|, so a factor of ten either way scores nothing;
    where there is no ratio (zero, or the other sign) only the number itself scores.
    """
    if guess.word or isinstance(outcome, str):
        right = guess.word == str(outcome)
        return Scored(float(right), None, "right" if right else "not so")
    held = guess.low <= outcome <= guess.high if guess.is_range else None
    point = guess.point
    if point == outcome:
        return Scored(1.0, held, "exactly so")
    if point * outcome <= 0:
        return Scored(0.0, held, f"off by {abs(point - outcome):.3g}")
    ratio = max(point / outcome, outcome / point)
    said = f"{abs(point / outcome - 1):.0%} too {'high' if point > outcome else 'low'}"
    if ratio > 2:
        said = f"{ratio:.3g} times too {'high' if abs(point) > abs(outcome) else 'low'}"
    return Scored(max(0.0, 1 - math.log10(ratio)), held, said)


@dataclass(frozen=True, slots=True)
class Foresight:
    """How well somebody foresees: the mean score, and how many ranges held of those given."""

    predictions: int
    mean_score: float
    ranges: int
    ranges_held: int


def foresight(scored: Sequence[Scored]) -> Foresight:
    ranges = [one.held for one in scored if one.held is not None]
    mean = sum(one.score for one in scored) / len(scored) if scored else 0.0
    return Foresight(len(scored), mean, len(ranges), sum(ranges))


def _number(text: str) -> float | None:
    try:
        value = float(text.strip().rstrip("%"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
