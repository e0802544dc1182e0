"""The simulated learner is FSRS-6's, and the plan does what it is for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fsrs_rs_python import DEFAULT_PARAMETERS, FSRS, MemoryState

from prep_app.memory.fsrs6 import Fsrs6
from prep_app.memory.habits import usual_habits
from prep_app.memory.prices import Prices
from prep_app.memory.schedule import recall
from prep_app.memory.simulation import Course, Policy, all_new, crammed, greedy, plain, planned, simulate
from prep_app.memory.states import STATES, Cards, on_grid
from prep_app.memory.types import Learned
from tests.conftest import DAY

MODEL, HABITS = Fsrs6(), usual_habits()
ONCE = replace(HABITS, seconds=((1.0,) * 4,) * 3, repeats=False)  # one answer a card a day, all alike


def begun(count: int, seed: int = 0) -> Cards:
    """Cards last answered before today, a third of them new."""
    chance = np.random.default_rng(seed)
    stability = np.exp(chance.normal(1.5, 1.5, count))
    last, new = -chance.integers(1, 40, count), chance.random(count) < 1 / 3
    return Cards(stability, chance.uniform(1, 10, count), last, new)


def course(policy: Policy, cards: Cards, seconds: list[float], runs: int = 8, habits=HABITS) -> Course:  # type: ignore[no-untyped-def]
    return simulate(MODEL, habits, cards, policy, np.array(seconds), runs=runs, seed=3)


def by_plan(cards: Cards, seconds: list[float], habits=HABITS) -> Policy:  # type: ignore[no-untyped-def]
    return planned(Prices(MODEL, habits, cards, np.array(seconds)), cards)


# The formulas


def test_all_cards_at_once_move_as_fsrs_rs_moves_each() -> None:
    chance, engine = np.random.default_rng(1), FSRS(DEFAULT_PARAMETERS)
    for elapsed in (0, 1, 2, 7, 60, 900):
        stability, difficulty = np.exp(chance.uniform(-5, 6, 50)), chance.uniform(1, 10, 50)
        faded = MODEL.recall(elapsed, stability)
        for rating, name in enumerate(("again", "hard", "good", "easy"), 1):
            later = MODEL.failed(stability, difficulty, faded)
            if rating > 1:
                later = MODEL.passed(stability, difficulty, faded, rating)
            moved = later if elapsed else MODEL.same_day(stability, rating)
            states = [
                getattr(engine.next_states(MemoryState(s, d), 0.8, elapsed), name)
                for s, d in zip(stability, difficulty, strict=True)
            ]
            assert moved == pytest.approx([state.memory.stability for state in states], rel=1e-4)
            assert MODEL.difficulty(difficulty, rating) == pytest.approx(
                [state.memory.difficulty for state in states], rel=1e-4
            )
            assert MODEL.interval(moved, 0.8) == pytest.approx([state.interval for state in states], rel=1e-4)


def test_a_first_answer_moves_as_in_fsrs_rs() -> None:
    states = FSRS(DEFAULT_PARAMETERS).next_states(None, 0.9, 0)
    stability, difficulty = MODEL.first([1, 2, 3, 4])
    memories = [state.memory for state in (states.again, states.hard, states.good, states.easy)]
    assert stability == pytest.approx([memory.stability for memory in memories], rel=1e-4)
    assert difficulty == pytest.approx([memory.difficulty for memory in memories], rel=1e-4)


def test_recall_is_the_schedules() -> None:
    card = Learned(stability=7.0, difficulty=5.0, last_ms=0, due_ms=0, interval_days=7.0, learning=False)
    for days in (0, 1, 30, 3650):
        assert float(MODEL.recall(days, 7.0)) == pytest.approx(recall(card, days * DAY), abs=1e-9)


def test_any_state_lies_between_its_four_corners() -> None:
    corner, part = on_grid(np.array([1e-3, 0.2, 3.0, 1e4]), np.array([1.0, 10.0, 5.5, 1.0]))
    assert part.sum(-1) == pytest.approx(1)
    assert (part >= 0).all()
    assert corner.min() >= 0
    assert corner.max() < STATES


# The learner


def test_cards_are_recalled_as_often_as_their_state_says_and_cost_what_is_expected() -> None:
    cards = replace(begun(400), new=np.zeros(400, np.bool_))
    everything: Policy = lambda held, day: np.zeros(held.new.shape)  # noqa: E731
    answered = course(everything, cards, [1e9], runs=30)
    faded, effort = MODEL.recall(-cards.last, cards.stability), HABITS.effort()
    expected = (effort.passed * faded + effort.failed * (1 - faded)).sum()
    assert answered.seconds[0] == pytest.approx(expected, rel=0.02)
    assert answered.reviews[0] == 400
    fresh = course(everything, all_new(400), [1e9], runs=30)
    assert fresh.seconds[0] == pytest.approx(400 * effort.new, rel=0.02)
    assert (fresh.new[0], fresh.reviews[0]) == (400, 0)


def test_a_day_is_overrun_by_one_card_at_most_and_the_same_seed_gives_the_same() -> None:
    cards, seconds = begun(80), [200.0] * 6
    first, again = (course(by_plan(cards, seconds), cards, seconds) for _ in range(2))
    assert (first.recall == again.recall).all()
    longest = max(max(row) for row in HABITS.seconds) * 7
    assert (first.seconds <= 200 + longest).all()
    assert first.seconds.sum() > 0.8 * sum(seconds)


def test_what_is_never_answered_only_fades() -> None:
    cards = begun(50)
    left = course(crammed(MODEL, start=99), cards, [1e9] * 5)
    assert left.recall[0] == pytest.approx(np.where(cards.new, 0, MODEL.recall(5 - cards.last, cards.stability)))
    assert left.reviews.sum() + left.new.sum() == 0


def test_the_spread_holds_the_outcomes_that_it_should() -> None:
    cards, seconds = begun(300), [300.0] * 5
    ahead = course(by_plan(cards, seconds), cards, seconds, runs=200)
    recalled = (np.random.default_rng(0).random(ahead.recall.shape) < ahead.recall).mean(axis=1)
    held = abs(recalled - ahead.expected) < 1.645 * ahead.spread(300)
    assert 0.84 < held.mean() < 0.96


# The plan


@pytest.mark.parametrize(
    ("cards", "days", "minutes"),
    [(60, 5, 5), (60, 14, 10), (200, 14, 10), (120, 21, 5), (400, 10, 20), (60, 30, 25)],
)
def test_the_plan_does_no_worse_than_plain_fsrs_greed_or_cramming(cards: int, days: int, minutes: int) -> None:
    seconds, new = [60.0 * minutes] * days, all_new(cards)
    ceiling = Prices(MODEL, HABITS, new, np.array(seconds)).ceiling(new, np.array(seconds))
    start = max(0, days - int(np.ceil(cards * HABITS.effort().new / seconds[0])))
    with_plan = course(by_plan(new, seconds), new, seconds, runs=12).expected
    assert with_plan > course(plain(MODEL, 0.9), new, seconds, runs=12).expected + 0.02
    assert with_plan > course(greedy(MODEL, HABITS, days), new, seconds, runs=12).expected - 0.008
    assert with_plan > course(crammed(MODEL, start), new, seconds, runs=12).expected - 0.008
    assert with_plan < ceiling + 0.015


@pytest.mark.parametrize(
    ("cards", "days", "reviews", "floor"), [(120, 14, 20, 0.9), (400, 30, 40, 0.92), (120, 30, 20, 0.97)]
)
def test_it_reaches_the_floor_that_the_issue_names(cards: int, days: int, reviews: int, floor: float) -> None:
    seconds = [float(reviews)] * days
    ahead = course(by_plan(all_new(cards), seconds, ONCE), all_new(cards), seconds, runs=6, habits=ONCE)
    assert ahead.expected > floor


def test_cards_already_begun_gain_too_and_what_holds_is_left_alone() -> None:
    cards, seconds = begun(150), [300.0] * 10
    with_plan = course(by_plan(cards, seconds), cards, seconds).expected
    assert with_plan > course(plain(MODEL, 0.9), cards, seconds).expected + 0.02
    sure = replace(begun(30), stability=np.full(30, 20_000.0), new=np.zeros(30, np.bool_))
    assert course(by_plan(sure, seconds), sure, seconds).reviews.sum() == 0


def test_planning_anew_each_day_does_no_worse_than_keeping_to_the_first_days_prices() -> None:
    cards, seconds = all_new(80), [240.0] * 7

    def anew(held: Cards, day: int) -> np.ndarray:
        rows = []
        for run in range(len(held.new)):
            now = Cards(held.stability[run], held.difficulty[run], held.last[run] - day, held.new[run])
            rows.append(by_plan(now, seconds[day:])(now, 0))
        return np.stack(rows)

    kept = course(by_plan(cards, seconds), cards, seconds, runs=6).expected
    assert course(anew, cards, seconds, runs=6).expected > kept - 0.015
