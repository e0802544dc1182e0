"""Marking suggests; the learner has the last word."""

from __future__ import annotations

import pytest

from prep_app.answers.choice import mark_choice, suggest_choice
from prep_app.answers.recall import suggest_recall
from prep_app.content.model import Option
from prep_app.memory.types import Rating

OPTIONS = [Option("a", True, "yes"), Option("b", False, "no"), Option("c", True, "yes")]


@pytest.mark.parametrize(
    ("ticked", "hints", "rating"),
    [(5, 0, Rating.GOOD), (4, 0, Rating.GOOD), (5, 1, Rating.HARD), (3, 0, Rating.HARD), (2, 0, Rating.AGAIN)],
)
def test_recall_is_suggested_by_the_points_said(ticked: int, hints: int, rating: Rating) -> None:
    assert suggest_recall(ticked, 5, hints) is rating


def test_a_choice_is_right_only_when_exactly_the_right_ones_are_chosen() -> None:
    assert mark_choice(OPTIONS, {0, 2}).correct
    partly = mark_choice(OPTIONS, {0, 1})
    assert (partly.wrong, partly.missed) == ({1}, {2})
    assert suggest_choice(partly, 0) is Rating.AGAIN
    assert suggest_choice(mark_choice(OPTIONS, {0, 2}), 0) is Rating.GOOD
    assert suggest_choice(mark_choice(OPTIONS, {0, 2}), 1) is Rating.HARD
