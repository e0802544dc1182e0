"""Formulas in packs: arithmetic on named numbers, by simpleeval, bounded in size. Nothing else can be written."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from simpleeval import InvalidExpression, SimpleEval

LONGEST = 300  # characters; bounds the time of an evaluation too, since nothing loops
MOST_BITS = 64  # of an exponent's base and of the exponent that are raised exactly; the rest is floating point


class FormulaError(ValueError):
    """What is wrong with a formula, in a few words."""


def check_formula(text: str, names: Collection[str]) -> None:
    """Raise FormulaError unless `text` is a formula over `names`."""
    for node in ast.walk(_parsed(text)):
        if isinstance(node, ast.Name) and node.id not in names and node.id not in _FUNCTIONS:
            raise FormulaError(f'there is no "{node.id}" here; there are {", ".join(sorted(names)) or "no variables"}')


def evaluate(text: str, names: Mapping[str, float]) -> float:
    """Return what `text` comes to. Raises FormulaError where it has no finite value, such as 1/0."""
    evaluator = SimpleEval(operators=_OPERATORS, functions=_FUNCTIONS, names=dict(names))
    try:
        value = evaluator.eval(text, previously_parsed=_parsed(text))
        if isinstance(value, bool | int | float) and math.isfinite(value):
            return value
    except (InvalidExpression, ArithmeticError, ValueError, TypeError) as error:
        raise FormulaError(f"{text} has no value ({' '.join(str(error).split())})") from None
    raise FormulaError(f"{text} has no finite value")


@lru_cache(maxsize=4096)
def _parsed(text: str) -> ast.expr:
    """The expression, every node of it one that arithmetic needs."""
    if len(text) > LONGEST:
        raise FormulaError(f"a formula may have {LONGEST} characters; use define: for parts of it")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise FormulaError("not a formula, such as r * (d_in + d_out)") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and not (
            isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS and not node.keywords
        ):
            called = node.func.id if isinstance(node.func, ast.Name) else "that"
            raise FormulaError(f"{called} cannot be called; there are {', '.join(_FUNCTIONS)}")
        if isinstance(node, ast.Constant) and type(node.value) not in (int, float):
            raise FormulaError("a formula holds numbers and names only")
        if not isinstance(node, _ALLOWED):
            raise FormulaError(f"a formula may not hold {type(node).__name__.lower()}s: only arithmetic on numbers")
    return tree


def _power(base: float, exponent: float) -> float:
    exact = isinstance(base, int) and isinstance(exponent, int) and 0 <= exponent <= MOST_BITS
    if exact and int(base).bit_length() <= MOST_BITS:
        return base**exponent
    value = float(base) ** float(exponent)
    if isinstance(value, complex):
        raise FormulaError("the root of a negative number")
    return value


def _nearest(value: float, *among: float) -> float:
    return min(among, key=lambda one: abs(one - value))


_OPERATORS: dict[type, Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS: dict[str, Any] = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "floor": math.floor,
    "ceil": math.ceil,
    "round": round,
    "abs": abs,
    "min": min,
    "max": max,
    "nearest": _nearest,
}
_ALLOWED = (
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.Name, ast.Constant),
    *(ast.expr_context, ast.And, ast.Or, *_OPERATORS),
)
