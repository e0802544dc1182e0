"""Numeric cards: within the tolerance; a likely mistake is recognised by what it gives."""

from __future__ import annotations

from prep_app.answers.mark import Mark, Part
from prep_app.answers.quantity import Quantity, is_rounded_to, parse_quantity
from prep_app.content.body import Numeric
from prep_app.content.formula import FormulaError, evaluate
from prep_app.content.variant import Variant

ROUNDING = 5e-4  # a slip's value is recognised to this share


def mark_numeric(body: Numeric, variant: Variant, typed: str) -> Mark:
    """Mark a typed number: 16.8M, 4.2 GB and 1e7 are all read."""
    right = answer_in_unit(body, variant)
    if not typed.strip():
        return Mark((Part("", right, "missed"),))
    given = parse_quantity(typed, body.unit)
    if given is None:
        unit = f" in {body.unit}" if body.unit else ""
        return Mark((Part(typed, right, "wrong", f"not read as a number{unit}, such as {right}"),))
    if within(body, variant.result, given):
        return Mark((Part(typed, right, "right"),))
    if is_rounded_to(typed, variant.result, given):
        return Mark((Part(typed, right, "right", "rounded"),))
    return Mark((Part(typed, right, "wrong", _slip(body, variant, given) or _how_far(given, variant.result)),))


def answer_in_unit(body: Numeric, variant: Variant) -> str:
    """The right answer as it is shown."""
    return Quantity(variant.result, body.unit).text


def within(body: Numeric, result: float, given: float) -> bool:
    """Whether `given` lies in the tolerance around `result`, or is `result` but for rounding to how it is shown."""
    margin = abs(result) * body.tolerance if body.relative else body.tolerance
    return abs(given - result) <= margin + abs(result) * 1e-9


def _slip(body: Numeric, variant: Variant, given: float) -> str:
    for slip in body.slips:
        try:
            value = evaluate(slip.formula, variant.values)
        except FormulaError:
            continue  # no value with these numbers, so it is not what was given
        margin = max(abs(value) * (body.tolerance if body.relative else ROUNDING), 1e-12)
        if abs(given - value) <= margin and not within(body, variant.result, value):
            return slip.why
    return ""


def _how_far(given: float, result: float) -> str:
    if given == 0 or result == 0 or given * result < 0:
        return "has the wrong sign" if given * result < 0 else ""
    ratio = given / result
    if 0.5 < ratio < 2:
        return f"{abs(ratio - 1):.2%} too {'high' if ratio > 1 else 'low'}"
    times = ratio if ratio > 1 else 1 / ratio
    return f"{times:.3g} times too {'high' if ratio > 1 else 'low'}"
