"""The scrolling page: the question stays on top, everything else comes below it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from prep_app.ui.screens.study.answering.answering import Answering

FENCE = "```"


class Page(VerticalScroll, can_focus=False):
    def compose(self) -> ComposeResult:
        yield Static(id="prompt", markup=False)
        yield Static(id="hint", markup=False)

    async def ask(self, prompt: str, answering: Answering) -> None:
        """Put a question on an empty page."""
        with self.app.batch_update():
            for gone in self.query("Answering, Answer, .prompt-code"):
                gone.display = False  # out of sight at once, gone when there is time
                self.call_after_refresh(gone.remove)
            plain = self.query_one("#prompt", Static)
            plain.display = not answering.OWN_PROMPT and FENCE not in prompt
            plain.update(Content(prompt))
            self.query_one("#hint", Static).remove_class("-shown")
            if FENCE in prompt and not answering.OWN_PROMPT:
                from prep_app.ui.widgets.prose import Prose

                code = Prose(prompt)
                code.add_class("prompt-code")
                await self.mount(code)
            await self.mount(answering)
            self.scroll_home(animate=False)

    def show_hint(self, text: str) -> None:
        hint = self.query_one("#hint", Static)
        hint.update(Content(f"Hint: {text}"))
        hint.add_class("-shown")
