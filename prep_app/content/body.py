"""The seven kinds of card, each as what it asks and what is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args


@dataclass(frozen=True, slots=True)
class KeyPoint:
    """A point a grader listens for; a typed answer that holds all words of one of the phrases `words` has made it."""

    text: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recall:
    """Answered in the head or typed, then marked against key points."""

    key_points: tuple[KeyPoint, ...]
    kind: Literal["recall"] = "recall"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a choice card; `why` says why it is right or wrong."""

    text: str
    correct: bool
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One or several options are right; shown shuffled by seed."""

    options: tuple[Option, ...]
    kind: Literal["choice"] = "choice"


@dataclass(frozen=True, slots=True)
class WrongForm:
    """A likely wrong answer, and why it is one."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Something to type: `accept` are its right forms, the first of them shown; `words` as in a KeyPoint."""

    accept: tuple[str, ...]
    words: tuple[str, ...] = ()
    wrong: tuple[WrongForm, ...] = ()


@dataclass(frozen=True, slots=True)
class Cloze:
    """The prompt holds GAP once for each of `gaps`, in order."""

    gaps: tuple[Gap, ...]
    kind: Literal["cloze"] = "cloze"


@dataclass(frozen=True, slots=True)
class Variable:
    """A number drawn anew each time: one of `values`, or from `low` to `high` by `step`.

    With `digits` instead of a step it is spread evenly over the logarithm and rounded to so many significant digits.
    """

    name: str
    values: tuple[float, ...] = ()
    low: float = 0.0
    high: float = 0.0
    step: float = 0.0
    digits: int = 0


@dataclass(frozen=True, slots=True)
class Slip:
    """A likely mistake in a sum: what it gives, and why it is one."""

    formula: str
    why: str


@dataclass(frozen=True, slots=True)
class DemoFigure:
    """The figure of the card's demo that equals the answer when the demo's parameters are these formulas."""

    figure: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Numeric:
    """A number asked with fresh values each time. `tolerance` is in the answer's unit, or its share if `relative`."""

    variables: tuple[Variable, ...]
    formula: str
    unit: str
    worked: str
    define: tuple[tuple[str, str], ...] = ()  # intermediate values, in order
    where: str = ""  # which draws are allowed
    tolerance: float = 0.0
    relative: bool = False
    slips: tuple[Slip, ...] = ()
    proof: DemoFigure | None = None
    kind: Literal["numeric"] = "numeric"


@dataclass(frozen=True, slots=True)
class Step:
    text: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """Steps to be put in their order; shown shuffled by seed."""

    steps: tuple[Step, ...]
    kind: Literal["order"] = "order"


@dataclass(frozen=True, slots=True)
class Code:
    """A function of the card's demo, to mend (`mistake` names its slip) or to write; the demo's `checks` judge it."""

    function: str
    checks: tuple[str, ...]
    mistake: str = ""
    kind: Literal["code"] = "code"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; a cell that is text is given, a gap is to be typed."""

    aspect: str
    cells: tuple[str | Gap, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """A table with blanks."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    kind: Literal["compare"] = "compare"

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The blanks, row by row."""
        return tuple(cell for row in self.rows for cell in row.cells if isinstance(cell, Gap))


Body = Recall | Choice | Cloze | Numeric | Order | Code | Compare
Kind = Literal["recall", "choice", "cloze", "numeric", "order", "code", "compare"]
KINDS: tuple[Kind, ...] = get_args(Kind)
GAP = "___"
