"""Gaps that are typed into, in a sentence or a table: accepted forms, small slips of the finger forgiven."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz.distance import OSA

from prep_app.answers.mark import Mark, Part
from prep_app.answers.words import holds, plain, stems
from prep_app.content.body import Gap

LONGEST = 200  # characters of what is typed into a gap that are read
_JOINTS = re.compile(r"[\s\-_.,;:!?'\"`()*]+")
_DIGITS = re.compile(r"\d+")


def mark_gaps(gaps: Sequence[Gap], typed: Sequence[str]) -> Mark:
    """Mark each gap by what was typed into it; what is not there was left empty."""
    said = [*typed, *[""] * len(gaps)]
    return Mark(tuple(mark_gap(gap, said[index]) for index, gap in enumerate(gaps)))


def mark_gap(gap: Gap, typed: str) -> Part:
    """Right, close (a typo or two in a long enough word), wrong or missed.

    Case, spacing, hyphens and Unicode variants do not count. A digit is never a typo: int4 is not int8.
    """
    typed = typed.strip()[:LONGEST]
    shown, said = gap.accept[0], bare(typed)
    if not said:
        return Part(typed, shown, "missed")
    accepted = [bare(form) for form in gap.accept]
    if said in accepted:
        return Part(typed, shown, "right")
    for slip in gap.wrong:
        if said == bare(slip.text):
            return Part(typed, shown, "wrong", slip.why)
    heard = stems(typed)
    if any(holds(heard, phrase) for phrase in gap.words):
        return Part(typed, shown, "right")
    distance, form = min((OSA.distance(said, form), form) for form in accepted)
    if distance <= forgiven(form) and _DIGITS.findall(said) == _DIGITS.findall(form):
        return Part(typed, shown, "close", f"{distance} letter{'s' if distance > 1 else ''} off")
    return Part(typed, shown, "wrong")


def bare(text: str) -> str:
    """What of a form is compared."""
    return _JOINTS.sub("", plain(text))


def forgiven(form: str) -> int:
    """How many letters may be off: none in a word of four, one up to eight, two beyond."""
    return 0 if len(form) <= 4 else 1 if len(form) <= 8 else 2
