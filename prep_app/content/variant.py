"""Fresh numbers for a numeric card: drawn by seed, worked out, and written into its texts."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prep_app.content.body import Numeric, Variable
from prep_app.content.formula import FormulaError, evaluate

TRIES = 200  # draws that `where` may refuse before the card counts as faulty
_NAMED = re.compile(r"\{([A-Za-z_]\w*)(?::(\w+))?\}")
_STYLES = ("count", "bytes", "pct")
_COUNTS = ((1e12, " T"), (1e9, " B"), (1e6, " M"))
_BYTES = ((1e12, " TB"), (1e9, " GB"), (1e6, " MB"), (1e3, " kB"))


@dataclass(frozen=True, slots=True)
class Variant:
    """One draw: every named number, and the right answer in the card's unit (also under the name `result`)."""

    values: Mapping[str, float]
    result: float


def draw(body: Numeric, seed: str) -> Variant:
    """Return the numbers that `seed` gives. Raises FormulaError where the card's formulas give none."""
    source = random.Random(seed)
    for _ in range(TRIES):
        values = {variable.name: _drawn(variable, source) for variable in body.variables}
        for name, formula in body.define:
            values[name] = evaluate(formula, values)
        if not body.where or evaluate(body.where, values):
            result = evaluate(body.formula, values)
            return Variant({**values, "result": result}, result)
    raise FormulaError(f"{body.where} holds for none of {TRIES} draws; widen the ranges")


def fill(template: str, values: Mapping[str, float]) -> str:
    """Return `template` with every {name} or {name:style} replaced by its number; other braces stay."""

    def number(found: re.Match[str]) -> str:
        name, style = found.groups()
        return shown(values[name], style or "") if name in values else found.group()

    return _NAMED.sub(number, template)


def whole(value: float) -> float:
    """The same number, as an int where it is one: what a demo's parameter takes, and what is shown without a point."""
    return int(value) if float(value).is_integer() else value


def in_letters(template: str) -> str:
    """Return `template` with its numbers as letters, for lists of cards: a layer of {d} × {d} becomes one of d × d."""
    return _NAMED.sub(r"\1", template)


def names_in(template: str) -> Iterator[tuple[str, str]]:
    """Every (name, style) that stands in braces in `template`."""
    for found in _NAMED.finditer(template):
        yield found[1], found[2] or ""


def is_style(style: str) -> bool:
    return not style or style in _STYLES or (style.isdigit() and 1 <= int(style) <= 12)


def shown(value: float, style: str = "") -> str:
    """A number as a person writes it: 4,096; 0.0312; 8.39 M (count), 67.1 MB (bytes), 0.78 % (pct of a share)."""
    if style == "pct":
        return f"{_significant(value * 100, 3)} %"
    for floor, suffix in _COUNTS if style == "count" else _BYTES if style == "bytes" else ():
        if abs(value) >= floor:
            return _significant(value / floor, 3) + suffix
    if style == "bytes":
        return f"{_significant(value, 3)} B"
    if float(value).is_integer() and abs(value) < 1e15 and not style.isdigit():
        return f"{int(value):,}"
    return _significant(value, int(style) if style.isdigit() else 4)


def _significant(value: float, digits: int) -> str:
    """To so many significant digits, in powers of ten only where zeros would have to be counted."""
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    rounded = round(value, digits - 1 - exponent)
    if not -4 <= exponent < 15:
        mantissa = f"{rounded / 10.0**exponent:.{digits - 1}f}".rstrip("0").rstrip(".")
        return f"{mantissa}e{exponent}"
    text = f"{rounded:,.{max(0, digits - 1 - exponent)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _drawn(variable: Variable, source: random.Random) -> float:
    if variable.values:
        return source.choice(variable.values)
    if variable.digits:
        value = math.exp(source.uniform(math.log(variable.low), math.log(variable.high)))
        exponent = math.floor(math.log10(value))
        rounded = round(value, variable.digits - 1 - exponent)
        rounded = min(max(rounded, variable.low), variable.high)
    else:
        steps = math.floor((variable.high - variable.low) / variable.step + 1e-9)
        rounded = round(variable.low + source.randint(0, steps) * variable.step, 10)
    return whole(rounded)
