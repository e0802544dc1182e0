"""pydantic's complaints in the words of someone writing a pack: the place, what is wrong, what to write instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from prep_app.content import card_schema, schema
from prep_app.content.yaml_text import Parsed, Path, Place

_EXPONENT = re.compile(r"[-+]?(\d+)(\.\d*)?[eE][-+]?\d+")  # 1e-4: a number to everyone but YAML 1.1
_WANTED = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must hold keys and values",
    "model_type": "must hold keys and values",
}
_SAID = {
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "must be a short name of letters, digits, . _ and -, beginning with a letter or digit",
}
_INSIDE: dict[str | int, type[BaseModel]] = {
    "answer": schema.AnswerFile,
    "claims": schema.ClaimFile,
    "demos": schema.DemoLinkFile,
    "demo": schema.DemoLinkFile,
    "sources": schema.SourceFile,
    "follow_ups": schema.FollowUpFile,
    "key_points": card_schema.KeyPointFile,
    "options": card_schema.OptionFile,
    "gaps": card_schema.GapFile,
    "wrong": card_schema.WrongFormFile,
    "variables": card_schema.VariableFile,
    "slips": card_schema.SlipFile,
    "proof": card_schema.DemoFigureFile,
    "steps": card_schema.StepFile,
    "rows": card_schema.RowFile,
    "cells": card_schema.CellFile,
}


def faults(error: ValidationError, parsed: Parsed, at: Path, kind: type[BaseModel]) -> Iterator[tuple[Place, str]]:
    """Every fault of what stands at `at` and should have been a `kind`, but those met while reading the YAML."""
    said = {fault.path for fault in parsed.faults}
    found = error.errors(include_url=False)
    meant: set[Path] = set()  # keys that are there but misspelt, so that one slip is one fault
    for fault in found:
        if fault["type"] == "extra_forbidden":
            inside = tuple(fault["loc"])
            path = (*at, *inside)
            message, near = _unknown_key(str(path[-1]), inside, kind)
            meant.add((*path[:-1], near))
            yield parsed.keys.get(path, parsed.place(path)), message
    for fault in found:
        path = (*at, *fault["loc"])
        if fault["type"] == "missing" and path not in meant:
            yield parsed.place(path), f'"{path[-1]}" is missing'
        elif fault["type"] not in {"missing", "extra_forbidden"} and path not in said:
            # A value that could not be read is already reported, and better.
            yield parsed.place(path), f"{_label(path)} {_plain(fault, parsed.written.get(path))}"


def did_you_mean(word: str, among: Iterable[str]) -> str:
    """Return a question to put after a fault, or nothing when no word is near."""
    near = _nearest(word, among)
    return f'; did you mean "{near}"?' if near else ""


def shown(value: object) -> str:
    """A value, short enough for one line."""
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "keys and values" if isinstance(value, dict) else "a list"
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:59] + "…"


def _nearest(word: str, among: Iterable[str]) -> str:
    if len(word) > 80:  # no slip of the finger, and costly to compare
        return ""
    return next(iter(difflib.get_close_matches(word, list(among), 1, 0.6)), "")


def _unknown_key(key: str, inside: Path, kind: type[BaseModel]) -> tuple[str, str]:
    """Return what to say of the key, and the key that was meant by it ("" when none is near)."""
    if len(inside) == 1 and kind in card_schema.CARDS.values():
        owners = [name for name, other in card_schema.CARDS.items() if key in card_schema.knows(other)]
        if owners:
            return f"{shown(key)} belongs to a card of kind: {' or '.join(owners)}", ""
    around = next((part for part in reversed(inside[:-1]) if part in _INSIDE), None)
    known = card_schema.knows(kind if around is None else _INSIDE[around])
    return f"unknown key {shown(key)}{did_you_mean(key, known)}", _nearest(key, known)


def _label(path: Path) -> str:
    if not path:
        return "the file"
    if isinstance(path[-1], int):
        return f'item {path[-1] + 1} of "{path[-2]}"'
    return shown(path[-1])


def _plain(fault: Any, written: str | None) -> str:
    """What is wrong with a value. `written` is what stands in the file where YAML reads no text."""
    kind, given = fault["type"], fault["input"]
    if kind == "string_type" and written and isinstance(given, bool | int | float):
        taken = shown(given) if isinstance(given, bool) else "a number"
        return f'must be text, but YAML reads {written} as {taken}; write "{written}" in quotes'
    if kind == "string_type" and given is None:
        return "must be text, not nothing; write it, or take the key out"
    if kind == "int_type" and isinstance(given, str) and (parts := _EXPONENT.fullmatch(given)):
        whole, rest = given[: parts.end(1)], given[parts.end(2) if parts[2] else parts.end(1) :]
        fraction = parts[2] if parts[2] and parts[2] != "." else ".0"
        exponent = rest if rest[1] in "+-" else f"{rest[0]}+{rest[1:]}"
        return f"must be a whole number; YAML reads {given} as text ({whole}{fraction}{exponent} would be a number)"
    if kind in {"int_type", "bool_type"} and isinstance(given, str):
        return f"{_WANTED[kind]}, not text; take the quotes off" if given.isdecimal() else _not(kind, given)
    if kind in _WANTED:
        return _not(kind, given)
    if kind == "too_short":
        least = fault["ctx"]["min_length"]
        return f"must have at least {least} item{'s' if least > 1 else ''}"
    if kind in _SAID:
        return _SAID[kind]
    message = str(fault["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    return message if kind == "value_error" else f"{message}, not {shown(given)}"


def _not(kind: str, given: object) -> str:
    return f"{_WANTED[kind]}, not {shown(given)}"
