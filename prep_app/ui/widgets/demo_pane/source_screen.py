"""A demo's program, highlighted, with line numbers: the explanation itself."""

from __future__ import annotations

import asyncio

from textual.app import ComposeResult
from textual.containers import Horizontal, ScrollableContainer, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from prep_app.ui import keys
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.demo_pane.program_view import highlighted
from prep_app.ui.widgets.key_line import KeyLine


class SourceScreen(ClosesOnce, ModalScreen[None]):
    """Arrows and page keys scroll; escape closes."""

    CSS_PATH = "source_screen.tcss"
    BINDINGS = keys.SOURCE
    AUTO_FOCUS = "#source-page"

    def __init__(self, name: str, title: str) -> None:
        super().__init__()
        self.demo_name = name
        self.demo_title = title

    def compose(self) -> ComposeResult:
        with Vertical(id="source-box"):
            yield Static(
                Content.assemble((self.demo_title, "bold $text-primary"), (f"  {self.demo_name}.py", QUIET)),
                markup=False,
                id="source-title",
            )
            with ScrollableContainer(id="source-page"), Horizontal(id="source-lines"):
                yield Static(markup=False, id="source-numbers")
                yield Static(Content("reading…"), markup=False, id="source-code")
        yield KeyLine()

    async def on_mount(self) -> None:
        code, numbers = await asyncio.to_thread(_read, self.demo_name)
        if not self.is_attached:
            return  # closed before it was read
        self.query_one("#source-numbers", Static).update(numbers)
        self.query_one("#source-code", Static).update(code)

    def action_scroll_lines(self, lines: int) -> None:
        self.query_one("#source-page").scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        self.dismiss()


def _read(name: str) -> tuple[Content, Content]:
    """The program and its line numbers."""
    code = highlighted(name)
    count = code.plain.count("\n") + 1
    return code, Content("\n".join(f"{number:>{len(str(count))}}" for number in range(1, count + 1)))
