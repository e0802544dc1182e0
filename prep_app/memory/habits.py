"""How a learner rates and how long that takes: shares and seconds, fsrs-rs's simulator defaults until measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from fsrs_rs_python import default_simulator_config

from prep_app.memory.types import ReviewRecord

WEIGHT_OF_DEFAULTS = 20  # answers: so many of the learner's own weigh as much as what was assumed
FASTEST = 1.0  # seconds an answer takes at least, whatever was measured
Row = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Effort:
    """Seconds that a card costs on a day, its repeats on that day counted in."""

    new: float
    passed: float
    failed: float


@dataclass(frozen=True, slots=True)
class Habits:
    """Ratings run from again to easy.

    `first` is how often a new card gets each of the four, `review` how often a recalled card gets hard, good and easy.
    `learning` and `relearning` say which rating follows again, hard and good (a row each) when a card comes back on the
    same day. `seconds` an answer takes, by rating: a row each for new cards, for reviews, and for what came back.
    `repeats` says whether what did not stick comes back on the same day.
    """

    first: Row
    review: Row
    learning: tuple[Row, ...]
    relearning: tuple[Row, ...]
    seconds: tuple[Row, Row, Row]
    repeats: bool = True

    def effort(self) -> Effort:
        """Expected seconds; a card comes back until it is good or easy, a review only after again."""
        new, review, again = (np.array(row) for row in self.seconds)
        first, shares = np.array(self.first), np.array(self.review)
        learning = _until_good(self.learning, again) if self.repeats else np.zeros(2)
        relearning = _until_good(self.relearning, again) if self.repeats else np.zeros(2)
        return Effort(
            new=float(first @ new + first[:2] @ learning),
            passed=float(shares @ review[1:]),
            failed=float(review[0] + relearning[0]),
        )

    def measured(self, reviews: Sequence[ReviewRecord], mean: float) -> Habits:
        """Return these habits at the learner's own pace: `mean` seconds an answer, and by kind where `reviews` tell."""
        kinds: list[list[float]] = [[], [], []]
        for review in reviews:
            if review.seconds is not None:
                kinds[0 if review.was_new else 2 if review.was_learning else 1].append(review.seconds)
        usual, mean = self._usual_seconds(), max(FASTEST, mean)
        rows = []
        for row, times, known in zip(self.seconds, kinds, usual, strict=True):
            assumed = mean * known / usual[1]
            pace = (sum(times) + WEIGHT_OF_DEFAULTS * assumed) / (len(times) + WEIGHT_OF_DEFAULTS)
            rows.append(tuple(value * pace / known for value in row))
        return replace(self, seconds=(rows[0], rows[1], rows[2]))

    def _usual_seconds(self) -> tuple[float, float, float]:
        """Mean seconds of an answer to a new card, of a review (one in ten fails), and of a repeat after again."""
        new, review, again = (np.array(row) for row in self.seconds)
        reviewed = 0.1 * review[0] + 0.9 * np.array(self.review) @ review[1:]
        return float(np.array(self.first) @ new), float(reviewed), float(np.array(self.learning[0]) @ again)


def _until_good(follows: tuple[Row, ...], seconds: np.ndarray) -> np.ndarray:
    """Expected seconds from again and from hard on, until good or easy: x = cost + Q·x."""
    table = np.array(follows)[:2]
    solved: np.ndarray = np.linalg.solve(np.eye(2) - table[:, :2], table @ seconds)
    return solved


@lru_cache(maxsize=1)
def usual_habits() -> Habits:
    """fsrs-rs's simulator defaults, found by its authors in the review logs of Anki's users."""
    config = default_simulator_config()

    def table(rows: Sequence[Sequence[float]]) -> tuple[Row, ...]:
        return tuple(tuple(float(value) for value in row) for row in rows)

    learning, review, relearning = table(config.state_rating_costs)
    return Habits(
        first=tuple(config.first_rating_prob),
        review=tuple(config.review_rating_prob),
        learning=table(config.learning_step_transitions),
        relearning=table(config.relearning_step_transitions),
        seconds=(learning, review, relearning),
    )
