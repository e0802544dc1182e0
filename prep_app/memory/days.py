"""Study days: calendar days in local time that turn at the rollover hour, not at midnight."""

from __future__ import annotations

from datetime import datetime, timedelta


def study_day(at: int, rollover_hour: int) -> int:
    """Return the ordinal of the local study day that holds `at` (UTC ms)."""
    local = datetime.fromtimestamp(at / 1000)
    return (local - timedelta(hours=rollover_hour)).date().toordinal()


def day_start(day: int, rollover_hour: int) -> int:
    """Return when study day `day` begins, in UTC ms; right across daylight-saving changes."""
    midnight = datetime.fromordinal(day)
    return int(midnight.replace(hour=rollover_hour).timestamp() * 1000)
