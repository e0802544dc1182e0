"""A box for several lines of text: what is typed or pasted comes in as text, and in bounds."""

from __future__ import annotations

from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import TextArea
from textual.widgets.text_area import EditResult, Location

from prep_app.text import printable

LONGEST = 20_000  # characters of a text
INDENT = " " * 4


class TextBox(TextArea):
    def render_lines(self, crop: Region) -> list[Strip]:
        """A screen on top may still draw what is behind it: Textual 8.2 fails for a box whose styles are gone."""
        return super().render_lines(crop) if self.is_attached else [Strip.blank(crop.width)] * crop.height

    def _replace_via_keyboard(self, insert: str, start: Location, end: Location) -> EditResult | None:
        """All that is typed or pasted comes through here."""
        if len(insert) > 1 or not insert.isprintable():
            room = LONGEST - len(self.text) + len(self.get_text_range(start, end))
            clean = acceptable(insert[: 2 * LONGEST])
            if len(clean) > room or len(insert) > 2 * LONGEST:
                self.notify(f"Cut off: this holds {LONGEST:,} characters", severity="warning", markup=False)
            insert = clean[: max(0, room)]
        return super()._replace_via_keyboard(insert, start, end)


def acceptable(text: str) -> str:
    """`text` as a box can hold it: no control characters, nothing that UTF-8 cannot say, tabs as spaces."""
    return printable(text).encode("utf-8", "replace").decode("utf-8").expandtabs(len(INDENT))
