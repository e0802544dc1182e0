"""A clock that is set back and forth while somebody studies: every answer is kept, and the schedule stays sane."""

from __future__ import annotations

import random

import pytest

from prep_app.content.model import Library
from prep_app.memory.store import Memory
from prep_app.memory.types import Learned, Rating
from prep_app.paths import Home
from prep_app.practice.session import LONGEST_ANSWER, Session
from prep_app.practice.today import today
from prep_app.settings import Settings
from tests.conftest import DAY, Clock

MINUTE, YEAR = 60_000, 365 * DAY
JUMPS = [0, 0, 1, 10 * MINUTE, -10 * MINUTE, DAY, -DAY, 30 * DAY, -30 * DAY, YEAR, -YEAR, 20 * YEAR, -40 * YEAR]
LONGEST_INTERVAL = 36_500  # days, as FSRS bounds it


@pytest.mark.parametrize("seed", range(2))
def test_a_clock_set_back_and_forth_loses_no_answer(home: Home, library: Library, clock: Clock, seed: int) -> None:
    chance, settings = random.Random(seed), Settings()
    memory = Memory.open(home, settings)
    given: list[str] = []
    while len(given) < 60:
        session = Session.start(library, memory, settings, clock=clock, extra_new=5)
        for _ in range(8):
            if (card := session.current) is None:
                break
            clock.at += chance.choice(JUMPS) + 7_000
            session.previews()
            reviewed = session.grade(chance.choice(list(Rating)))
            given.append(reviewed.entry)
            state = memory.state(card.id, card.revision)
            assert isinstance(state, Learned)
            assert state.stability > 0
            assert 0 <= state.due_ms - state.last_ms <= LONGEST_INTERVAL * DAY + DAY
            if chance.random() < 0.2:
                clock.at += chance.choice(JUMPS)
                session.undo()
                given.pop()
        session.summary()
        shown = today(library, memory, settings, clock())
        assert 0 <= shown.readiness <= 1
        assert shown.minutes >= 0
    reviews = memory.reviews()
    assert {review.entry for review in reviews} == set(given)
    assert all(0 <= (review.seconds or 0) <= LONGEST_ANSWER for review in reviews)
    states = {card: memory.state(card) for card in library.cards}
    memory.close()
    home.cache.unlink()
    anew = Memory.open(home, settings)
    assert {card: anew.state(card) for card in library.cards} == states
    anew.close()
