"""The demo's own program, highlighted: the explanation that the results come from."""

from __future__ import annotations

import asyncio

from rich.syntax import Syntax
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from prep_app.lab.catalogue import source
from prep_app.ui import keys


class SourceScreen(ModalScreen[None]):
    BINDINGS = [*keys.CLOSE, ("s", "close", "Close")]
    CSS = """
    SourceScreen { background: $background; }
    SourceScreen #name { height: 1; padding: 0 1; background: $panel; text-style: bold; }
    SourceScreen VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
    SourceScreen #program { width: 100%; height: auto; }
    """

    def __init__(self, name: str, title: str) -> None:
        super().__init__()
        self.demo = name
        self.demo_title = title

    def compose(self) -> ComposeResult:
        yield Static(Content(f"demos/{self.demo}.py · {self.demo_title}"), id="name", markup=False)
        with VerticalScroll():
            yield Static(id="program", markup=False)
        yield Footer(show_command_palette=False)

    async def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        text = await asyncio.to_thread(source, self.demo)
        theme = "ansi_dark" if self.app.no_color else "monokai" if self.app.current_theme.dark else "friendly"
        syntax = Syntax(text, "python", theme=theme, line_numbers=True, word_wrap=True, background_color="default")
        self.query_one("#program", Static).update(syntax)

    def action_close(self) -> None:
        self.dismiss()
