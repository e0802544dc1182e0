"""A demo's program beside its results: the line that speaks is marked, and so is how each check came out."""

from __future__ import annotations

import asyncio

from textual.app import ComposeResult
from textual.containers import ScrollableContainer
from textual.content import Content
from textual.geometry import Region
from textual.widgets import Static

from prep_app.lab.catalogue import source
from prep_app.lab.events import Check
from prep_app.ui.themes import QUIET

ABOVE = 4  # lines kept in view above the marked one


class ProgramView(ScrollableContainer, can_focus=False):
    """Follows the run; scroll it with the mouse."""

    DEFAULT_CSS = """
    ProgramView > Static { width: auto; height: auto; }
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.demo_name = name
        self.line = 0  # that speaks now; 0 when none does
        self.checks: dict[int, bool] = {}  # how the check on a line came out
        self._lines: list[Content] = []
        self._text = Static(markup=False)
        self._due = False

    def compose(self) -> ComposeResult:
        yield self._text

    async def on_mount(self) -> None:
        code = await asyncio.to_thread(highlighted, self.demo_name)
        self._lines = code.split("\n", allow_blank=True)
        self._draw()

    def reach(self, line: int, check: Check | None) -> None:
        """Mark a line, and how the check on it came out."""
        if check is not None:
            self.checks[line] = check.passed
        elif line < self.line or not self.line:
            self.checks = {}  # another run
        self.line = line
        if not self._due and self.display:
            self._due = True
            self.set_timer(0.05, self._draw)

    def end(self) -> None:
        """The run is over: no line speaks."""
        self.line = 0
        self._draw()

    def _draw(self) -> None:
        self._due = False
        width = len(str(len(self._lines)))
        drawn = []
        for number, text in enumerate(self._lines, 1):
            speaks = number == self.line
            mark, style = ("▸", "bold $text-accent") if speaks else (" ", "")
            if number in self.checks:
                mark, style = ("✓", "bold $text-success") if self.checks[number] else ("✗", "bold $text-error")
            line = Content.assemble((mark, style), (f"{number:>{width}} ", QUIET), text)
            drawn.append(line.stylize("on $panel") if speaks else line)
        self._text.update(Content("\n").join(drawn))
        if self.line:
            place = Region(0, max(0, self.line - ABOVE), 1, 2 * ABOVE)
            self.scroll_to_region(place, animate=False)


def highlighted(name: str) -> Content:
    """A demo's program in the theme's own colours. Pygments is slow to import: call it in a thread."""
    from textual.highlight import highlight

    return highlight(source(name).rstrip("\n"), language="python")
