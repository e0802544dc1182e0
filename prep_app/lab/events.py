"""What a demo says, as typed data. Every string is made printable here, at the border."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prep_app.text import printable

Cell = str | int | float | bool | None
LONGEST_TEXT = 20_000  # characters of one string
MOST_ROWS = 500
MOST_POINTS = 5_000


@dataclass(frozen=True, slots=True)
class Text:
    markdown: str


@dataclass(frozen=True, slots=True)
class Progress:
    done: int
    total: int
    label: str


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    style: str  # line, scatter or bar


@dataclass(frozen=True, slots=True)
class Plot:
    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Check:
    id: str
    claim: str
    passed: bool
    measured: Cell
    expected: Cell


@dataclass(frozen=True, slots=True)
class Result:
    figures: Mapping[str, Any]
    device: str
    seconds: float
    passed: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """The run is over and gave no result; `message` says why and what to do."""

    message: str


@dataclass(frozen=True, slots=True)
class Line:
    """The line of its program that the demo has reached."""

    number: int


@dataclass(frozen=True, slots=True)
class Output:
    """What the demo, or a library below it, printed by itself."""

    text: str


Event = Text | Progress | Table | Plot | Check | Result | Failure | Line | Output


def parse(line: bytes) -> Event:
    """Turn one line of the protocol into an event. Anything else becomes `Output`; never raises."""
    try:
        body = json.loads(line)
        return _event(body)
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return Output(_string(line.decode("utf-8", "replace")))


def _event(body: dict[str, Any]) -> Event:
    match body["event"]:
        case "text":
            return Text(_string(body["markdown"]))
        case "progress":
            return Progress(int(body["done"]), int(body["total"]), _string(body["label"]))
        case "table":
            rows = tuple(tuple(_cell(cell) for cell in row) for row in body["rows"][:MOST_ROWS])
            return Table(_string(body["title"]), tuple(map(_string, body["columns"])), rows)
        case "plot":
            series = tuple(map(_series, body["series"]))
            return Plot(_string(body["title"]), _string(body["x_label"]), _string(body["y_label"]), series)
        case "check":
            measured, expected = _cell(body["measured"]), _cell(body["expected"])
            return Check(_string(body["id"]), _string(body["claim"]), body["passed"] is True, measured, expected)
        case "result":
            figures = {_string(name): _cell(value) for name, value in body["figures"].items()}
            return Result(figures, _string(body["device"]), float(body["seconds"]), body["passed"] is True)
        case "line":
            return Line(int(body["line"]))
        case "error":
            return Failure(_string(body["message"]))
    raise KeyError(body["event"])


def _series(body: dict[str, Any]) -> Series:
    points = [
        (float(x), float(y))
        for x, y in zip(body["x"][:MOST_POINTS], body["y"][:MOST_POINTS], strict=False)
        if x is not None and y is not None  # what was not finite has no place on a plot
    ]
    style = _string(body.get("style", "line"))
    return Series(_string(body["name"]), tuple(x for x, _ in points), tuple(y for _, y in points), style)


def _cell(value: Any) -> Cell:
    if value is None or isinstance(value, bool | int | float):
        return value
    return _string(value if isinstance(value, str) else json.dumps(value))


def _string(value: Any) -> str:
    # A lone surrogate is legal in JSON and cannot be written to a terminal.
    text = str(value)[:LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8")
    return printable(text)
