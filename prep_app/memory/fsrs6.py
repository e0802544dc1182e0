"""FSRS-6 over many cards at once, from its published formulas; `schedule` asks the engine about one card.

https://github.com/open-spaced-repetition/awesome-fsrs/wiki/The-Algorithm . Stability S is in days, difficulty D from 1
to 10, ratings from 1 (again) to 4 (easy); w0 … w20 are the parameters. Arguments are arrays that broadcast. Here a day
is a calendar day, as in the engine: what was reviewed today has not begun to fade.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from fsrs_rs_python import DEFAULT_PARAMETERS
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
S_MIN, S_MAX = 0.001, 36_500.0


class Fsrs6:
    """The model with one set of parameters."""

    def __init__(self, parameters: Sequence[float] = DEFAULT_PARAMETERS) -> None:
        self.w = tuple(parameters)
        self._factor = 0.9 ** (-1 / self.w[20]) - 1

    def recall(self, days: ArrayLike, stability: ArrayLike) -> Floats:
        """R(t) = (1 + f·t/S)^(−w20), with f such that R(S) = 0.9."""
        power: Floats = (1 + self._factor * np.asarray(days) / stability) ** -self.w[20]
        return power

    def interval(self, stability: ArrayLike, retention: float) -> Floats:
        """Days until recall falls to `retention`."""
        days: Floats = np.asarray(stability) / self._factor * (retention ** (-1 / self.w[20]) - 1)
        return days

    def first(self, rating: ArrayLike) -> tuple[Floats, Floats]:
        """Return (S, D) after the first answer: S₀(g) = w(g−1), D₀(g) = w4 − e^(w5·(g−1)) + 1."""
        rating = np.asarray(rating)
        return np.array(self.w[:4])[rating - 1], np.clip(self._first_difficulty(rating), 1, 10)

    def passed(self, stability: ArrayLike, difficulty: ArrayLike, recall: ArrayLike, rating: ArrayLike) -> Floats:
        """S after hard, good or easy on a later day: S·(1 + e^w8·(11−D)·S^−w9·(e^(w10·(1−R))−1)·(w15 | 1 | w16))."""
        w, stability, rating = self.w, np.asarray(stability), np.asarray(rating)
        bonus = np.array((1, 1, w[15], 1, w[16]))[rating]
        growth = np.exp(w[8]) * (11 - np.asarray(difficulty)) * stability ** -w[9]
        return np.clip(stability * (1 + growth * np.expm1(w[10] * (1 - np.asarray(recall))) * bonus), S_MIN, S_MAX)

    def failed(self, stability: ArrayLike, difficulty: ArrayLike, recall: ArrayLike) -> Floats:
        """S after again on a later day: w11·D^−w12·((S+1)^w13−1)·e^(w14·(1−R)), at most S/e^(w17·w18)."""
        w, stability = self.w, np.asarray(stability)
        fallen = w[11] * np.asarray(difficulty) ** -w[12] * ((stability + 1) ** w[13] - 1)
        fallen = fallen * np.exp(w[14] * (1 - np.asarray(recall)))
        return np.clip(np.minimum(fallen, stability / np.exp(w[17] * w[18])), S_MIN, S_MAX)

    def same_day(self, stability: ArrayLike, rating: ArrayLike) -> Floats:
        """S after another answer on the same day: S·e^(w17·(g−3+w18))·S^−w19, and no fall from hard or better."""
        w, stability, rating = self.w, np.asarray(stability), np.asarray(rating)
        change = np.exp(w[17] * (rating - 3 + w[18])) * stability ** -w[19]
        return np.clip(stability * np.where(rating >= 2, np.maximum(1, change), change), S_MIN, S_MAX)

    def difficulty(self, difficulty: ArrayLike, rating: ArrayLike) -> Floats:
        """D after any answer but the first: damped towards 10, and drawn a little (w7) back to D₀(4)."""
        difficulty = np.asarray(difficulty)
        moved = difficulty - self.w[6] * (np.asarray(rating) - 3) * (10 - difficulty) / 9
        return np.clip(self.w[7] * self._first_difficulty(4) + (1 - self.w[7]) * moved, 1, 10)

    def _first_difficulty(self, rating: ArrayLike) -> Floats:
        value: Floats = self.w[4] - np.exp(self.w[5] * (np.asarray(rating) - 1)) + 1
        return value
