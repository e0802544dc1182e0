"""A box for several lines of text: what is pasted comes in as text, and in bounds."""

from __future__ import annotations

from textual import events
from textual.widgets import TextArea

from prep_app.text import printable

LONGEST_PASTE = 20_000  # characters


class TextBox(TextArea):
    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()  # Textual would paste it as it came
        clean = printable(event.text)
        if len(clean) > LONGEST_PASTE:
            self.notify(f"Only the first {LONGEST_PASTE:,} characters were pasted", markup=False)
        await super()._on_paste(events.Paste(clean[:LONGEST_PASTE]))
