"""An editor for a Python function: coloured by Pygments, indented as it is typed, bounded in what it takes in.

Textual would colour it with tree-sitter, which segfaults here; so the highlights it draws are filled from Pygments.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Sequence
from functools import cache
from itertools import accumulate, islice
from typing import Any

from pygments.lexers.python import PythonLexer  # type: ignore[import-untyped]
from rich.style import Style
from textual import events
from textual.highlight import HighlightTheme
from textual.style import Style as VisualStyle
from textual.widgets import TextArea
from textual.widgets.text_area import Highlight, Selection, TextAreaTheme

from prep_app.ui.widgets.text_box import INDENT, TextBox, acceptable

MOST_TOKENS = 3_000  # that are coloured: more than 200 lines have, and what a frame has time for
LONGEST_LINE = 1_000  # characters of a line that is coloured: every row that it wraps to costs as much as all of it
PLACEHOLDER = "..."  # for a body that is to be written
_OPENS_BLOCK = re.compile(r":\s*(#.*)?$")
_LEXER = PythonLexer()


class AppColours(TextAreaTheme):
    """The colours in which Markdown and the demos' programs are drawn, in whichever theme the app has now."""

    def apply_css(self, text_area: TextArea) -> None:
        super().apply_css(text_area)
        ground = text_area.visual_style
        self.syntax_styles = {str(token): _drawn(ground, style) for token, style in HighlightTheme.STYLES.items()}


class PythonArea(TextBox):
    """Tab, enter and backspace know of indents of four; escape is not the editor's."""

    DEFAULT_CSS = """
    PythonArea {
        .text-area--gutter { color: $foreground 75%; }
        .text-area--cursor-gutter { color: $foreground; }
        .text-area--selection { background: $primary 14%; }
    }
    """

    def __init__(self, text: str) -> None:
        super().__init__(acceptable(text), tab_behavior="indent", show_line_numbers=True, compact=True)
        self.register_theme(AppColours("prep"))
        self.theme = "prep"

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        return super().check_consume_key(key, character) or (key == "enter" and not self.read_only)

    def start_over(self, text: str) -> None:
        """Put `text` in place of all there is; undo brings that back."""
        self.history.checkpoint()
        self.replace(acceptable(text), (0, 0), self.document.end, maintain_selection_offset=False)
        self.history.checkpoint()
        self.move_cursor((0, 0))

    def select_placeholder(self) -> None:
        """Where the text ends in `...`, have what is typed next take its place."""
        row, column = self.document.end
        if self.document[row].strip() == PLACEHOLDER:
            self.selection = Selection((row, column - len(PLACEHOLDER)), (row, column))

    def _build_highlight_map(self) -> None:
        self._line_cache.clear()
        self._highlights.clear()
        self._highlights.update(highlights(self.document.lines))

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.prevent_default()  # Textual would go to the next widget; it is for whoever holds the editor
        elif event.key == "enter" and not self.read_only:
            event.stop()
            event.prevent_default()
            row, column = min(self.selection)
            before = self.document[row][:column]
            indent = _margin(before) + (INDENT if _OPENS_BLOCK.search(before) else "")
            self._replace_via_keyboard("\n" + indent, *self.selection)
        elif not self.read_only and (event.key == "shift+tab" or (event.key == "tab" and self._several_lines)):
            event.stop()
            event.prevent_default()
            self._shift_lines(out=event.key == "shift+tab")

    def action_delete_left(self) -> None:
        row, column = self.cursor_location
        before = self.document[row][:column]
        if self.selection.is_empty and before and not before.strip(" "):
            self._delete_via_keyboard((row, (column - 1) // len(INDENT) * len(INDENT)), (row, column))
        else:
            super().action_delete_left()

    @property
    def _several_lines(self) -> bool:
        return self.selection.start[0] != self.selection.end[0]

    def _shift_lines(self, *, out: bool) -> None:
        """Indent the lines that the selection touches, or take an indent away."""
        start, end = self.selection
        top, bottom = sorted((start[0], end[0]))
        lines = [self.document[row] for row in range(top, bottom + 1)]
        shifted = [line.removeprefix(_margin(line)[: len(INDENT)]) if out else INDENT + line for line in lines]
        by = [len(new) - len(old) for new, old in zip(shifted, lines, strict=True)]
        super()._replace_via_keyboard("\n".join(shifted), (top, 0), (bottom, len(lines[-1])))
        self.selection = Selection(
            *((row, max(0, column + by[row - top])) for row, column in (start, end)),
        )


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]


def highlights(lines: Sequence[str]) -> dict[int, list[Highlight]]:
    """Which stretch of which line is what; columns count in bytes of UTF-8, as tree-sitter's would."""
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    found: dict[int, list[Highlight]] = {}
    tokens = _LEXER.get_tokens_unprocessed("\n".join(lines) + "\n")
    for index, token, value in islice(tokens, MOST_TOKENS):
        name = _name(token)
        if not name or value.isspace():
            continue
        row = bisect(starts, index) - 1
        column = index - starts[row]
        for line_number, piece in enumerate(value.split("\n"), row):
            if piece and len(lines[line_number]) <= LONGEST_LINE:
                line, end = lines[line_number], column + len(piece)
                found.setdefault(line_number, []).append((_bytes(line, column), _bytes(line, end), name))
            column = 0
    return found


def _bytes(line: str, column: int) -> int:
    return column if line.isascii() else len(line[:column].encode("utf-8", "replace"))


@cache
def _name(token: Any) -> str:
    """The nearest kind of token that has a colour; empty where none has."""
    while token is not None and token not in HighlightTheme.STYLES:
        token = token.parent
    return str(token) if token is not None else ""


def _drawn(ground: VisualStyle, style: str) -> Style:
    """A style of the theme on the editor's ground, which stays as it is: the cursor's line has another."""
    drawn = (ground + VisualStyle.parse(style)).rich_style
    return Style(color=drawn.color, bold=drawn.bold, italic=drawn.italic, underline=drawn.underline)
