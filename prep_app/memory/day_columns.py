"""Study days of many moments at once, as NumPy columns."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from prep_app.memory.days import DAY, HOUR, MINUTE, day_start, study_day

Ints = NDArray[np.int64]

_EPOCH = study_day(0, 0, 0)


class Here:
    """Study days by the clocks here. Days are ordinals, times UTC ms."""

    def __init__(self, rollover_hour: int) -> None:
        self._hour = rollover_hour
        self._start = cache(lambda day: day_start(day, rollover_hour))

    def starts(self, days: Ints) -> Ints:
        """Return when days begin."""
        different, places = np.unique(days, return_inverse=True)
        return np.array([self._start(day) for day in different.tolist()], np.int64)[places]

    def days(self, at: Ints) -> Ints:
        first, starts = self._around(at)
        return first - 1 + np.searchsorted(starts, at, side="right")

    def days_lived(self, at: Ints, offset: NDArray[np.float64]) -> Ints:
        """Return the days where clocks were `offset` minutes ahead of UTC, and by those here where that is NaN."""
        unknown = np.isnan(offset)
        days = _EPOCH + (at + np.nan_to_num(offset).astype(np.int64) * MINUTE - self._hour * HOUR) // DAY
        if unknown.any():
            days[unknown] = self.days(at[unknown])
        return days

    def count(self, at: Ints) -> Iterator[tuple[int, int]]:
        """Yield each day that any of these times are on, and how many."""
        first, starts = self._around(at)
        counts = np.diff(np.searchsorted(np.sort(at), starts), append=len(at))
        return ((first + gone, count) for gone, count in enumerate(counts.tolist()) if count)

    def _around(self, at: Ints) -> tuple[int, list[int]]:
        """Return the day of the first of these times, and when all days from there up to the last one began."""
        if not len(at):
            return 0, []
        first, last = (study_day(int(end), self._hour) for end in (at.min(), at.max()))
        return first, [self._start(day) for day in range(first, last + 1)]
