"""A run as it was: what was asked, everything it said, how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from prep_app.content.model import Scalar
from prep_app.lab.events import Cell, Check, Event, Failure, Plot, Result


@dataclass(frozen=True, slots=True)
class RunRecord:
    """`number` counts the pane's runs from 1; `mistake` is the slip that was made in the program, if any."""

    number: int
    name: str
    values: Mapping[str, Scalar]
    device: str
    mistake: str
    events: tuple[Event, ...]
    outcome: Result | Failure

    @property
    def checks(self) -> dict[str, bool]:
        return {event.id: event.passed for event in self.events if isinstance(event, Check)}

    @property
    def figures(self) -> dict[str, Cell]:
        """The figures that are one number or word."""
        held = self.outcome.figures if isinstance(self.outcome, Result) else {}
        return {name: value for name, value in held.items() if not isinstance(value, str) or len(value) <= 24}

    def as_json(self) -> dict[str, Any]:
        """Everything about the run, in words that JSON can hold."""
        body = asdict(self)
        body["events"] = [{"event": type(event).__name__.lower(), **asdict(event)} for event in self.events]
        body["passed"] = isinstance(self.outcome, Result) and self.outcome.passed
        return body


def overlaid(plot: Plot, place: int, earlier: RunRecord | None) -> Plot:
    """Return `plot`, the run's plot number `place` from 0, with another run's laid over it.

    That is the plot of the same title, or where titles name a parameter, the one in the same place on the same axes.
    """
    plots = [event for event in earlier.events if isinstance(event, Plot)] if earlier is not None else []
    same = [other for other in plots if other.title == plot.title]
    same += [
        other for other in plots[place : place + 1] if (other.x_label, other.y_label) == (plot.x_label, plot.y_label)
    ]
    if earlier is None or not same:
        return plot
    others = [replace(series, name=f"{series.name} (run {earlier.number})") for series in same[0].series]
    return replace(plot, series=(*plot.series, *others))


def differences(run: RunRecord, earlier: RunRecord) -> list[tuple[str, Cell, Cell]]:
    """What was set otherwise in two runs: name, value then, value now."""
    names: Sequence[str] = list(dict.fromkeys([*earlier.values, *run.values]))
    pairs = [(name, earlier.values.get(name), run.values.get(name)) for name in names]
    pairs += [("device", earlier.device, run.device), ("slip", earlier.mistake or "none", run.mistake or "none")]
    return [(name, then, now) for name, then, now in pairs if then != now]
