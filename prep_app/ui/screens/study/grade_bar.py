"""The row at the bottom: how to reveal, then the four grades with the interval each would give."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from prep_app.memory.types import Rating
from prep_app.ui.themes import QUIET


class GradeKey(Static):
    """One grade: its key, its name, and what choosing it means for the card."""

    def __init__(self, rating: Rating) -> None:
        super().__init__(markup=False, classes=f"grade -{rating.name.lower()}")
        self.rating = rating

    def draw(self, interval: str, *, suggested: bool) -> None:
        self.set_class(suggested, "-suggested")
        name = self.rating.name.capitalize()
        mark = "▸" if suggested else " "
        self.update(
            Content.assemble((f"{mark}{int(self.rating)} {name}", "bold"), (f"\n  {interval}", QUIET)),
            layout=False,
        )

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(GradeBar.Graded(self.rating))


class GradeBar(Horizontal):
    """Posts `Graded` on a click of a grade, `Revealed` on a click of the invitation."""

    class Graded(Message):
        def __init__(self, rating: Rating) -> None:
            super().__init__()
            self.rating = rating

    class Revealed(Message):
        pass

    def compose(self) -> ComposeResult:
        yield Invitation("", markup=False, id="invitation")
        for rating in Rating:
            yield GradeKey(rating)

    def invite(self, text: str) -> None:
        self._show(grades=False)
        self.query_one(Invitation).update(
            Content.assemble(text, ("\nThen grade it: 1 again · 2 hard · 3 good · 4 easy", f"not bold {QUIET}")),
            layout=False,
        )

    def offer(self, intervals: Mapping[Rating, str], suggested: Rating | None) -> None:
        self._show(grades=True)
        for key in self.query(GradeKey):
            key.draw(intervals.get(key.rating, ""), suggested=key.rating == suggested)

    def _show(self, *, grades: bool) -> None:
        # By display rather than a class, which would style every child anew between a key and its frame.
        self.query_one(Invitation).display = not grades
        for key in self.query(GradeKey):
            key.display = grades


class Invitation(Static):
    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(GradeBar.Revealed())
