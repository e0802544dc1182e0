"""What was answered and how it was marked, in rows; for every kind of card."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat

from textual.content import Content

from prep_app.answers.mark import Part
from prep_app.answers.response import Picked, Ran, Typed, mark
from prep_app.content.body import Choice, Cloze, Compare, Numeric, Option, Order, Recall
from prep_app.practice.mock_interview import Item
from prep_app.ui.screens.study.answering.code import check_row
from prep_app.ui.screens.study.answering.entry import verdict
from prep_app.ui.screens.study.answering.order import outcome
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.hanging import Row

MOST_LINES = 40  # of notes or code that are shown again
RIGHT, WRONG = ("✓ ", "bold $text-success"), ("✗ ", "bold $text-error")


def typed_rows(item: Item) -> list[Row]:
    """Notes or code, behind a bar; or that there were none."""
    kind = item.card.body.kind
    if not item.answered or kind not in ("recall", "code"):
        return []
    if not item.typed.strip():
        return [(Content(), Content.styled("You said it aloud.", QUIET))]
    lines = item.typed.rstrip().split("\n")
    kept = lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        kept.append(f"… and {len(lines) - MOST_LINES} lines more")
    heading = "You noted:" if kind == "recall" else "You wrote:"
    bar = Content.styled("│ ", QUIET)
    return [(Content(), Content.styled(heading, QUIET)), *[(bar, Content(line)) for line in kept]]


def mark_rows(item: Item) -> list[Row]:
    """Each part: ✓ or ✗, what is right, what was answered instead, and why. What was skipped: what would be right."""
    body = item.card.body
    match body:
        case Recall(points) if not item.answered:
            return [(Content.styled(" ·  ", QUIET), Content(point.text)) for point in points]
        case Order(steps) if not item.answered:
            return [(Content.styled(f"{place}  ", QUIET), Content(step.text)) for place, step in enumerate(steps, 1)]
        case Order() if item.mark is not None:
            return outcome(item.mark)
        case Choice():
            held = item.mark or mark(item.asked, Picked())
            pairs = zip(held.parts, item.asked.options, strict=True)
            return [row for part, option in pairs for row in _option(part, option)]
        case Cloze() | Compare() | Numeric():
            held = item.mark or mark(item.asked, Typed())
            labels = _labels(body)
            return [(Content(), verdict(part, label)) for part, label in zip(held.parts, labels, strict=False)]
    return _code_rows(item.response) if isinstance(item.response, Ran) else []


def _code_rows(ran: Ran) -> list[Row]:
    failure = [(Content.styled(*WRONG), Content.styled(ran.failure, "$text-error"))] if ran.failure else []
    return [*failure, *map(check_row, ran.checks)]


def _labels(body: Cloze | Compare | Numeric) -> Iterable[str]:
    """What each part is, where there are several."""
    match body:
        case Compare():
            cells = [(row.aspect, *pair) for row in body.rows for pair in zip(body.columns, row.cells, strict=True)]
            return [f"{aspect}, {column}: " for aspect, column, cell in cells if not isinstance(cell, str)]
        case Cloze(gaps) if len(gaps) > 1:
            return [f"{place}  " for place, _ in enumerate(gaps, 1)]
    return repeat("")


def _option(part: Part, option: Option) -> list[Row]:
    sign, words = {
        "right": (RIGHT, "right, your choice"),
        "missed": (RIGHT, "right"),
        "wrong": (WRONG, "wrong, your choice"),
    }.get(part.verdict, (("· ", QUIET), ""))
    text = Content.assemble((option.text, "bold" if option.correct else ""), (f"  {words}" if words else "", sign[1]))
    return [(Content.styled(*sign), text), (Content("  "), Content.styled(option.why, QUIET))]
