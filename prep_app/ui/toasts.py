"""Toasts that always go away."""

from __future__ import annotations

from textual.notifications import Notification

SHORTEST = 0.01  # seconds


class Toast(Notification):
    """Shown for some time yet.

    Textual 8.2 shows one again on each screen for the time it has left; where that has just run out, the timer it
    starts for less than no time counts backwards for ever, and the app hangs.
    """

    @property
    def time_left(self) -> float:
        return max(SHORTEST, super().time_left)

    @property
    def has_expired(self) -> bool:
        return super().time_left <= 0
