"""What a learner answered, whatever the kind of card, and its mark."""

from __future__ import annotations

from dataclasses import dataclass

from prep_app.answers.asked import Asked
from prep_app.answers.choice import mark_choice
from prep_app.answers.cloze import mark_gaps
from prep_app.answers.code import Checked, mark_code
from prep_app.answers.mark import Mark
from prep_app.answers.numeric import mark_numeric
from prep_app.answers.order import mark_order
from prep_app.answers.recall import mark_recall
from prep_app.content.body import Choice, Cloze, Code, Compare, Numeric, Order, Recall


@dataclass(frozen=True, slots=True)
class Picked:
    """Options chosen (choice) or key points made (recall): indices as shown."""

    indices: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed: into each gap (cloze, compare), or the number (numeric)."""

    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arranged:
    """The steps in the learner's order: indices as shown."""

    indices: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ran:
    """How the learner's code came out; `failure` says why the run ended before its checks."""

    checks: tuple[Checked, ...] = ()
    failure: str = ""


Response = Picked | Typed | Arranged | Ran


def mark(asked: Asked, response: Response) -> Mark:
    """Mark `response` to what was asked. Raises TypeError for a response that no card of this kind takes."""
    match asked.card.body, response:
        case Recall(points), Picked(indices):
            return mark_recall(points, indices)
        case Choice(), Picked(indices):
            return mark_choice(asked.options, indices)
        case (Cloze() | Compare()) as body, Typed(texts):
            return mark_gaps(body.gaps, texts)
        case Numeric() as body, Typed(texts) if asked.variant is not None:
            return mark_numeric(body, asked.variant, texts[0] if texts else "")
        case Order(steps), Arranged(indices):
            return mark_order(steps, [asked.steps[index] for index in indices])
        case Code() as body, Ran(checks, failure):
            return mark_code(checks, len(body.checks), failure)
    raise TypeError(f"a {asked.card.body.kind} card does not take {type(response).__name__}")
