"""All folded at once gives exactly what answer by answer gave."""

from __future__ import annotations

import random

import pytest

from prep_app.content.model import CardId
from prep_app.memory.schedule import PARAMETERS, Parameters
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.conftest import DAY, Clock

OTHERS: Parameters = (0.05, 0.15, 0.4, 1.0, *PARAMETERS[4:20], 0.3)


@pytest.mark.parametrize("parameters", [PARAMETERS, OTHERS])
@pytest.mark.parametrize("settings", [Settings(), Settings(desired_retention=0.8, rollover_hour=0)])
def test_a_rebuild_is_what_answer_by_answer_gave(
    parameters: Parameters, settings: Settings, home: Home, clock: Clock
) -> None:
    memory = Memory.open(home, settings)
    memory.note_fit({"parameters": list(parameters), "kept": True, "reviews": 0}, clock())
    chance = random.Random(3)
    cards = [CardId(f"card-{number}") for number in range(40)]
    for _ in range(400):
        clock.at += chance.choice([0, 60_000, 6 * 60_000, DAY // 3, DAY, 5 * DAY])
        card = chance.choice(cards)
        seconds = chance.choice([None, 2.5, 17.1])
        memory.answer(card, Rating(chance.choice([1, 2, 2, 3, 3, 4])), at=clock.at, seconds=seconds)
    memory.mark(cards[0], clock())
    held = [(memory.state(card), memory.answers(card), memory.flags(card)) for card in cards]
    sums = memory.spaced_reviews(), memory.seconds_per_card()
    memory.close()
    home.cache.unlink()
    rebuilt = Memory.open(home, settings)
    assert [(rebuilt.state(card), rebuilt.answers(card), rebuilt.flags(card)) for card in cards] == held
    assert (rebuilt.spaced_reviews(), rebuilt.seconds_per_card()) == pytest.approx(sums)
    rebuilt.close()
