"""The border: any bytes become an event, and no event carries a control character."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from prep_app.lab.events import Check, Event, Output, Plot, Table, Text, parse
from prep_app.text import printable

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(["text", "progress", "table", "plot", "check", "result", "error", "nonsense"])
fields = st.sampled_from(
    ["markdown", "done", "total", "label", "title", "columns", "rows", "series", "x_label", "y_label", "id", "claim"]
)


def strings(event: object) -> list[str]:
    if isinstance(event, str):
        return [event]
    if isinstance(event, tuple):
        return [text for item in event for text in strings(item)]
    if hasattr(event, "__slots__"):
        return [text for name in event.__slots__ for text in strings(getattr(event, name))]
    return []


def is_clean(event: Event) -> bool:
    return all(text == printable(text) for text in strings(event))


@given(st.binary(max_size=300))
def test_any_bytes_become_an_event(line: bytes) -> None:
    assert is_clean(parse(line))


@given(st.builds(lambda name, body: {**body, "event": name}, names, st.dictionaries(fields, values)))
def test_any_json_becomes_an_event(body: dict[str, object]) -> None:
    assert is_clean(parse(json.dumps(body).encode()))


def test_what_a_demo_says_arrives_as_it_was_meant() -> None:
    assert parse(b'{"event": "text", "markdown": "softmax[dim] [/nope]"}') == Text("softmax[dim] [/nope]")
    check = {"event": "check", "id": "a", "claim": "c", "passed": True, "measured": 1.5, "expected": "2"}
    assert parse(json.dumps(check).encode()) == Check("a", "c", True, 1.5, "2")
    table = {"event": "table", "title": "t", "columns": ["a"], "rows": [[1], [None], ["\x1b[31mred"]]}
    assert parse(json.dumps(table).encode()) == Table("t", ("a",), ((1,), (None,), ("red",)))


def test_points_that_are_not_finite_are_left_out_of_a_plot() -> None:
    series = [{"name": "n", "x": [1, 2, 3], "y": [1, None, 3], "style": "line"}]
    event = parse(json.dumps({"event": "plot", "title": "", "x_label": "", "y_label": "", "series": series}).encode())
    assert isinstance(event, Plot)
    assert event.series[0].x == (1.0, 3.0)


def test_garbage_is_shown_as_output() -> None:
    assert parse(b"\x1b[2Jnot json") == Output("not json")
