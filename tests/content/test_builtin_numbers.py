"""Every numeric card of the built-in pack, drawn a thousand times: one right answer, nothing absurd, and the demo agrees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from demos.kit import run_demo
from prep_app.answers.asked import Asked, ask
from prep_app.answers.numeric import mark_numeric, within
from prep_app.content.body import Numeric
from prep_app.content.library import builtin_folders, load_library
from prep_app.content.model import Card
from prep_app.content.variant import shown

DRAWS = 1000
CARDS = {card.id: card for card in load_library(builtin_folders()).cards.values() if isinstance(card.body, Numeric)}
PROVEN = [name for name, card in CARDS.items() if card.body.proof is not None]  # type: ignore[union-attr]


def parts(card: Card, turn: int) -> tuple[Numeric, Asked, float]:
    asked = ask(card, turn)
    assert isinstance(card.body, Numeric)
    assert asked.variant is not None
    return card.body, asked, asked.variant.result


@pytest.mark.parametrize("name", CARDS)
def test_a_thousand_draws_have_one_right_answer_each_and_show_no_absurd_number(name: str) -> None:
    card, results, prompts = CARDS[name], set(), set()
    for turn in range(DRAWS):
        body, asked, result = parts(card, turn)
        assert abs(result) < 1e15
        assert result != 0, asked.prompt
        assert mark_numeric(body, asked.variant, repr(result)).correct  # type: ignore[arg-type]
        assert mark_numeric(body, asked.variant, f"{result:.12g} {body.unit}").correct  # type: ignore[arg-type]
        wrong = result * (1 + 3 * body.tolerance) if body.relative else result + 3 * body.tolerance + abs(result) * 1e-3
        assert not within(body, result, wrong * (1 + 1e-6))
        assert len(shown(result)) <= 20
        for text in (asked.prompt, asked.answer):
            assert "{" not in text.replace("{{", "") or "```" in text, text
            assert not {"nan", "inf"} & set(text.split())
        results.add(round(result, 9))
        prompts.add(asked.prompt)
    assert len(prompts) >= 5, "fresh numbers each time"
    assert len(results) >= 5


def figures(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    events: list[dict[str, Any]] = []
    run_demo(name, values, device="cpu", emit=events.append)
    assert events[-1]["event"] == "result", events[-1]
    return dict(events[-1]["figures"])


@pytest.mark.parametrize("name", PROVEN)
@pytest.mark.parametrize("turn", [0, 1])
def test_a_demo_that_computes_the_same_thing_agrees(name: str, turn: int) -> None:
    body, asked, result = parts(CARDS[name], turn)
    assert body.proof is not None
    assert asked.demo is not None
    measured = figures(asked.demo.name, asked.demo.parameters)[body.proof.figure]
    assert within(body, result, measured) or measured == pytest.approx(result, rel=1e-6)
