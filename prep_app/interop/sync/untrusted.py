"""What a server gives is not taken on trust: an entry that no prep would have written could keep prep from opening."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date
from typing import Any

from prep_app.interop.sync.cursor import STAYS_HERE
from prep_app.interop.sync.schema import LARGEST_ENTRY
from prep_app.memory.journal import NewRow
from prep_app.memory.journal_file import row_damage
from prep_app.practice.mock_sound import sound as mock_is_sound
from prep_app.text import printable

EARLIEST, LATEST = -62_000_000_000_000, 253_300_000_000_000  # UTC ms: the years 5 to 9996, in every time zone
LONGEST_ID = 64
LONGEST_CARD = 100  # characters; a pack's ids have 80 at most
LONGEST_KIND = 40
A_DAY = 1440  # minutes
LONGEST = 1e6  # seconds for an answer
LAST_REVISION = 1_000_000


def refusal(row: NewRow) -> str | None:
    """Return why an entry from a server is not taken, in a few words; None when it is sound."""
    return "it is not as it was written" if row_damage((0, *row)) else nonsense(row)


def nonsense(row: NewRow) -> str | None:
    """Return why no prep would take an entry, though it is as it was written; None when there is no reason.

    Of a kind that a newer prep may have added, only what holds for every kind is asked.
    """
    ident, at, kind, card, data = row
    if len(ident) > LONGEST_ID or len(kind) > LONGEST_KIND or len(card or "") > LONGEST_CARD:
        return "a name in it is too long"
    if len(data.encode()) > LARGEST_ENTRY:
        return f"it is larger than {LARGEST_ENTRY >> 20} MiB"
    if not EARLIEST <= at <= LATEST:
        return "no calendar has its time"
    if kind in STAYS_HERE:
        return "it is about another machine alone"
    try:
        body = _JSON.decode(data)
        shape = _SHAPES.get(kind)
        sensible = isinstance(body, dict) and (shape is None or shape(card, body))
        # Without a backslash nothing is hidden in escapes, and one look at everything does.
        fit_to_print = _is_text(f"{ident} {kind} {card} {data}") and ("\\" not in data or _is_text(body))
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError):
        return "it makes no sense"
    if not fit_to_print:
        return "it holds control characters"
    return None if sensible else "it makes no sense"


def _no_number(word: str) -> float:
    raise ValueError(word)


_JSON = json.JSONDecoder(parse_constant=_no_number)


def _is_text(value: Any) -> bool:
    """Whether every text in a JSON value may be printed."""
    match value:
        case str():
            return value.isprintable() or printable(value) == value  # the first is quick, and true of most
        case dict():
            return all(_is_text(key) and _is_text(item) for key, item in value.items())
        case list():
            return all(map(_is_text, value))
    return True


# What prep reads of each kind


def _about_a_card(card: str | None, body: dict[str, Any]) -> bool:
    return bool(card)


def _bury(card: str | None, body: dict[str, Any]) -> bool:
    return bool(card) and _offset(body)


def _review(card: str | None, body: dict[str, Any]) -> bool:
    return (
        bool(card)
        and _whole(body["rating"], 1, 4)
        and _whole(body.get("revision", 1), 1, LAST_REVISION)
        and _offset(body)
        and (body.get("seconds") is None or _number(body["seconds"], 0, LONGEST))
        and isinstance(body.get("practice", False), bool)
    )


def _undo(card: str | None, body: dict[str, Any]) -> bool:
    return bool(card) and isinstance(body["undone"], str)


def _prediction(card: str | None, body: dict[str, Any]) -> bool:
    return card is None and _number(body["score"], 0, 1) and body["held"] in (True, False, None)


def _mock(card: str | None, body: dict[str, Any]) -> bool:
    return card is None and mock_is_sound(body)


def _parameters(card: str | None, body: dict[str, Any]) -> bool:
    return (
        card is None
        and isinstance(body["kept"], bool)
        and _whole(body.get("reviews", 0), 0, 1 << 40)
        and all(_number(value, -1e6, 1e6) for value in body["parameters"])
    )


def _plan(card: str | None, body: dict[str, Any]) -> bool:
    day = body["date"]
    return card is None and _whole(body["minutes"], 0, A_DAY) and (day is None or bool(date.fromisoformat(day)))


def _offset(body: dict[str, Any]) -> bool:
    return body.get("offset") is None or _whole(body["offset"], -A_DAY, A_DAY)


def _whole(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _number(value: Any, low: float, high: float) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and low <= value <= high


_SHAPES: dict[str, Callable[[str | None, dict[str, Any]], bool]] = {
    "review": _review,
    "undo": _undo,
    "bury": _bury,
    "prediction": _prediction,
    "mock": _mock,
    "parameters": _parameters,
    "plan": _plan,
    **dict.fromkeys(("suspend", "unsuspend", "reset", "mark", "unmark"), _about_a_card),
}
