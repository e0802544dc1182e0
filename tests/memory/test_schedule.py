"""The schedule is fsrs-rs's, in calendar days."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from fsrs_rs_python import DEFAULT_PARAMETERS, FSRS, FSRSItem, FSRSReview

from prep_app.content.model import CardId
from prep_app.memory.days import day_start, study_day
from prep_app.memory.schedule import PARAMETERS, next_memory, preview, recall
from prep_app.memory.store import Memory
from prep_app.memory.types import CardMemory, Learned, New, Rating
from prep_app.settings import Settings
from tests.conftest import DAY, Clock

NEW = New()


@pytest.fixture
def berlin() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


def ms(year: int, month: int, day: int, hour: int = 10, minute: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute).timestamp() * 1000)


def test_200_random_histories_give_what_fsrs_rs_gives(memory: Memory, clock: Clock, settings: Settings) -> None:
    engine = FSRS(DEFAULT_PARAMETERS)
    chance = random.Random(7)
    for number in range(200):
        card, reviews, at = CardId(f"card-{number}"), [], clock.at
        day = study_day(at, 4)
        for _ in range(chance.randint(1, 12)):
            at += chance.choice([60_000, 5 * 60_000, DAY, 3 * DAY, 20 * DAY, 400 * DAY])
            rating = Rating(chance.randint(1, 4))
            elapsed, day = (study_day(at, 4) - day if reviews else 0), study_day(at, 4)
            before = engine.memory_state(FSRSItem(reviews)) if reviews else None
            states = engine.next_states(before, 0.9, elapsed)
            reviews.append(FSRSReview(int(rating), elapsed))
            after = memory.answer(card, rating, at=at).memory
            expected = engine.memory_state(FSRSItem(reviews))
            assert after.stability == pytest.approx(expected.stability, rel=1e-4)
            assert after.difficulty == pytest.approx(expected.difficulty, rel=1e-4)
            wanted = [states.again, states.hard, states.good, states.easy][rating - 1].interval
            assert after.interval_days == pytest.approx(wanted, rel=1e-4)


def test_a_failed_card_comes_back_within_minutes_and_a_known_one_on_another_day(settings: Settings) -> None:
    at = ms(2026, 3, 2)
    failed = next_memory(NEW, Rating.AGAIN, at, settings)
    assert failed.learning
    assert failed.due_ms - at <= 10 * 60_000
    known = next_memory(NEW, Rating.GOOD, at, settings)
    assert not known.learning
    assert known.due_ms == ms(2026, 3, 4, 4)


def test_the_day_turns_at_four_in_the_morning() -> None:
    assert study_day(ms(2026, 3, 3, 3, 59), 4) == study_day(ms(2026, 3, 2), 4)
    assert study_day(ms(2026, 3, 3, 4), 4) == study_day(ms(2026, 3, 2), 4) + 1
    assert study_day(ms(2026, 3, 3, 3, 59), 0) == study_day(ms(2026, 3, 2), 0) + 1


@pytest.mark.usefixtures("berlin")
def test_days_are_calendar_days_across_a_change_of_clocks() -> None:
    saturday, sunday, monday = (ms(2026, 3, day) for day in (28, 29, 30))  # 29 March 2026 has 23 hours
    assert [study_day(at, 4) - study_day(saturday, 4) for at in (sunday, monday)] == [1, 2]
    assert day_start(study_day(monday, 4), 4) == ms(2026, 3, 30, 4)


def test_a_clock_set_back_counts_as_the_same_day(settings: Settings) -> None:
    first = next_memory(NEW, Rating.GOOD, ms(2026, 3, 10), settings)
    back = next_memory(first, Rating.GOOD, ms(2026, 3, 1), settings)
    same = next_memory(first, Rating.GOOD, ms(2026, 3, 10, 12), settings)
    assert back.stability == same.stability


def test_a_leap_day_and_a_gap_of_ten_years_are_counted(settings: Settings) -> None:
    first = next_memory(NEW, Rating.GOOD, ms(2028, 2, 28), settings)
    assert study_day(ms(2028, 3, 1), 4) - study_day(ms(2028, 2, 28), 4) == 2
    later = next_memory(first, Rating.GOOD, ms(2038, 2, 28), settings)
    states = FSRS(DEFAULT_PARAMETERS).next_states(_state(first), 0.9, 3653)
    assert later.stability == pytest.approx(states.good.memory.stability, rel=1e-4)


def test_predicted_recall_is_ninety_percent_after_one_stability(settings: Settings) -> None:
    known = next_memory(NEW, Rating.EASY, ms(2026, 3, 2), settings)
    after = known.last_ms + round(known.stability * DAY)
    assert recall(known, after) == pytest.approx(0.9, abs=1e-6)
    assert recall(NEW, after) == 0


def test_better_grades_never_come_back_sooner(settings: Settings) -> None:
    states: list[CardMemory] = [NEW, next_memory(NEW, Rating.GOOD, ms(2026, 1, 1), settings)]
    for state in states:
        outcomes = preview(state, ms(2026, 3, 2), settings, PARAMETERS)
        dues = [outcomes[rating].due for rating in Rating]
        assert dues == sorted(dues)


def _state(memory: Learned):  # type: ignore[no-untyped-def]
    from fsrs_rs_python import MemoryState

    return MemoryState(memory.stability, memory.difficulty)
