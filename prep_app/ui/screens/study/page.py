"""The scrolling page: the question stays on top, everything else comes below it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from prep_app.content.model import Card
from prep_app.ui.screens.study.choices import Choices


class Page(VerticalScroll, can_focus=False):
    def compose(self) -> ComposeResult:
        yield Static(id="prompt", markup=False)
        yield Static(id="hint", markup=False)

    async def ask(self, card: Card, choices: Choices | None) -> None:
        """Put `card`'s question on an empty page."""
        with self.app.batch_update():
            for gone in self.query("Choices, Answer"):
                gone.display = False  # out of sight at once, gone when there is time
                self.call_after_refresh(gone.remove)
            self.query_one("#prompt", Static).update(Content(card.prompt))
            self.query_one("#hint", Static).remove_class("-shown")
            if choices is not None:
                await self.mount(choices)
            self.scroll_home(animate=False)

    def show_hint(self, text: str) -> None:
        hint = self.query_one("#hint", Static)
        hint.update(Content(f"Hint: {text}"))
        hint.add_class("-shown")
