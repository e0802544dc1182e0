"""The past as the journal has it: derived again by hand in the simplest way, and compared."""

from __future__ import annotations

import pytest

from prep_app.content.body import KeyPoint, Recall
from prep_app.content.model import Card, CardId, DemoLink, QuestionId
from prep_app.memory.days import day_start, study_day
from prep_app.memory.history import by_day, calibration, calibration_error, replay, trouble
from prep_app.memory.schedule import PARAMETERS, recall
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.settings import Settings
from tests.conftest import Clock
from tests.memory.test_queue import packed

SETTINGS = Settings()
CARDS = [
    Card(CardId(f"c{n}"), QuestionId("Q"), "topic", "?", "!", Recall((KeyPoint("k"),)), demo=DemoLink("nf4_quantize") if n else None)
    for n in range(4)
]  # fmt: skip


def learn(memory: Memory, clock: Clock, days: int = 30) -> None:
    """Answer every card now and then, some of them wrongly."""
    for day in range(days):
        for number, card in enumerate(CARDS):
            if day % (number + 2) == 0:
                rating = Rating.AGAIN if (day + number) % 7 == 3 else Rating.GOOD
                memory.answer(card.id, rating, at=clock(), seconds=10 + number)
                clock.pass_seconds(60)
        clock.pass_days(1)


def test_the_replay_ends_where_the_memory_stands(memory: Memory, clock: Clock) -> None:
    learn(memory, clock)
    today = study_day(clock(), SETTINGS.rollover_hour)
    past = replay(memory.reviews(), SETTINGS, PARAMETERS, [today])
    assert past.ends[today] == {card.id: memory.state(card.id) for card in CARDS}
    assert past.outcomes
    assert all(0 < outcome.predicted < 1 for outcome in past.outcomes)


def test_readiness_on_a_past_day_is_what_it_was_on_that_day(memory: Memory, clock: Clock) -> None:
    learn(memory, clock, days=10)
    end_of_day = clock()
    day = study_day(end_of_day, SETTINGS.rollover_hour) - 1
    then = {card.id: memory.state(card.id) for card in CARDS}
    learn(memory, clock, days=10)
    reviews = memory.reviews()
    days = {
        one.day: one
        for one in by_day(reviews, replay(reviews, SETTINGS, PARAMETERS, [day]), [card.id for card in CARDS], SETTINGS)
    }
    at = days[day]
    end = day_start(day + 1, SETTINGS.rollover_hour)
    assert at.readiness == pytest.approx(sum(recall(then[card.id], end) for card in CARDS) / len(CARDS))
    assert sum(one.reviews for one in days.values()) == len(reviews)
    assert sum(one.seconds for one in days.values()) == pytest.approx(sum(review.seconds or 0 for review in reviews))


def test_calibration_counts_every_outcome_once_and_weighs_the_error_by_reviews(memory: Memory, clock: Clock) -> None:
    learn(memory, clock)
    outcomes = replay(memory.reviews(), SETTINGS, PARAMETERS).outcomes
    bins = calibration(outcomes)
    assert sum(one.reviews for one in bins) == len(outcomes)
    assert sum(one.reviews * one.recalled for one in bins) == pytest.approx(sum(o.recalled for o in outcomes))
    error = calibration_error(bins)
    assert error is not None
    assert 0 <= error <= 1
    assert calibration_error(()) is None


def test_practice_undo_and_a_raised_revision_are_replayed_as_they_happened(memory: Memory, clock: Clock) -> None:
    learn(memory, clock, days=5)
    memory.answer(CARDS[0].id, Rating.AGAIN, at=clock(), practice=True)
    memory.answer(CARDS[1].id, Rating.AGAIN, at=clock())
    memory.undo(clock())
    memory.answer(CARDS[2].id, Rating.EASY, at=clock(), revision=2)
    clock.pass_days(1)
    today = study_day(clock(), SETTINGS.rollover_hour)
    ends = replay(memory.reviews(), SETTINGS, PARAMETERS, [today]).ends[today]
    assert ends == {card.id: memory.state(card.id) for card in CARDS}


def test_a_card_that_lapses_again_and_again_is_named_with_a_remedy(memory: Memory, clock: Clock) -> None:
    for _ in range(5):
        for card in CARDS[:2]:
            memory.answer(card.id, Rating.GOOD, at=clock())
            memory.answer(card.id, Rating.GOOD, at=clock())
        clock.pass_days(10)
        for card in CARDS[:2]:
            memory.answer(card.id, Rating.AGAIN, at=clock())
    found = trouble(packed(CARDS), memory)
    assert {one.card for one in found} == {"c0", "c1"}
    assert all(one.leech for one in found)
    assert {one.remedy for one in found} == {
        "run its demo, nf4_quantize, or suspend it (@)",
        "split it or write it anew in your own words, or suspend it (@)",
    }
