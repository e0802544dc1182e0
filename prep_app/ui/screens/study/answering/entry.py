"""One line to type an answer into, and how it came out."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import HorizontalGroup
from textual.content import Content
from textual.widgets import Input, Static

from prep_app.answers.mark import Part
from prep_app.text import printable
from prep_app.ui.themes import QUIET

LONGEST = 200  # characters; an answer into a gap is a few words
VERDICTS = {
    "right": ("✓ ", "bold $text-success"),
    "close": ("✓ ", "bold $text-success"),
    "wrong": ("✗ ", "bold $text-error"),
    "missed": ("✗ ", "bold $text-error"),
}


class Line(Input):
    """An Input that takes one line of text and nothing that a terminal would obey."""

    def validate_value(self, value: str) -> str:
        return " ".join(printable(value).split("\n"))[:LONGEST]


class Entry(HorizontalGroup):
    """A line to type into; after the reveal its verdict takes the line's place."""

    DEFAULT_CSS = """
    Entry {
        height: auto;
        Line { width: 1fr; max-width: 48; background: $panel; &:focus { background: $primary 25%; } }
        .label { width: auto; }
        .unit { width: auto; padding: 0 1; }
        .verdict { width: 1fr; height: auto; display: none; }
        &.-marked { Line, .label, .unit { display: none; } .verdict { display: block; } }
    }
    """

    def __init__(self, label: str = "", unit: str = "", placeholder: str = "") -> None:
        super().__init__()
        self._label, self._unit = label, unit
        self.line = Line(compact=True, placeholder=placeholder, max_length=LONGEST)
        self._verdict = Static(classes="verdict", markup=False)

    def compose(self) -> ComposeResult:
        if self._label:
            yield Static(Content.styled(self._label, QUIET), classes="label", markup=False)
        yield self.line
        if self._unit:
            yield Static(Content(self._unit), classes="unit", markup=False)
        yield self._verdict

    @property
    def text(self) -> str:
        return self.line.value

    def show(self, part: Part) -> None:
        """Take no more; say how it came out."""
        self.line.disabled = True
        self._verdict.update(verdict(part, self._label))
        self.add_class("-marked")


def verdict(part: Part, label: str = "") -> Content:
    """What was typed, whether it is right, what is right, and why."""
    mark, style = VERDICTS[part.verdict]
    pieces: list[tuple[str, str] | Content] = [(mark, style), (label, QUIET)]
    if part.verdict == "right" and part.said:
        pieces.append((part.said, style))
        if part.said.casefold() != part.right.casefold():
            pieces.append((f"  ({part.right})", QUIET))
    elif part.verdict == "close":
        pieces += [(part.right, style), (f"  you typed {part.said}", QUIET)]
    else:
        pieces += [(part.right, "bold"), (f"  {f'not {part.said}' if part.said else 'left empty'}", "$text-error")]
    if part.why:
        pieces.append((f"  {part.why}", QUIET))
    return Content.assemble(*pieces)
