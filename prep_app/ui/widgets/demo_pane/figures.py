"""Figures as a person reads them: four significant digits, grouped thousands, a word for yes and no."""

from __future__ import annotations

import re

from prep_app.lab.events import Cell

GROUP_FROM = 1_000

_WRITTEN = re.compile(r"[<>~≈×]?[-+−]?\d[\d,.]*(e[-+]?\d+)? ?[%×x]?")


def figure(value: Cell) -> str:
    """Return `value` as text. None (what was not finite) is a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= GROUP_FROM else str(value)
    if isinstance(value, float):
        return figure(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.4g}"
    return value


def is_number(value: Cell) -> bool:
    """Whether `value` is a number, perhaps one already written out with its unit: 6.4%, ×3.9, 1e-05."""
    if isinstance(value, str):
        return bool(_WRITTEN.fullmatch(value))
    return isinstance(value, int | float) and not isinstance(value, bool)
