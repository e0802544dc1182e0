"""What is right on a card, in words: key points, options, gaps, steps, the sum, the table."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from prep_app.answers.asked import Asked, ask
from prep_app.answers.numeric import answer_in_unit
from prep_app.content.body import Choice, Cloze, Code, Compare, Gap, Numeric, Order, Recall
from prep_app.content.formula import FormulaError
from prep_app.content.model import Card, DemoLink, Library
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.hanging import Row

EXAMPLE = -1  # a turn that never comes, so that its numbers give nothing away
RIGHT, WRONG = ("✓ ", "bold $text-success"), ("✗ ", "bold $text-error")


def example(card: Card) -> Asked:
    """The card as it might be asked."""
    try:
        return ask(card, EXAMPLE)
    except FormulaError:  # the numbers of just this draw give no answer
        return Asked(card, card.prompt, card.hint, card.answer, card.demo)


def demo_of(card: Card, library: Library) -> DemoLink | None:
    """The demo that proves a card: its own, or its question's first."""
    return card.demo or next(iter(library.questions[card.question].demos), None)


def right(asked: Asked) -> Iterator[Row]:
    body = asked.card.body
    match body:
        case Recall(key_points):
            yield _heading("Key points")
            yield from ((Content("• "), Content(point.text)) for point in key_points)
        case Choice(options):
            yield _heading("Options")
            for option in options:
                mark = RIGHT if option.correct else WRONG
                yield Content.styled(*mark), _because(option.text, option.why)
        case Cloze(gaps):
            yield _heading("In the gaps")
            for number, gap in enumerate(gaps, 1):
                yield from _gap(f"{number} ", gap)
        case Numeric():
            yield _heading("The sum")
            if asked.variant is not None:
                answer = answer_in_unit(body, asked.variant)
                yield Content.styled(*RIGHT), _because(answer, "with these numbers; others each time")
            yield Content("= "), Content(body.formula)
            yield from ((Content.styled(*WRONG), Content(slip.why)) for slip in body.slips)
        case Order(steps):
            yield _heading("In this order")
            for number, step in enumerate(steps, 1):
                yield Content(f"{number} "), _because(step.text, step.why)
        case Code():
            yield _heading("The function")
            task = "has a slip to be mended" if body.mistake else "is to be written"
            yield Content("λ "), Content(f"{body.function} {task}; these checks judge it: {', '.join(body.checks)}")
        case Compare():
            yield _heading("The table; ▸ is asked")
            for row in body.rows:
                yield Content(), Content.styled(row.aspect, "bold")
                for column, cell in zip(body.columns, row.cells, strict=False):
                    if isinstance(cell, Gap):
                        yield from _gap(f"▸ {column}: ", cell)
                    else:
                        yield Content(f"  {column}: "), Content(cell)


def _gap(mark: str, gap: Gap) -> Iterator[Row]:
    others = f"or {', '.join(gap.accept[1:])}" if len(gap.accept) > 1 else ""
    yield Content(mark), _because(gap.accept[0], others)
    for wrong in gap.wrong:
        yield Content.styled(*WRONG), _because(wrong.text, wrong.why)


def _because(text: str, why: str) -> Content:
    return Content.assemble(text, (f"  {why}" if why else "", QUIET))


def _heading(text: str) -> Row:
    return Content(), Content.styled(text, QUIET)
