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
        self._drawn: tuple[int, Content] | None = None  # the width, and the rows at that width

    def show(self, rows: Sequence[Row]) -> None:
        if self._rows != tuple(rows):
            self._rows = tuple(rows)
            self._drawn = None
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._at(width).plain.count("\n") + 1 if self._rows else 0

    def render(self) -> Content:
        return self._at(self.content_size.width)

    def _at(self, width: int) -> Content:
        if self._drawn is None or self._drawn[0] != width:
            self._drawn = width, Content("\n").join([hang(mark, text, width) for mark, text in self._rows])
        return self._drawn[1]
