"""Compiled packs as JSON, and back. Fields are restored by their annotations, so a new one needs no line here."""

from __future__ import annotations

import json
import os
import types
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from prep_app.content.model import Card, Library, Pack, Problem

Restore = Callable[[Any], Any]
CardsOf = Callable[[int, int], Sequence[Card]]  # those of a question: the place of the first, and how many


def card_text(card: Card) -> str:
    return json.dumps(asdict(card), ensure_ascii=False)


def card_from(text: str) -> Card:
    """Return the card that `card_text` was made of. Raises LookupError, TypeError or ValueError for any other text."""
    card: Card = _restorer(Card)(json.loads(text))
    return card


def frame_text(library: Library) -> str:
    """All of a library but its cards."""
    packs, first = [], 0
    for pack in library.packs:
        questions = []
        for question in pack.questions:
            bare = asdict(replace(question, cards=()))
            questions.append({**bare, "cards": [first, len(question.cards)]})
            first += len(question.cards)
        packs.append({**asdict(replace(pack, questions=())), "questions": questions})
    problems = [asdict(problem) for problem in library.problems]
    return json.dumps({"packs": packs, "problems": problems}, default=os.fspath, ensure_ascii=False)


def frame_from(text: str, cards: CardsOf) -> tuple[tuple[Pack, ...], tuple[Problem, ...]]:
    """Return the packs and problems that `frame_text` made the text from, with `cards` in their questions.

    Raises LookupError, TypeError or ValueError for any other text.
    """
    frame = json.loads(text)
    for pack in frame["packs"]:
        for question in pack["questions"]:
            question["cards"] = cards(*question["cards"])
    packs, problems = map(_restorer(Pack), frame["packs"]), map(_restorer(Problem), frame["problems"])
    return tuple(packs), tuple(problems)


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
