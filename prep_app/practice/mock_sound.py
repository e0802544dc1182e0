"""What the journal says of a mock, looked over before it is believed: it may come from another machine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

LATEST = 253_300_000_000_000  # UTC ms: the year 9996, in every time zone
MOST_MINUTES, MOST_QUESTIONS, MOST_PARTS = 1_440, 10_000, 10_000
LONGEST = 1e9  # seconds

Check = Callable[[Any], bool]


def sound(body: Mapping[str, Any]) -> bool:
    """Whether `body` is something that prep keeps of a mock.

    Raises LookupError or TypeError where it is nothing like it.
    """
    if "thrown_away" in body:
        return _fits(body, {"started": _whole(LATEST)})
    if "answers" in body:
        return _fits(body, _HEAD | {"wanted": _whole(MOST_QUESTIONS, 1)}) and all(
            _fits(item, _ANSWERED) and _response(item["response"]) for item in body["answers"]
        )
    wanted = "wanted" if "wanted" in body else "questions"
    return (
        _fits(body, _HEAD | {wanted: _whole(MOST_QUESTIONS, 1), "questions": _whole(MOST_QUESTIONS)})
        and all(_fits(item, _SCORED) and item["right"] <= item["total"] and _maybe(item) for item in body["items"])
        and all(_fits(link, {"name": _text, "parameters": _scalars}) for link in body.get("demos", ()))
        and all(_fits(own, dict.fromkeys(("question", "ask", "answer"), _text)) for own in body.get("earned", ()))
    )


def _fits(body: Mapping[str, Any], shape: Mapping[str, Check]) -> bool:
    return all(check(body[name]) for name, check in shape.items())


def _maybe(item: Mapping[str, Any]) -> bool:
    """What items have only since reports can be opened again."""
    return all(check(item[name]) for name, check in _SINCE.items() if name in item)


def _response(body: Any) -> bool:
    match body:
        case None:
            return True
        case {"picked": places} | {"arranged": places}:
            return all(map(_whole(MOST_PARTS), places))
        case {"typed": texts}:
            return all(map(_text, texts))
        case {"checks": checks, "failure": failure}:
            return _text(failure) and all(_fits(check, _CHECKED) and len(check) == len(_CHECKED) for check in checks)
    return False


def _whole(most: int, least: int = 0) -> Check:
    return lambda value: type(value) is int and least <= value <= most


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _seconds(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and 0 <= value <= LONGEST


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _scalars(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(held, int | float | str) for held in value.values())


_HEAD: dict[str, Check] = {
    "started": _whole(LATEST),
    "ended": _whole(LATEST),
    "minutes": _whole(MOST_MINUTES, 1),
    "topic": _text,
    "seed": _whole(1 << 40),
}
_BOTH: dict[str, Check] = {"card": _text, "topic": _text, "seconds": _seconds, "reached": _flag, "skipped": _flag}
_ANSWERED: dict[str, Check] = {**_BOTH, "follows": _whole(MOST_QUESTIONS), "at": _whole(LATEST), "typed": _text}
_SCORED: dict[str, Check] = {
    **_BOTH,
    "question": _text,
    "right": _whole(MOST_PARTS),
    "total": _whole(MOST_PARTS, 1),
    "follow_up": _flag,
}
_SINCE: dict[str, Check] = {
    "prompt": _text,
    "kind": _text,
    "at": _whole(LATEST),
    "typed": _text,
    "missed": _texts,
    "rating": lambda value: value is None or _whole(4, 1)(value),
    "revision": _whole(1_000_000, 1),
}
_CHECKED: dict[str, Check] = {"claim": _text, "held": _flag, "measured": _text, "expected": _text}
