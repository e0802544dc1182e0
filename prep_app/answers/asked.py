"""A card as it is asked this time: what is shuffled shuffled, what is drawn drawn. The same again for the same turn."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from prep_app.content.body import Choice, Numeric, Option, Order, Step
from prep_app.content.formula import evaluate
from prep_app.content.model import Card, DemoLink
from prep_app.content.variant import Variant, draw, fill, whole

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Asked:
    """`options` and `steps` stand in the order shown; `variant` holds a numeric card's numbers."""

    card: Card
    prompt: str
    hint: str
    answer: str  # Markdown, with this turn's numbers
    demo: DemoLink | None  # with this turn's numbers
    options: tuple[Option, ...] = ()
    steps: tuple[Step, ...] = ()
    variant: Variant | None = None


def ask(card: Card, turn: int) -> Asked:
    """Return `card` as it is asked the `turn`-th time (from 0)."""
    source = random.Random(f"{card.id}:{turn}")
    match card.body:
        case Choice(options):
            return Asked(card, card.prompt, card.hint, card.answer, card.demo, options=_shuffled(options, source))
        case Order(steps):
            shown = _shuffled(steps, source)
            # In its right order there would be nothing to do.
            return Asked(
                card, card.prompt, card.hint, card.answer, card.demo, steps=shown if shown != steps else steps[::-1]
            )
        case Numeric():
            return _with_numbers(card, card.body, draw(card.body, f"{card.id}:{turn}"))
    return Asked(card, card.prompt, card.hint, card.answer, card.demo)


def _with_numbers(card: Card, body: Numeric, variant: Variant) -> Asked:
    values = variant.values
    answer = fill(f"{body.worked}\n\n{card.answer}".strip(), values)
    return Asked(
        card,
        fill(card.prompt, values),
        fill(card.hint, values),
        answer,
        _demo(card.demo, body, values),
        variant=variant,
    )


def _demo(link: DemoLink | None, body: Numeric, values: Mapping[str, float]) -> DemoLink | None:
    if link is None or body.proof is None:
        return link
    turned = {name: whole(evaluate(formula, values)) for name, formula in body.proof.parameters.items()}
    return DemoLink(link.name, {**link.parameters, **turned})


def _shuffled(items: tuple[_Item, ...], source: random.Random) -> tuple[_Item, ...]:
    shuffled = list(items)
    source.shuffle(shuffled)
    return tuple(shuffled)
