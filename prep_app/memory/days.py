"""Study days: calendar days in local time that turn at the rollover hour, not at midnight."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
_EPOCH = date(1970, 1, 1).toordinal()


def now() -> int:
    """UTC ms."""
    return time.time_ns() // 1_000_000


def offset_at(at: int) -> int:
    """Return how many minutes local clocks are ahead of UTC at `at` (UTC ms)."""
    ahead = datetime.fromtimestamp(at / 1000).astimezone().utcoffset() or timedelta()
    return round(ahead / timedelta(minutes=1))


def study_day(at: int, rollover_hour: int, offset: int | None = None) -> int:
    """Return the ordinal of the study day that holds `at` (UTC ms), where clocks are `offset` minutes ahead of UTC.

    Without an offset it is the day by local clocks here.
    """
    if offset is not None:
        return _EPOCH + (at + offset * MINUTE - rollover_hour * HOUR) // DAY
    local = datetime.fromtimestamp(at / 1000)
    return (local - timedelta(hours=rollover_hour)).date().toordinal()


def day_start(day: int, rollover_hour: int) -> int:
    """Return when study day `day` begins, in UTC ms; right across daylight-saving changes."""
    midnight = datetime.fromordinal(day)
    return int(midnight.replace(hour=rollover_hour).timestamp() * 1000)


def zone() -> list[int | str]:
    """What tells the local time zone from others."""
    return [time.timezone, time.altzone, *time.tzname]
