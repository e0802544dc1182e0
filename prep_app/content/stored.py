"""The compiled library as JSON, and back. Fields are restored by their annotations, so a new one needs no line here."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import asdict, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from prep_app.content.model import Library

Restore = Callable[[Any], Any]


def stored(library: Library) -> dict[str, Any]:
    return asdict(library)


def restored(body: dict[str, Any]) -> Library:
    """Return the library that `stored` made `body` from; `body` is used up.

    Raises LookupError, TypeError or ValueError for any other body.
    """
    library: Library = _restorer(Library)(body)
    return library


@cache
def _restorer(kind: Any) -> Restore:
    """How a value of the annotation `kind` is made from JSON."""
    if is_dataclass(kind):
        return _dataclass(kind)
    origin, inside = get_origin(kind), get_args(kind)
    if origin is tuple and inside[-1] is Ellipsis:
        each = _restorer(inside[0])
        return tuple if each is _as_it_is else lambda value: tuple(map(each, value))
    if origin is tuple:
        parts = [_restorer(one) for one in inside]
        return lambda value: tuple(part(item) for part, item in zip(parts, value, strict=True))
    if origin is types.UnionType:
        return _union(inside)
    return Path if kind is Path else _as_it_is


def _dataclass(kind: Any) -> Restore:
    hints = get_type_hints(kind)
    made = {field.name: each for field in fields(kind) if (each := _restorer(hints[field.name])) is not _as_it_is}

    def restore(value: dict[str, Any]) -> Any:
        for name, make in made.items():
            value[name] = make(value[name])
        return kind(**value)

    return restore


def _union(inside: tuple[Any, ...]) -> Restore:
    """One of several: told apart by `kind`, or the only dataclass beside plain values."""
    classes: list[Any] = [one for one in inside if is_dataclass(one)]
    if not classes:
        return _as_it_is
    if len(classes) == 1:
        only = _restorer(classes[0])
        return lambda value: only(value) if isinstance(value, dict) else value
    by_kind: dict[str, Restore] = {}
    for one in classes:
        hint = get_type_hints(one)["kind"]
        assert get_origin(hint) is Literal
        by_kind[get_args(hint)[0]] = _restorer(one)
    return lambda value: by_kind[value["kind"]](value)


def _as_it_is(value: Any) -> Any:
    return value
