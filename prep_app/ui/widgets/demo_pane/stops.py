"""Where a parameter's slider stops: values worth trying, few enough to walk through with the arrow keys."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from prep_app.content.model import Scalar
from prep_app.lab.catalogue import Parameter

EACH = 33  # whole numbers: a range this short stops at each of them
STEPS = 20  # of an even scale
WIDE = 16  # largest over smallest, from which a scale goes by ratio


def stops(parameter: Parameter) -> list[Scalar]:
    """Return the values in rising order (choices in their own), the ends and the default among them."""
    if parameter.type == "bool":
        return [False, True]
    if parameter.min is None or parameter.max is None:
        return list(parameter.choices)
    low, high = parameter.min, parameter.max
    if parameter.type == "int":
        if high - low < EACH:
            return list(range(int(low), int(high) + 1))
        scale = _doubling(low, high) if low > 0 and high / low >= WIDE else _even(low, high)
        return sorted({int(low), int(high), int(parameter.default), *(round(value) for value in scale)})
    scale = _one_two_five(low, high) if low > 0 and high / low >= WIDE else _even(low, high)
    return sorted({float(low), float(high), float(parameter.default), *scale})


def stepped(parameter: Parameter, value: Scalar, by: int) -> Scalar:
    """Return the stop `by` places from `value`, which may lie between two; the ends hold."""
    held = stops(parameter)
    if value in held:
        place = held.index(value) + by
    else:
        above = bisect_left(held, value)
        place = above + by - 1 if by > 0 else above + by
    return held[max(0, min(len(held) - 1, place))]


def share(parameter: Parameter, value: Scalar) -> float:
    """Where `value` stands along the slider, from 0 to 1."""
    held = stops(parameter)
    if len(held) == 1:
        return 0.0
    if value in held:
        return held.index(value) / (len(held) - 1)
    above = max(1, min(len(held) - 1, bisect_left(held, value)))
    low, high = float(held[above - 1]), float(held[above])
    return (above - 1 + (float(value) - low) / (high - low)) / (len(held) - 1)


def at_share(parameter: Parameter, along: float) -> Scalar:
    """Return the stop nearest to a place along the slider."""
    held = stops(parameter)
    return held[max(0, min(len(held) - 1, round(along * (len(held) - 1))))]


def _doubling(low: float, high: float) -> Sequence[float]:
    return [2.0**power for power in range(64) if low <= 2**power <= high]


def _one_two_five(low: float, high: float) -> Sequence[float]:
    values = [float(f"{digit}e{power}") for power in range(-12, 13) for digit in (1, 2, 5)]
    return [value for value in values if low <= value <= high]


def _even(low: float, high: float) -> Sequence[float]:
    rounded = (float(f"{low + (high - low) * step / STEPS:.6g}") for step in range(STEPS + 1))
    return [min(max(value, low), high) for value in rounded]  # rounding must not leave the range
