"""A demo run from a conversation in plain lines, its checks and figures in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import aclosing

from prep_app.commands.plain.text import check, plain, row
from prep_app.content.model import DemoLink
from prep_app.lab.catalogue import find
from prep_app.lab.client import LabClient
from prep_app.lab.events import Check, Event, Failure, Output, Plot, Result, Series, Table, Text
from prep_app.lab.record import RunRecord
from prep_app.ui.widgets.demo_pane.figures import figure


async def run_demo(lab: LabClient, link: DemoLink, say: Callable[[str], None]) -> RunRecord | None:
    """Run a demo, saying what it says. Returns the run, None when it gave no result."""
    values = {one.name: link.parameters.get(one.name, one.default) for one in find(link.name).parameters}
    events: list[Event] = []
    async with aclosing(lab.run(link.name, values)) as running:
        async for event in running:
            events.append(event)
            for line in told(event):
                say(line)
    *said, outcome = events
    if not isinstance(outcome, Result):
        return None
    return RunRecord(1, link.name, values, outcome.device, "", tuple(said), outcome)


def told(event: Event) -> Iterator[str]:
    """What a demo says, as lines; its progress is left out."""
    match event:
        case Text(markdown):
            yield plain(markdown)
        case Output(text):
            yield from (f"printed: {line}" for line in text.strip("\n").split("\n"))
        case Table(title, columns, rows):
            yield f"Table: {title}"
            yield from (row(columns, [figure(cell) for cell in cells]) for cells in rows)
        case Plot(title, x_label, _, series):
            yield f"Plot: {title}"
            yield from (_series(each, x_label or "x") for each in series if each.x)
        case Check(_, claim, passed, measured, expected):
            yield check(passed, claim, figure(measured), figure(expected))
        case Result(_, device, seconds, passed):
            verdict = "Every check holds" if passed else "Not every check holds"
            yield f"{verdict}, on {device}, in {seconds:.1f} seconds."
        case Failure(message):
            yield f"The demo ended without a result: {message}"


def _series(series: Series, across: str) -> str:
    ends = f"from {figure(series.y[0])} at {across} {figure(series.x[0])}"
    ends += f" to {figure(series.y[-1])} at {across} {figure(series.x[-1])}"
    return f"{series.name}: {ends}; least {figure(min(series.y))}, most {figure(max(series.y))}"
