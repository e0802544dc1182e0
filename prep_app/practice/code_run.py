"""A learner's function, run in the lab against the checks of its card's demo."""

from __future__ import annotations

import json

from prep_app.answers.asked import Asked
from prep_app.answers.code import Checked
from prep_app.answers.response import Ran
from prep_app.content.body import Code
from prep_app.lab.client import LabClient
from prep_app.lab.judge import Verdict, judge

SHOWN = 80  # characters of a measured value


async def judge_code(lab: LabClient, asked: Asked, text: str) -> Verdict:
    """Run `text` in place of the function that a code card asks for."""
    body, link = asked.card.body, asked.demo
    assert isinstance(body, Code)
    assert link is not None
    return await judge(lab, link.name, link.parameters, body.function, text, body.checks)


def ran(verdict: Verdict) -> Ran:
    """What a verdict says, in words."""
    checks = (
        Checked(check.claim, check.passed, in_words(check.measured), in_words(check.expected))
        for check in verdict.checks
    )
    return Ran(tuple(checks), verdict.failure)


def in_words(value: object) -> str:
    """A measured or expected value on one line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = f"{value:.6g}" if isinstance(value, float) else " ".join(text.split())
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
