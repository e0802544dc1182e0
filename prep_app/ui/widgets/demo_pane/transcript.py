"""A growing page of styled text, drawn a line at a time.

RichLog takes 0.44 ms a line and does not wrap again when its width changes; this takes 0.05 and does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

Block = Content | Callable[[int], Content]  # what needs to know the width is drawn when the width is known


class Transcript(Widget):
    """Blocks of text, one below the other. Only what is new is wrapped when blocks are added."""

    ALLOW_SELECT = False

    def __init__(self, width: int) -> None:
        """`width` is what the page has to give; another is taken on when the layout says so."""
        super().__init__()
        self.blocks: list[Block] = []
        self._strips: list[Strip] = []
        self._drawn = 0  # blocks that are in _strips
        self._drawn_width = width
        self._look: object = None

    def add(self, blocks: Sequence[Block]) -> None:
        self.blocks.extend(blocks)
        self._lines(self._drawn_width)  # now, so that the caller sees what it takes
        self.refresh(layout=True)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return container.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        look = (self.app.theme, self.visual_style)
        if look != self._look:  # a change of focus tells every widget, and changes nothing here
            self._look = look
            self._forget()

    def render_line(self, y: int) -> Strip:
        lines = self._lines(self.size.width)
        return lines[y] if y < len(lines) else Strip.blank(self.size.width, self.rich_style)

    def _lines(self, width: int) -> list[Strip]:
        if width != self._drawn_width:
            self._forget()
            self._drawn_width = width
        if width > 0:
            style = self.visual_style
            for block in self.blocks[self._drawn :]:
                content = block if isinstance(block, Content) else block(width)
                self._strips += Visual.to_strips(self, content, width, None, style, pad=True)
            self._drawn = len(self.blocks)
        return self._strips

    def _forget(self) -> None:
        self._strips = []
        self._drawn = 0
