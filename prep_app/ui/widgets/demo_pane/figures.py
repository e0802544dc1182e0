"""Figures as a person reads them: four significant digits, grouped thousands, a word for yes and no."""

from __future__ import annotations

from prep_app.lab.events import Cell

GROUP_FROM = 10_000  # 1024 reads well as it is; 1048576 does not


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
    return isinstance(value, int | float) and not isinstance(value, bool)
