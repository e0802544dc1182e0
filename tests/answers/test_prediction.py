"""Guesses as people type them, and scores that fall with the distance."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep_app.answers.prediction import Guess, foresight, parse_guess, score_guess


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("0.5", 0.5, 0.5), ("12 %", 12, 12), ("1e-5", 1e-5, 1e-5), ("1,024", 1024, 1024), ("2-5", 2, 5), ("5 to 2", 2, 5),
     ("-3", -3, -3), ("0.1..0.2", 0.1, 0.2), (" 7 – 9 % ", 7, 9)],
)  # fmt: skip
def test_numbers_and_ranges_are_read_as_typed(text: str, low: float, high: float) -> None:
    assert parse_guess(text) == Guess(low, high)


@pytest.mark.parametrize("text", ["", "many", "1-", "nan", "inf", "1 2", "1-2-3", "\x1b[31m", "９" * 500 + "x"])
def test_what_is_no_number_is_not_taken_for_one(text: str) -> None:
    assert parse_guess(text) is None


def test_one_of_the_choices_is_a_guess_and_nothing_else_is() -> None:
    assert parse_guess("more", ["more", "fewer"]) == Guess(word="more")
    assert parse_guess("5", ["more", "fewer"]) is None
    assert score_guess(Guess(word="more"), "more").score == 1
    assert score_guess(Guess(word="more"), "fewer").score == 0


@given(st.floats(1e-6, 1e6), st.floats(1.0, 100.0))
def test_too_high_and_too_low_by_the_same_factor_score_the_same(outcome: float, factor: float) -> None:
    high, low = (
        score_guess(Guess(outcome * factor, outcome * factor), outcome),
        score_guess(Guess(outcome / factor, outcome / factor), outcome),
    )
    assert high.score == pytest.approx(low.score, abs=1e-9)
    assert high.score == pytest.approx(max(0.0, 1 - math.log10(factor)), abs=1e-9)


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_a_score_is_a_share_and_only_the_outcome_itself_scores_all(guess: float, outcome: float) -> None:
    scored = score_guess(Guess(guess, guess), outcome)
    assert 0 <= scored.score <= 1
    assert (scored.said == "exactly so") == (guess == outcome)


def test_a_range_is_judged_by_whether_it_held_and_by_its_middle() -> None:
    scored = score_guess(Guess(2, 8), 4)
    assert scored.held is True
    assert scored.score == pytest.approx(1)  # the geometric middle of 2 and 8
    assert score_guess(Guess(2, 3), 4).held is False
    assert score_guess(Guess(3, 3), 4).held is None


def test_foresight_counts_ranges_apart_from_numbers() -> None:
    seen = foresight([score_guess(Guess(2, 8), 4), score_guess(Guess(5, 6), 4), score_guess(Guess(4, 4), 4)])
    assert (seen.predictions, seen.ranges, seen.ranges_held) == (3, 2, 1)
    assert 0 < seen.mean_score < 1
    assert foresight([]).mean_score == 0
