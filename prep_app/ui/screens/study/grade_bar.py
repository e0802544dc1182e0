"""The two lines at the bottom: how to reveal, then the four grades with the interval each would give.

One widget that draws text: four more would have to be laid out between the key and the frame that shows the answer.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from prep_app.memory.types import Rating
from prep_app.ui.themes import QUIET

COLOURS = {
    Rating.AGAIN: "$text-error",
    Rating.HARD: "$text-warning",
    Rating.GOOD: "$text-success",
    Rating.EASY: "$text-primary",
}


class GradeBar(Widget):
    """Posts `Graded` on a click of a grade, `Revealed` on a click of the invitation."""

    ALLOW_SELECT = False

    class Graded(Message):
        def __init__(self, rating: Rating) -> None:
            super().__init__()
            self.rating = rating

    class Revealed(Message):
        pass

    def __init__(self) -> None:
        super().__init__()
        self._invitation = ""
        self._intervals: Mapping[Rating, str] | None = None
        self._suggested: Rating | None = None

    def invite(self, text: str) -> None:
        """Say how the answer is revealed."""
        self._invitation, self._intervals = text, None
        self.refresh()

    def offer(self, intervals: Mapping[Rating, str], suggested: Rating | None) -> None:
        """Show the grades, what each would mean for the card, and which one is suggested."""
        self._intervals, self._suggested = intervals, suggested
        self.refresh()

    def render(self) -> Content:
        if self._intervals is None:
            steps = " · ".join(f"{int(rating)} {rating.name.lower()}" for rating in Rating)
            return Content.assemble(
                (f" {self._invitation}", "bold $text-accent"), (f"\n Then grade it: {steps}", QUIET)
            )
        names, meanings = [], []
        for rating, interval in self._intervals.items():
            suggested = rating is self._suggested
            ground = " on $panel" if suggested else ""
            name = f"{'▸' if suggested else ' '}{int(rating)} {rating.name.capitalize()}"
            names.append(Content.styled(self._cell(name), f"bold {COLOURS[rating]}{ground}"))
            meanings.append(Content.styled(self._cell(f"   {interval}"), f"{QUIET}{ground}"))
        return Content("\n").join([Content("").join(names), Content("").join(meanings)])

    def on_click(self, event: events.Click) -> None:
        event.stop()
        at = event.get_content_offset(self)
        if self._intervals is None:
            self.post_message(self.Revealed())
        elif at is not None:
            self.post_message(self.Graded(Rating(min(len(Rating), at.x // self._column + 1))))

    @property
    def _column(self) -> int:
        return max(1, self.content_size.width // len(Rating))

    def _cell(self, text: str) -> str:
        return text[: self._column].ljust(self._column)
