"""Pictures of what the linked demos show: each is run in the lab, out of process, and drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import aclosing
from hashlib import blake2b

from prep_app.content.model import DemoLink
from prep_app.interop.anki.drawing import draw
from prep_app.lab.client import LabClient
from prep_app.lab.events import Event, Failure, Result
from prep_app.lab.record import RunRecord


def picture_name(link: DemoLink) -> str:
    """The name of a picture: the same for the same demo with the same knobs, so that Anki replaces it."""
    knobs = json.dumps(dict(link.parameters), sort_keys=True)
    return f"prep-{link.name}-{blake2b(knobs.encode(), digest_size=4).hexdigest()}.svg"


async def pictures(links: Iterable[DemoLink], say: Callable[[str], None]) -> tuple[dict[str, str], list[str]]:
    """Run each demo once. Returns the pictures by name, and a line for each run that failed.

    Cancelling it ends the run that is going, and the lab with it.
    """
    wanted = {picture_name(link): link for link in links}
    drawn: dict[str, str] = {}
    failed: list[str] = []
    lab = LabClient()
    try:
        for number, (name, link) in enumerate(wanted.items(), 1):
            say(f"picture {number} of {len(wanted)}: {link.name}")
            run = await _run(lab, link)
            if isinstance(run.outcome, Failure):
                failed.append(f"{link.name}: {run.outcome.message}")
            else:
                drawn[name] = draw(run)
    finally:
        await lab.close()
    return drawn, failed


async def _run(lab: LabClient, link: DemoLink) -> RunRecord:
    events: list[Event] = []
    outcome: Result | Failure = Failure("it gave no result")
    async with aclosing(lab.run(link.name, link.parameters, device="cpu")) as said:
        async for event in said:
            if isinstance(event, Result | Failure):
                outcome = event
            else:
                events.append(event)
    return RunRecord(1, link.name, link.parameters, "cpu", "", tuple(events), outcome)
