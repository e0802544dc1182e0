"""Marking suggests; the learner has the last word."""

from __future__ import annotations

import pytest

from prep_app.answers.asked import ask
from prep_app.answers.choice import mark_choice
from prep_app.answers.code import Checked, mark_code
from prep_app.answers.mark import Mark, Part, suggest
from prep_app.answers.order import first_wrong, mark_order
from prep_app.answers.recall import mark_recall
from prep_app.answers.response import Arranged, Picked, Ran, Typed, mark
from prep_app.content.body import Body, Choice, Cloze, Compare, Gap, KeyPoint, Option, Order, Recall, Row, Step
from prep_app.content.model import Card, CardId, QuestionId
from prep_app.memory.types import Rating

OPTIONS = [Option("a", True, "yes"), Option("b", False, "no"), Option("c", True, "yes")]
STEPS = tuple(map(Step, "abcde"))


def card(body: Body) -> Card:
    return Card(CardId("c"), QuestionId("Q"), "topic", "?", "!", body)


def of(right: int, total: int) -> Mark:
    return Mark(tuple(Part("", "", "right" if index < right else "missed") for index in range(total)))


@pytest.mark.parametrize(
    ("right", "hints", "rating"),
    [(5, 0, Rating.GOOD), (4, 0, Rating.GOOD), (5, 1, Rating.HARD), (3, 0, Rating.HARD), (2, 0, Rating.AGAIN)],
)
@pytest.mark.parametrize("kind", ["recall", "compare"])
def test_an_answer_in_parts_is_graded_by_the_share_that_is_right(kind, right: int, hints: int, rating: Rating) -> None:  # type: ignore[no-untyped-def]
    assert suggest(kind, of(right, 5), hints=hints) is rating


@pytest.mark.parametrize("kind", ["choice", "cloze", "numeric", "order", "code"])
def test_any_other_answer_is_right_or_wrong(kind) -> None:  # type: ignore[no-untyped-def]
    assert suggest(kind, of(4, 5)) is Rating.AGAIN
    assert suggest(kind, of(5, 5)) is Rating.GOOD
    assert suggest(kind, of(5, 5), hints=1) is Rating.HARD
    assert suggest(kind, of(5, 5), seconds=3600) is Rating.HARD, "right, but slowly"
    assert suggest(kind, of(4, 5), seconds=3600) is Rating.AGAIN


def test_a_choice_is_right_only_when_exactly_the_right_ones_are_chosen() -> None:
    assert mark_choice(OPTIONS, {0, 2}).correct
    assert [part.verdict for part in mark_choice(OPTIONS, {0, 1}).parts] == ["right", "wrong", "missed"]
    assert not mark_choice(OPTIONS, set()).correct


def test_an_order_names_its_first_wrong_step() -> None:
    assert first_wrong(mark_order(STEPS, STEPS)) is None
    swapped = [STEPS[0], STEPS[2], STEPS[1], *STEPS[3:]]
    assert first_wrong(mark_order(STEPS, swapped)) == 1
    assert first_wrong(mark_order(STEPS, [])) == 0


def test_checks_that_were_never_reached_did_not_hold() -> None:
    held = Checked("it holds", True, "1", "1")
    assert mark_code([held, held], 2).correct
    early = mark_code([held], 3, "stopped after 20 s")
    assert (early.right, early.total) == (1, 3)
    assert early.parts[-1].why == "stopped after 20 s"
    assert not mark_code([], 2).correct
    died = mark_code([held], 1, "it crashed")
    assert not died.correct
    assert died.parts[-1].why == "it crashed"


def test_recall_counts_the_points_made() -> None:
    assert mark_recall([KeyPoint("a"), KeyPoint("b")], {1}).right == 1


def test_what_is_shown_is_never_in_order_at_first_and_stays_for_the_turn() -> None:
    for turn in range(50):
        asked = ask(card(Order(STEPS)), turn)
        assert sorted(step.text for step in asked.steps) == list("abcde")
        assert asked.steps != STEPS
        assert ask(card(Order(STEPS)), turn) == asked


def test_each_kind_takes_its_own_response_and_refuses_the_others() -> None:
    order = ask(card(Order(STEPS)), 0)
    right = tuple(order.steps.index(step) for step in STEPS)
    assert mark(order, Arranged(right)).correct
    choice = ask(card(Choice(tuple(OPTIONS))), 3)
    assert mark(choice, Picked(frozenset(i for i, option in enumerate(choice.options) if option.correct))).correct
    gap = Gap(("NF4",))
    assert mark(ask(card(Cloze((gap,))), 0), Typed(("nf4",))).correct
    table = Compare(("x", "y"), (Row("r", ("given", gap)), Row("s", (gap, "given"))))
    assert mark(ask(card(table), 0), Typed(("nf4", ""))).right == 1
    assert not mark(ask(card(Recall((KeyPoint("a"),))), 0), Picked()).correct
    with pytest.raises(TypeError, match="order"):
        mark(order, Ran())
