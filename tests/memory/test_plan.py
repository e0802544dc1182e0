"""The queue towards an interview: within the minutes, nothing forbidden, worked out anew from what stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from prep_app.content.model import Card
from prep_app.memory.days import study_day
from prep_app.memory.habits import usual_habits
from prep_app.memory.plan import study_towards
from prep_app.memory.store import Memory
from prep_app.memory.types import InterviewPlan, New, Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.conftest import Clock
from tests.memory.test_queue import cards, chained, queue_of

SETTINGS = Settings()


def towards(clock: Clock, days: int, minutes: int = 10) -> InterviewPlan:
    return InterviewPlan(date.fromordinal(study_day(clock(), 4) + days), minutes)


def seconds_of(pool: list[Card], memory: Memory, at: int) -> dict[str, float]:
    """What each card is expected to cost, from the formulas."""
    mean = memory.seconds_per_card()
    effort = usual_habits().measured(memory.recent_reviews(), mean).effort()
    costs = {}
    for card in pool:
        state = memory.state(card.id)
        if isinstance(state, New):
            costs[card.id] = effort.new
        elif state.learning:
            costs[card.id] = effort.passed
        else:
            elapsed = study_day(at, 4) - study_day(state.last_ms, 4)
            kept = (1 + (0.9 ** (-1 / state.decay) - 1) * elapsed / state.stability) ** -state.decay
            costs[card.id] = kept * effort.passed + (1 - kept) * effort.failed
    return costs


@limits(deadline=None, max_examples=25)
@given(data=st.data())
def test_whatever_happened_the_day_keeps_to_its_minutes_and_to_what_may_be_asked(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home, clock = Home(tmp_path_factory.mktemp("home")), Clock()
    memory = Memory.open(home, SETTINGS)
    pool = cards(*data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=3)))
    names = st.integers(0, len(pool) - 1)
    needs = {at: [data.draw(names) % at] for at in range(1, len(pool)) if data.draw(st.booleans())}
    pool = chained(pool, needs)
    minutes, days = data.draw(st.integers(1, 12)), data.draw(st.integers(0, 9))
    plan = towards(clock, days + 9, minutes)
    for _ in range(data.draw(st.integers(0, 15))):
        clock.pass_days(
            data.draw(st.sampled_from([0, 0, 0, 1])) if study_day(clock(), 4) < plan.date.toordinal() else 0
        )
        card = pool[data.draw(names)]
        match data.draw(st.sampled_from(["answer", "answer", "answer", "suspend", "bury", "undo"])):
            case "answer":
                rating, seconds = data.draw(st.sampled_from(list(Rating))), data.draw(st.none() | st.floats(0, 90))
                memory.answer(card.id, rating, at=clock(), seconds=seconds)
            case "undo":
                memory.undo(clock())
            case what:
                getattr(memory, what)(card.id, clock())
    queue = queue_of(pool, memory, SETTINGS, clock(), plan=plan)
    assert queue == queue_of(pool, memory, SETTINGS, clock(), plan=plan)
    memory.close()
    memory = Memory.open(home, SETTINGS)  # nothing is kept but the journal
    assert queue == queue_of(pool, memory, SETTINGS, clock(), plan=plan)

    asked = list(queue.cards)
    assert len(set(asked)) == len(asked) == queue.learning + queue.due + queue.new
    assert not any(memory.flags(card).suspended or memory.flags(card, clock()).buried for card in asked)
    by_id = {card.id: card for card in pool}
    new = [card for card in asked if isinstance(memory.state(card), New)]
    for card in new:
        for need in by_id[card].needs:
            flags = memory.flags(need, clock())
            if isinstance(memory.state(need), New) and not (flags.suspended or flags.buried):
                assert asked.index(need) < asked.index(card)
    # Repeats come first whatever they cost; the rest fits, but for the last card.
    costs = seconds_of(pool, memory, clock())
    learning = {card.id for card in pool if getattr(memory.state(card.id), "learning", False)}
    chosen = [costs[card] for card in asked if card not in learning]
    assert sum(chosen) - max(chosen, default=0) <= 60 * minutes
    assert queue.learning == sum(card in asked for card in learning)
    memory.close()


def test_after_the_date_and_without_a_plan_the_day_is_plain(memory: Memory, clock: Clock) -> None:
    pool, plan = cards(8, 8), towards(clock, 2)
    for card in pool[:9]:
        memory.answer(card.id, Rating.GOOD, at=clock())
    for _ in range(5):
        clock.pass_days(1)
        plain = queue_of(pool, memory, SETTINGS, clock())
        over = plan.days_left(study_day(clock(), 4)) < 0
        assert (queue_of(pool, memory, SETTINGS, clock(), plan=plan) == plain) == over


def test_a_missed_day_is_made_up_for_from_what_stands(memory: Memory, clock: Clock) -> None:
    pool, plan = cards(30), towards(clock, 4, minutes=6)
    first = queue_of(pool, memory, SETTINGS, clock(), plan=plan)
    clock.pass_days(2)  # both missed
    later = queue_of(pool, memory, SETTINGS, clock(), plan=plan)
    assert later.new == len(later.cards) >= first.new > 0
    assert later == queue_of(pool, memory, SETTINGS, clock(), plan=towards(clock, 2, minutes=6))


def test_minutes_already_given_today_count(memory: Memory, clock: Clock) -> None:
    pool, plan = cards(60), towards(clock, 5, minutes=5)
    before = len(queue_of(pool, memory, SETTINGS, clock(), plan=plan).cards)
    for card in pool[:3]:
        memory.answer(card.id, Rating.GOOD, at=clock(), seconds=40)
    assert 0 < len(queue_of(pool, memory, SETTINGS, clock(), plan=plan).cards) < before
    for card in pool[3:8]:
        memory.answer(card.id, Rating.GOOD, at=clock(), seconds=40)
    queue = queue_of(pool, memory, SETTINGS, clock(), plan=plan)
    assert queue.cards == ()
    assert study_day(queue.next_due or 0, 4) == study_day(clock(), 4) + 1
    clock.pass_days(1)
    assert queue_of(pool, memory, SETTINGS, clock(), plan=plan).cards


def test_a_failed_card_is_asked_again_though_the_minutes_are_over(memory: Memory, clock: Clock) -> None:
    pool, plan = cards(5), towards(clock, 5, minutes=1)
    memory.answer(pool[3].id, Rating.AGAIN, at=clock(), seconds=200)
    assert queue_of(pool, memory, SETTINGS, clock(), plan=plan).cards == (pool[3].id,)


def test_cards_that_will_hold_wait_and_the_fragile_are_asked_before_they_are_due(memory: Memory, clock: Clock) -> None:
    pool = cards(4)
    for _ in range(6):  # two that hold for years
        clock.pass_days(60)
        for card in pool[:2]:
            memory.answer(card.id, Rating.EASY, at=clock())
    for card in pool[2:]:
        memory.answer(card.id, Rating.GOOD, at=clock())
    clock.pass_days(1)
    assert queue_of(pool, memory, SETTINGS, clock()).cards == ()
    assert set(queue_of(pool, memory, SETTINGS, clock(), plan=towards(clock, 1)).cards) == {pool[2].id, pool[3].id}


def test_on_the_day_itself_nothing_is_new_and_the_weakest_come_first(memory: Memory, clock: Clock) -> None:
    pool, plan = cards(6), towards(clock, 9, minutes=1)
    memory.answer(pool[0].id, Rating.EASY, at=clock())
    memory.answer(pool[1].id, Rating.HARD, at=clock())
    memory.answer(pool[1].id, Rating.GOOD, at=clock())
    memory.answer(pool[2].id, Rating.GOOD, at=clock())
    clock.pass_days(9)
    assert queue_of(pool, memory, SETTINGS, clock(), plan=plan).cards[:2] == (pool[1].id, pool[2].id)
    assert queue_of(pool, memory, SETTINGS, clock(), plan=plan).new == 0


def test_a_short_session_takes_what_gains_most_and_more_new_cards_can_be_asked_for(
    memory: Memory, clock: Clock
) -> None:
    pool, plan = cards(40), towards(clock, 3)
    queue = queue_of(pool, memory, SETTINGS, clock(), plan=plan)
    assert len(queue_of(pool, memory, SETTINGS, clock(), plan=plan, limit=3).cards) == 3
    assert queue_of(pool, memory, SETTINGS, clock(), plan=plan, extra_new=4).new == queue.new + 4


def test_the_plan_outlives_a_restart_the_newest_wins_and_none_clears_it(
    home: Home, memory: Memory, clock: Clock
) -> None:
    assert memory.plan() is None
    memory.note_plan(date(2026, 4, 1), 20, clock())
    clock.pass_days(1)
    memory.note_plan(date(2026, 4, 2), 25, clock())
    memory.note_plan(date(2026, 3, 9), 99, clock() - 1000)  # came late from another machine
    with_another = Memory.open(home, SETTINGS)
    assert with_another.plan() == memory.plan() == InterviewPlan(date(2026, 4, 2), 25)
    with_another.close()
    memory.note_plan(None, 0, clock())
    assert memory.plan() is None


def test_each_kind_of_answer_costs_what_the_learner_takes_for_it(memory: Memory, clock: Clock) -> None:
    usual, pool = usual_habits(), cards(100)
    for card in pool[:60]:
        memory.answer(card.id, Rating.GOOD, at=clock(), seconds=90)
    clock.pass_days(3)
    for card in pool[:60]:
        memory.answer(card.id, Rating.GOOD, at=clock(), seconds=10)
    effort = usual.measured(memory.recent_reviews(), memory.seconds_per_card()).effort()
    assert effort.new / effort.passed > 2.5 * usual.effort().new / usual.effort().passed
    study = study_towards(towards(clock, 3), [memory.state(card.id) for card in pool], memory, SETTINGS, clock())
    assert study.seconds.tolist() == [0.0, 600.0, 600.0]  # today's ten minutes are spent
    assert study.cards.new.sum() == 40
    assert set(study.cards.last[:60]) == {0}


def test_seconds_scale_with_the_learners_mean_where_kinds_are_not_known() -> None:
    usual = usual_habits()
    one, two = usual.measured([], 10.0).effort(), usual.measured([], 20.0).effort()
    for name in ("new", "passed", "failed"):
        assert getattr(two, name) == pytest.approx(2 * getattr(one, name))
    assert replace(usual, repeats=False).effort().new < usual.effort().new
