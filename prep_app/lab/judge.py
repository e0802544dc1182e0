"""Judges a learner's code: the demo runs with it, and the demo's own checks say whether it is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from prep_app.lab.catalogue import DemoInputError, find
from prep_app.lab.client import LabClient
from prep_app.lab.events import Check, Failure, Output

MOST_PRINTED = 4_000  # characters of what the code printed that are shown
NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`checks` are those that were asked for, in that order; one that the run did not come to has not passed.

    `failure` says why the run ended without a result, and is empty when it had one. `output` is what was printed.
    """

    passed: bool
    checks: tuple[Check, ...]
    failure: str
    output: str


async def judge(
    client: LabClient,
    name: str,
    values: Mapping[str, object],
    function: str,
    text: str,
    checks: Sequence[str],
) -> Verdict:
    """Run the demo with `text` in place of `function`, and look at `checks`; at all that it has when none is named.

    Passing is every one of them holding in a run that came to its end. Raises DemoInputError for a demo or a check
    that does not exist; whatever is wrong with the code is in the verdict.
    """
    claims = find(name).checks
    wanted = tuple(checks) or tuple(claims)
    unknown = [check for check in wanted if check not in claims]
    if unknown:
        raise DemoInputError(f"{name} has no check {', '.join(unknown)}; there are {', '.join(claims)}")
    reached: dict[str, Check] = {}
    failure = printed = ""
    async with aclosing(client.run(name, values, code=(function, text))) as events:
        async for event in events:
            if isinstance(event, Check):
                reached[event.id] = event
            elif isinstance(event, Output):
                printed += event.text
            elif isinstance(event, Failure):
                failure = event.message
    found = tuple(reached.get(check) or Check(check, claims[check], False, NOT_REACHED, "") for check in wanted)
    passed = not failure and all(check.passed for check in found)
    return Verdict(passed, found, failure, _bounded(printed))


def _bounded(text: str) -> str:
    return text if len(text) <= MOST_PRINTED else text[:MOST_PRINTED] + "\n… more was printed; not kept"
