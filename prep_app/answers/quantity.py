"""Numbers as people write them: 16.8M, 4.2 GB, 1e7, 1.2×10⁷, 12 %, 3/4."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from prep_app.answers.words import LONGEST
from prep_app.content.variant import shown

LEAST_DIGITS = 3  # of a rounded number, so that it shows the sum was done
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_RAISED = re.compile("(?<=10)([⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_NUMBER = re.compile(
    r"(?P<number>[-+]?(?:\d[\d,_ ]*\d|\d)?(?:\.\d*)?(?:e[-+]?\d+)?)"
    r"(?:\s*(?:[x*]|·)\s*10\s*(?:\^|\*\*)?\s*(?P<power>[-+]?\d+))?"
    r"(?:\s*/\s*(?P<below>\d+(?:\.\d+)?))?"
    r"\s*(?P<tail>.*)",
    re.IGNORECASE | re.DOTALL,
)
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:[,_ ]\d{3})+(?:\.\d*)?(?:e[-+]?\d+)?", re.IGNORECASE)
_SCALES = {
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mio": 1e6,
    "million": 1e6,
    "millions": 1e6,
    "g": 1e9,
    "b": 1e9,
    "bn": 1e9,
    "billion": 1e9,
    "billions": 1e9,
    "t": 1e12,
    "trillion": 1e12,
}
_BYTES = {
    "b": 1.0,
    "byte": 1.0,
    "bytes": 1.0,
    "kb": 1e3,
    "mb": 1e6,
    "gb": 1e9,
    "tb": 1e12,
    "kib": 2.0**10,
    "mib": 2.0**20,
    "gib": 2.0**30,
    "tib": 2.0**40,
    "k": 1e3,
    "m": 1e6,
    "g": 1e9,
    "t": 1e12,  # of bytes, where the answer is in bytes
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a unit."""

    value: float
    unit: str

    @property
    def text(self) -> str:
        joint = "" if self.unit in ("×", "%") else " "
        return f"{shown(self.value, '' if abs(self.value) >= 1 else '3')}{joint}{self.unit}".strip()


def parse_quantity(text: str, unit: str = "") -> float | None:
    """Return the number that `text` gives, in `unit`; None when it gives none, or one in another unit."""
    text = _RAISED.sub(lambda found: "^" + found[0].translate(_SUPERSCRIPTS), text[:LONGEST])
    text = text.strip().lstrip("~≈=").strip().replace("−", "-").replace("×", "x")
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    value = _number(found["number"])
    if value is None:
        return None
    try:
        value *= 10.0 ** int(found["power"] or 0)
        value /= float(found["below"] or 1)
    except (ArithmeticError, ValueError):
        return None
    scaled = _in_unit(value, found["tail"].strip(), unit)
    return scaled if scaled is not None and math.isfinite(scaled) else None


def is_rounded_to(text: str, value: float, given: float) -> bool:
    """Whether `text`, read as `given`, is `value` rounded to the three or more digits written: 16.8M for 16,777,216."""
    found = _NUMBER.fullmatch(text.strip().lstrip("~≈=").strip())
    digits = re.sub("[^0-9]", "", re.split("e", found["number"], flags=re.IGNORECASE)[0]).lstrip("0") if found else ""
    shortened = found is not None and bool(found["tail"] or found["power"] or "." in found["number"])
    if not shortened or len(digits) < LEAST_DIGITS or value == 0:
        return False
    half = 0.5 * 10.0 ** (math.floor(math.log10(abs(value))) + 1 - len(digits))
    return abs(given - value) <= half * (1 + 1e-9)


def _in_unit(value: float, tail: str, unit: str) -> float | None:
    """`value` with the `tail` that was written after it, in `unit`."""
    wanted, given = unit.casefold(), tail.casefold().rstrip(".")
    if not given or given == wanted:
        return value
    if wanted.endswith(("b", "byte", "bytes")) and wanted in _BYTES and unit != "b":
        return value * _BYTES[given] / _BYTES[wanted] if given in _BYTES else None
    if given in ("%", "percent"):
        return value if wanted == "%" else value / 100 if not wanted else None
    if wanted == "×" and given in ("x", "times"):
        return value
    scale, _, rest = given.partition(" ")
    if scale in _SCALES and (not rest.strip() or _is_unit(rest.strip(), wanted)):
        return value * _SCALES[scale] / _SCALES.get(wanted, 1.0)
    return value if _is_unit(given, wanted) else None


def _is_unit(given: str, wanted: str) -> bool:
    """Whether a word after a number is the unit, perhaps cut short: param, bit."""
    return bool(wanted) and len(given) >= 2 and (wanted.startswith(given.rstrip("s")) or given.startswith(wanted))


def _number(text: str) -> float | None:
    """A number with thousands separators or, where one comma cannot be one, a decimal comma."""
    text = text.strip()
    if _THOUSANDS.fullmatch(text):
        text = re.sub("[,_ ]", "", text)
    elif re.fullmatch(r"[-+]?\d+,\d+(?:e[-+]?\d+)?", text, re.IGNORECASE):
        text = text.replace(",", ".")
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
