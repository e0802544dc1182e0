"""Numbers and times as a person says them."""

from __future__ import annotations

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.0f} %"


def minutes(count: float) -> str:
    return "under a minute" if count < 1 else f"about {round(count)} min"


def interval(milliseconds: int) -> str:
    """A length of time in at most seven cells: 1 min, 6 h, 3 d, 2.5 mo, 1.2 y."""
    if milliseconds < HOUR:
        return f"{max(1, round(milliseconds / MINUTE))} min"
    if milliseconds < DAY:
        return f"{round(milliseconds / HOUR)} h"
    days = milliseconds / DAY
    if days < 31:
        return f"{round(days)} d"
    if days < 365:
        return f"{days / 30.44:.1f} mo"
    return f"{days / 365.25:.1f} y"


def days(count: float) -> str:
    """A whole number of days, as on a grade key."""
    return interval(round(max(1, count)) * DAY)


def away(due: int | None, now: int) -> str:
    """When something is due, seen from now."""
    if due is None:
        return "never"
    if due <= now:
        return "now"
    return f"in {interval(due - now)}"


def bar(share: float, width: int) -> str:
    """A bar of full and empty blocks; readable without colour."""
    filled = round(max(0.0, min(1.0, share)) * width)
    return "━" * filled + "╌" * (width - filled)
