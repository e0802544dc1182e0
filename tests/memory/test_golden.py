"""Golden sequences: what a card's memory becomes is what fsrs-rs makes of the days as they were lived."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from fsrs_rs_python import DEFAULT_PARAMETERS, FSRS, FSRSItem, FSRSReview

from prep_app.content.model import CardId
from prep_app.memory.store import Memory
from prep_app.memory.types import Learned, Rating
from prep_app.paths import Home
from prep_app.settings import Settings

CARD = CardId("card")
BERLIN, NEW_YORK, TOKYO, UTC = "Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC"
Review = tuple[str, str, str]  # where, local time, rating

# Each with the days that have gone by before each review, counted by hand; a study day turns at 04:00 local time.
SEQUENCES: dict[str, tuple[list[Review], list[int]]] = {
    "plain days": (
        [(UTC, "2026-03-02T10:00", "good"), (UTC, "2026-03-04T10:00", "good"), (UTC, "2026-03-15T10:00", "again"), (UTC, "2026-03-16T10:00", "easy")],
        [0, 2, 11, 1],
    ),
    "same-day reviews": (
        [
            (UTC, "2026-03-02T10:00", "again"),
            (UTC, "2026-03-02T10:01", "hard"),
            (UTC, "2026-03-02T10:07", "good"),
            (UTC, "2026-03-03T03:59", "easy"),
            (UTC, "2026-03-03T04:00", "good"),
        ],
        [0, 0, 0, 0, 1],
    ),
    "the night that summer time begins in Berlin": (
        [
            (BERLIN, "2026-03-28T05:00", "good"),
            (BERLIN, "2026-03-29T03:59", "hard"),  # 21 h 59 min later, and the same study day
            (BERLIN, "2026-03-29T04:00", "good"),
            (BERLIN, "2026-03-30T04:00", "good"),
        ],
        [0, 0, 1, 1],
    ),
    "the night that summer time ends in Berlin": (
        [
            (BERLIN, "2026-10-24T04:00", "good"),
            (BERLIN, "2026-10-25T03:59", "good"),  # 24 h 59 min later, and the same study day
            (BERLIN, "2026-10-25T04:00", "again"),
            (BERLIN, "2026-10-27T03:00", "good"),
        ],
        [0, 0, 1, 1],
    ),
    "the night that summer time begins in New York": (
        [(NEW_YORK, "2026-03-07T23:00", "good"), (NEW_YORK, "2026-03-08T03:30", "good"), (NEW_YORK, "2026-03-08T23:00", "good"), (NEW_YORK, "2026-03-10T04:30", "hard")],
        [0, 0, 1, 2],
    ),
    "the night that summer time ends in New York": (
        [(NEW_YORK, "2026-10-31T04:30", "easy"), (NEW_YORK, "2026-11-01T03:30", "good"), (NEW_YORK, "2026-11-01T04:30", "good"), (NEW_YORK, "2026-11-02T03:59", "good")],
        [0, 0, 1, 0],
    ),
    "a flight to the west": (
        [
            (BERLIN, "2026-06-10T05:00", "good"),  # still the evening before in New York
            (NEW_YORK, "2026-06-10T20:00", "good"),
            (NEW_YORK, "2026-06-11T05:00", "good"),
        ],
        [0, 0, 1],
    ),
    "a flight to the east": (
        [(NEW_YORK, "2026-06-10T20:00", "good"), (TOKYO, "2026-06-12T05:00", "good"), (TOKYO, "2026-06-15T05:00", "again"), (BERLIN, "2026-06-15T05:00", "good")],
        [0, 2, 3, 0],
    ),
    "west across a day's end, so that the day goes back": (
        [(TOKYO, "2026-06-10T04:30", "good"), (NEW_YORK, "2026-06-09T22:00", "good"), (NEW_YORK, "2026-06-10T04:30", "good")],
        [0, 0, 1],
    ),
    "29 February": (
        [(BERLIN, "2028-02-28T10:00", "good"), (BERLIN, "2028-02-29T10:00", "good"), (BERLIN, "2028-03-01T10:00", "hard"), (BERLIN, "2029-03-01T10:00", "good")],
        [0, 1, 1, 365],
    ),
    "no 29 February": (
        [(BERLIN, "2027-02-28T10:00", "good"), (BERLIN, "2027-03-01T10:00", "good"), (BERLIN, "2028-03-01T10:00", "good")],
        [0, 1, 366],
    ),
    "a gap of ten years": (
        [(NEW_YORK, "2026-05-01T10:00", "good"), (NEW_YORK, "2026-05-03T10:00", "good"), (NEW_YORK, "2036-05-03T10:00", "again"), (NEW_YORK, "2036-05-04T10:00", "good")],
        [0, 2, 3653, 1],
    ),
}  # fmt: skip


@pytest.fixture
def travel() -> Iterator[Callable[[str], None]]:
    """Set the clock of this process to another time zone."""
    before = os.environ.get("TZ")

    def to(zone: str) -> None:
        os.environ["TZ"] = zone
        time.tzset()

    yield to
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


def answer(memory: Memory, review: Review, travel: Callable[[str], None]) -> None:
    zone, local, rating = review
    travel(zone)
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).timestamp()
    memory.answer(CARD, Rating[rating.upper()], at=round(at * 1000))


def expected(reviews: list[Review], days: list[int]) -> tuple[float, float, float]:
    """Stability, difficulty and interval by fsrs-rs."""
    engine = FSRS(DEFAULT_PARAMETERS)
    ratings = [Rating[rating.upper()] for _, _, rating in reviews]
    item = FSRSItem([FSRSReview(rating, gone) for rating, gone in zip(ratings, days, strict=True)])
    state = engine.memory_state(item)
    return state.stability, state.difficulty, engine.next_interval(state.stability, 0.9, ratings[-1])


def held(memory: Memory) -> tuple[float, float, float]:
    state = memory.state(CARD)
    assert isinstance(state, Learned)
    return state.stability, state.difficulty, state.interval_days


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_sequence_is_what_fsrs_rs_makes_of_the_days_lived(
    name: str, memory: Memory, travel: Callable[[str], None]
) -> None:
    reviews, days = SEQUENCES[name]
    for count in range(1, len(reviews) + 1):
        answer(memory, reviews[count - 1], travel)
        assert held(memory) == pytest.approx(expected(reviews[:count], days[:count]), rel=1e-4)


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("elsewhere", [TOKYO, NEW_YORK])
def test_it_stays_so_when_the_journal_is_folded_in_another_time_zone(
    name: str, elsewhere: str, home: Home, travel: Callable[[str], None]
) -> None:
    reviews, days = SEQUENCES[name]
    memory = Memory.open(home, Settings())
    for review in reviews:
        answer(memory, review, travel)
    memory.close()
    travel(elsewhere)
    memory = Memory.open(home, Settings())
    assert held(memory) == pytest.approx(expected(reviews, days), rel=1e-4)
    moved = memory.state(CARD)
    memory.close()
    home.cache.unlink()
    memory = Memory.open(home, Settings())
    assert memory.state(CARD) == moved
    memory.close()


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("order", ["backwards", "middle last", "first last"])
def test_reviews_entered_late_are_replayed_in_their_place(
    name: str, order: str, memory: Memory, travel: Callable[[str], None]
) -> None:
    reviews, days = SEQUENCES[name]
    late = {"backwards": reviews[::-1], "middle last": reviews[:1] + reviews[2:] + reviews[1:2], "first last": reviews[1:] + reviews[:1]}  # fmt: skip
    for review in late[order]:
        answer(memory, review, travel)
    assert held(memory) == pytest.approx(expected(reviews, days), rel=1e-4)


def test_a_clock_that_was_set_back_does_not_undo_what_came_before(
    memory: Memory, travel: Callable[[str], None]
) -> None:
    first, second = (UTC, "2026-03-10T10:00", "good"), (UTC, "2026-03-01T10:00", "again")
    answer(memory, first, travel)
    answer(memory, second, travel)  # by the clock it was given nine days earlier
    assert held(memory) == pytest.approx(expected([second, first], [0, 9]), rel=1e-4)
    assert len(memory.reviews()) == 2


def test_the_figures_themselves_are_those_of_fsrs_6() -> None:
    """Written down, so that another version of the engine with other results shows."""
    figures = {
        name: expected(*SEQUENCES[name])[:2] for name in ("plain days", "same-day reviews", "a gap of ten years")
    }
    assert figures == {
        "plain days": pytest.approx((5.313302, 6.506073), rel=1e-4),
        "same-day reviews": pytest.approx((2.491742, 6.760821), rel=1e-4),
        "a gap of ten years": pytest.approx((5.465279, 7.380074), rel=1e-4),
    }
