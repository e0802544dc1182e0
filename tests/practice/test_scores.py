"""Scores: nothing before the first answer, and every part derived from the same reviews."""

from __future__ import annotations

import json

import pytest

from prep_app.content.model import Library
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.practice.scores import scores
from prep_app.settings import Settings
from tests.conftest import Clock


def test_before_the_first_answer_there_is_nothing_to_score(library: Library, memory: Memory, clock: Clock) -> None:
    found = scores(library, memory, Settings(), clock())
    assert (found.now.reviews_total, found.now.readiness, found.calibration_error) == (0, 0.0, None)
    assert (found.trouble, found.calibration, sum(found.load)) == ((), (), 0)
    assert json.loads(json.dumps(found.as_json()))["reviews_total"] == 0


def test_topics_days_and_load_add_up_to_the_whole(library: Library, memory: Memory, clock: Clock) -> None:
    cards = list(library.cards.values())[:12]
    for day in range(8):
        for card in cards[: 4 + day]:
            memory.answer(card.id, Rating.AGAIN if card is cards[0] else Rating.GOOD, at=clock(), seconds=5)
            clock.pass_seconds(30)
        clock.pass_days(1)
    found = scores(library, memory, Settings(), clock())
    assert sum(day.reviews for day in found.days) == found.now.reviews_total
    assert sum(day.seconds for day in found.days) == pytest.approx(found.now.seconds_total)
    assert sum(topic.cards for topic in found.topics) == found.now.cards
    whole = sum(topic.mastery * topic.cards for topic in found.topics) / found.now.cards
    assert whole == pytest.approx(found.now.readiness)
    assert found.load[:7] == found.now.forecast
    assert any(day.readiness is not None for day in found.days)
    body = json.loads(json.dumps(found.as_json()))
    assert {"readiness", "topics", "days", "calibration", "trouble", "load"} <= body.keys()
