"""What a plan comes to, told from the learner's present state."""

from __future__ import annotations

from datetime import date

import pytest

from prep_app.content.model import Library, Pack
from prep_app.memory.days import study_day
from prep_app.memory.schedule import recall
from prep_app.memory.store import Memory
from prep_app.memory.types import InterviewPlan, Rating
from prep_app.practice.interview import outlook, standing
from prep_app.settings import Settings
from tests.conftest import Clock


def in_days(clock: Clock, days: int) -> date:
    return date.fromordinal(study_day(clock(), 4) + days)


def test_the_outlook_adds_up(library: Library, memory: Memory, settings: Settings, clock: Clock) -> None:
    plan = InterviewPlan(in_days(clock, 12), 20)
    for card in list(library.cards)[:20]:
        memory.answer(card, Rating.GOOD, at=clock(), seconds=20)
    clock.pass_days(1)
    ahead = outlook(library, memory, settings, clock(), plan)
    assert ahead == outlook(library, memory, settings, clock(), plan)
    assert ahead.days == len(ahead.reviews_per_day) == len(ahead.new_per_day) == 11
    assert ahead.cards == len(library.cards)
    assert sum(ahead.new_per_day) <= ahead.cards - 20 + ahead.days  # rounded by day
    low, high = ahead.interval
    assert 0 <= low < ahead.expected_recall < high <= 1
    assert ahead.expected_recall > ahead.expected_recall_without
    less = outlook(library, memory, settings, clock(), InterviewPlan(plan.date, 3))
    assert less.expected_recall < ahead.expected_recall
    assert sum(less.new_per_day) < sum(ahead.new_per_day)


def test_on_the_date_readiness_is_what_is_recalled_now(
    library: Library, memory: Memory, settings: Settings, clock: Clock
) -> None:
    memory.note_plan(in_days(clock, 3), 5, clock())
    for card in library.cards:
        memory.answer(card, Rating.GOOD, at=clock())
    clock.pass_days(3)
    stand = standing(library, memory, settings, clock())
    assert stand is not None
    now = sum(recall(memory.state(card), clock()) for card in library.cards) / len(library.cards)
    assert stand.readiness == pytest.approx(now)
    assert (stand.days_left, stand.minutes) == (0, 5)
    assert stand.today > 0
    assert stand.sentence.startswith("The interview is today: you would recall")
    clock.pass_days(1)
    assert standing(library, memory, settings, clock()) is None


def test_where_one_stands_comes_from_the_plan_that_stands(
    library: Library, memory: Memory, settings: Settings, clock: Clock
) -> None:
    assert standing(library, memory, settings, clock()) is None
    memory.note_plan(in_days(clock, 1), 10, clock())
    eve = standing(library, memory, settings, clock())
    assert eve is not None
    assert "tomorrow" in eve.sentence
    memory.note_plan(in_days(clock, 20), 10, clock())
    stand = standing(library, memory, settings, clock())
    assert stand is not None
    assert stand.readiness > eve.readiness + 0.2
    assert f"today {stand.today} cards" in stand.sentence
    first = next(iter(library.cards))
    memory.answer(first, Rating.GOOD, at=clock(), seconds=601)
    spent = standing(library, memory, settings, clock())
    assert spent is not None
    assert spent.today == 0
    assert spent.sentence.endswith("today is done.")


def test_suspended_cards_are_no_part_of_the_interview_and_no_cards_are_no_trouble(
    library: Library, memory: Memory, settings: Settings, clock: Clock
) -> None:
    plan = InterviewPlan(in_days(clock, 4), 10)
    for card in list(library.cards)[:7]:
        memory.suspend(card, clock())
    assert outlook(library, memory, settings, clock(), plan).cards == len(library.cards) - 7
    nothing = outlook(Library((Pack("empty", "Empty", "", ()),)), memory, settings, clock(), plan)
    assert (nothing.cards, nothing.expected_recall, nothing.interval) == (0, 0.0, (0.0, 0.0))
