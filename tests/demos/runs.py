"""Runs of the demos as the tests look at them."""

from __future__ import annotations

import contextlib
import random
from typing import Any

from demos.catalogue import find
from demos.kit import Parameter, Value, run_demo

Events = list[dict[str, Any]]


def events_of(name: str, values: dict[str, Any] | None = None, *, seed: int = 0, mistake: str = "") -> Events:
    """Everything a run on the CPU says. It must end with a result."""
    events: Events = []
    run_demo(name, values or {}, device="cpu", seed=seed, mistake=mistake, emit=events.append)
    assert events[-1]["event"] == "result", (name, values, mistake, events[-1])
    return events


class _Enough(BaseException):
    """Ends a run that has said what was to be known."""


def notices(name: str, mistake: str, check: str) -> bool:
    """Whether a check fails once a mistake is made; the run ends as soon as it is known."""
    found: list[bool] = []

    def emit(event: dict[str, Any]) -> None:
        if event["event"] == "check" and event["id"] == check:
            found.append(not event["passed"])
            raise _Enough

    with contextlib.suppress(_Enough):
        run_demo(name, {}, device="cpu", mistake=mistake, emit=emit)
    return found == [True]


def checks_of(events: Events) -> dict[str, bool]:
    """How each check came out."""
    return {event["id"]: event["passed"] for event in events if event["event"] == "check"}


def failed(events: Events) -> dict[str, tuple[Any, Any]]:
    """The checks that failed: what was measured and what was expected."""
    return {
        event["id"]: (event["measured"], event["expected"])
        for event in events
        if event["event"] == "check" and not event["passed"]
    }


def random_setting(name: str, draw: random.Random) -> dict[str, Value]:
    """A value for every parameter, from anywhere in its range."""
    return {parameter.name: _anywhere(parameter, draw) for parameter in find(name).parameters}


def _anywhere(parameter: Parameter, draw: random.Random) -> Value:
    if parameter.type == "bool":
        return draw.random() < 0.5
    if parameter.min is None or parameter.max is None:
        return draw.choice(parameter.choices)
    if parameter.type == "int":
        return draw.randint(int(parameter.min), int(parameter.max))
    return draw.uniform(parameter.min, parameter.max)
