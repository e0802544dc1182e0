"""Text behind a mark: further lines stand under the first word, so that the marks make a column of their own."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

Row = tuple[Content, Content]  # the mark, with the space after it, and the text
NARROWEST = 8  # columns of text, however little room there is


def hang(mark: Content, text: Content, width: int) -> Content:
    """Return `mark` and `text`, wrapped to `width` columns with the text's lines under each other."""
    indent = mark.cell_length
    first, *further = text.wrap(max(NARROWEST, width - indent))
    return Content("\n").join([mark + first.rstrip(), *(line.rstrip().pad_left(indent) for line in further)])


class Hanging(Widget):
    """Rows of marked text, wrapped anew when the width changes."""

    DEFAULT_CSS = "Hanging { height: auto; width: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: tuple[Row, ...] = ()

    def show(self, rows: Sequence[Row]) -> None:
        if self._rows != tuple(rows):
            self._rows = tuple(rows)
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return sum(hang(mark, text, width).plain.count("\n") + 1 for mark, text in self._rows)

    def render(self) -> Content:
        return Content("\n").join([hang(mark, text, self.content_size.width) for mark, text in self._rows])
