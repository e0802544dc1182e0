"""The points a grader listens for; the learner ticks those that were said."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalGroup
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from prep_app.ui.widgets.hanging import Hanging


class PointLine(Hanging):
    """One key point. A click ticks it."""

    class Clicked(Message):
        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, index: int, text: str) -> None:
        super().__init__(classes="point")
        self.index = index
        self.text = text

    def draw(self, *, ticked: bool, cursor: bool) -> None:
        self.set_class(cursor, "-cursor")
        box = "[✓]" if ticked else "[ ]"
        self.show([(Content.assemble((f" {box} ", "bold $text-success" if ticked else "")), Content(self.text))])

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Clicked(self.index))


class KeyPoints(VerticalGroup):
    """Posts `Ticked` whenever the set of ticks changes."""

    class Ticked(Message):
        pass

    def __init__(self, points: tuple[str, ...]) -> None:
        super().__init__(id="key-points")
        self.points = points
        self.ticked: set[int] = set()
        self.cursor = 0

    def compose(self) -> ComposeResult:
        yield Static("Tick what you said:", classes="dim", markup=False)
        for index, text in enumerate(self.points):
            yield PointLine(index, text)

    def on_mount(self) -> None:
        self._draw()

    def tick_all(self, points: Iterable[int]) -> None:
        """Tick the points that a typed answer made."""
        self.ticked |= set(points)
        self._draw()

    def move(self, step: int) -> None:
        self.cursor = (self.cursor + step) % len(self.points)
        self._draw()
        self._into_sight()

    def tick(self) -> None:
        """Tick or untick the point under the cursor, and go on to the next."""
        self.ticked ^= {self.cursor}
        self.cursor = min(self.cursor + 1, len(self.points) - 1)
        self._draw()
        self._into_sight()
        self.post_message(self.Ticked())

    def on_point_line_clicked(self, message: PointLine.Clicked) -> None:
        message.stop()
        self.cursor = message.index
        self.tick()

    def _draw(self) -> None:
        for line in self.query(PointLine):
            line.draw(ticked=line.index in self.ticked, cursor=line.index == self.cursor)

    def _into_sight(self) -> None:
        for line in self.query(PointLine):  # none yet, where keys were typed ahead
            if line.index == self.cursor:
                line.scroll_visible(animate=False)
