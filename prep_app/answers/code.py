"""Code cards: what the lab's checks said of the learner's function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prep_app.answers.mark import Mark, Part


@dataclass(frozen=True, slots=True)
class Checked:
    """A check that judged the code: what it claims, what was measured and what was expected, in words."""

    claim: str
    held: bool
    measured: str
    expected: str


def mark_code(checks: Sequence[Checked], wanted: int, failure: str = "") -> Mark:
    """Mark a run; checks it never reached count as failed, with `failure` as the reason."""
    parts = [Part(check.measured, check.expected, "right" if check.held else "wrong", check.claim) for check in checks]
    parts += [Part("", "", "missed", failure or "not run") for _ in range(wanted - len(checks))]
    if failure and all(part.counts for part in parts):  # its checks held, and then it died
        parts.append(Part("", "", "wrong", failure))
    return Mark(tuple(parts))
