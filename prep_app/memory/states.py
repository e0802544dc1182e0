"""Where FSRS-6 takes a card in a day, and the grid of states on which schedules are worked out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prep_app.memory.fsrs6 import Floats, Fsrs6
from prep_app.memory.habits import Habits

Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]
STABILITIES = np.geomspace(0.05, 400, 24)  # days
DIFFICULTIES = np.linspace(1, 10, 6)
STATES = len(STABILITIES) * len(DIFFICULTIES)
GOOD = 3


@dataclass(frozen=True, slots=True)
class Cards:
    """Cards as arrays of one shape: FSRS-6 state, the day of the last answer (0 is today), and which have had none.

    The state and day of a new card mean nothing.
    """

    stability: Floats
    difficulty: Floats
    last: Ints
    new: Bools

    def taken(self, which: Ints) -> Cards:
        """Return some of a row of cards, in the shape of `which`."""
        return Cards(self.stability[which], self.difficulty[which], self.last[which], self.new[which])


def next_states(model: Fsrs6, habits: Habits, stability: ArrayLike, difficulty: ArrayLike, days: ArrayLike) -> Floats:
    """Return what a review makes of cards after `days`: [chance, S, D] × [again, hard, good, easy] × the cards' shape.

    What is failed is answered again on that day until it is good; the usual way there, good at once, stands for all.
    """
    shape = np.broadcast_shapes(np.shape(stability), np.shape(difficulty), np.shape(days))
    recall = model.recall(days, stability)
    states = np.empty((3, 4, *shape))
    fallen = model.failed(stability, difficulty, recall)
    states[0, 0] = 1 - recall
    states[1, 0] = model.same_day(fallen, GOOD)
    states[2, 0] = model.difficulty(model.difficulty(difficulty, 1), GOOD)
    for rating, share in zip((2, 3, 4), habits.review, strict=True):
        states[0, rating - 1] = recall * share
        states[1, rating - 1] = model.passed(stability, difficulty, recall, rating)
        states[2, rating - 1] = model.difficulty(difficulty, rating)
    return states


def first_states(model: Fsrs6, habits: Habits) -> Floats:
    """Return what the first day makes of a new card: [chance, S, D] × [again, hard, good, easy]."""
    stability, difficulty = model.first(np.arange(1, 5))
    stability[:2] = model.same_day(stability[:2], GOOD)
    difficulty[:2] = model.difficulty(difficulty[:2], GOOD)
    return np.stack([np.array(habits.first), stability, difficulty])


def on_grid(stability: ArrayLike, difficulty: ArrayLike) -> tuple[Ints, Floats]:
    """Return the four grid states around each card and their weights (bilinear in log S and D): shape × 4."""
    rows, columns = len(STABILITIES), len(DIFFICULTIES)
    step = np.log(STABILITIES[1] / STABILITIES[0])
    x = np.clip(np.log(np.asarray(stability) / STABILITIES[0]) / step, 0, rows - 1 - 1e-9)
    y = np.clip((np.asarray(difficulty) - 1) / (DIFFICULTIES[1] - 1), 0, columns - 1 - 1e-9)
    i, j = x.astype(np.intp), y.astype(np.intp)
    x, y = x - i, y - j
    corner = i * columns + j
    states = np.stack([corner, corner + 1, corner + columns, corner + columns + 1], axis=-1)
    return states, np.stack([(1 - x) * (1 - y), (1 - x) * y, x * (1 - y), x * y], axis=-1)
