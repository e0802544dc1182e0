"""The clock of the interview, and the two lines that say what to do. Both draw text and never lay anything out."""

from __future__ import annotations

import math

from textual.content import Content
from textual.widget import Widget

from prep_app.practice.mock_report import spell
from prep_app.ui.themes import QUIET

LAST_MINUTE = 60  # seconds


class Clock(Widget):
    """Time left; in the last minute, and when it is up, with a word and a colour."""

    DEFAULT_CSS = "Clock { width: 19; height: 1; text-align: right; }"
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._left = 0.0

    def show(self, seconds: float) -> None:
        self._left = seconds
        self.refresh()

    def render(self) -> Content:
        return reading(self._left)


def reading(seconds: float) -> Content:
    shown = spell(math.ceil(seconds))
    if seconds <= 0:
        return Content.styled("■ time is up", "bold $text-error")
    if seconds <= LAST_MINUTE:
        return Content.styled(f"! last minute {shown}", "bold $text-warning")
    return Content.assemble((shown, "bold"), (" left", QUIET))


class SayLine(Widget):
    """What to do now, and below it how the time of this question goes."""

    DEFAULT_CSS = "SayLine { height: 2; padding: 0 1; background: $surface; }"
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._lines = (Content(), Content())

    def say(self, first: Content, second: Content) -> None:
        self._lines = (first, second)
        self.refresh()

    def render(self) -> Content:
        width = max(1, self.content_size.width)
        return Content("\n").join([line.truncate(width, ellipsis=True) for line in self._lines])
