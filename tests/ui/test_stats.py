"""Stats, as a learner reads it: at the start, and after some weeks."""

from __future__ import annotations

import time

import pytest

from prep_app.content.library import library_for
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.conftest import DAY
from tests.ui.conftest import Opened


def some_weeks(home: Home) -> None:
    memory, now = Memory.open(home, Settings()), time.time_ns() // 1_000_000
    cards = list(library_for(home).cards.values())[:10]
    for back in range(40, 0, -2):
        for number, card in enumerate(cards):
            rating = Rating.AGAIN if (back + number) % 6 == 0 else Rating.GOOD
            memory.answer(card.id, rating, at=now - back * DAY + number * 60_000, seconds=20)
    memory.close()


async def test_on_the_first_day_it_says_that_there_is_nothing_yet(opened: Opened) -> None:
    async with opened() as learner:
        await learner.press("s")
        await learner.until(lambda: "0 reviews" in learner.reads())
        await learner.press("end", "pagedown", "pagedown", "pagedown", "pagedown", "pagedown")
        assert "No card was forgotten" in learner.reads()
        await learner.press("escape")
        assert learner.screen == "HomeScreen"


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
async def test_after_some_weeks_every_section_has_something_to_say(opened: Opened, home: Home, size) -> None:  # type: ignore[no-untyped-def]
    some_weeks(home)
    async with opened(size) as learner:
        await learner.press("s")
        await learner.until(lambda: "Readiness" in learner.reads())
        read = learner.reads()
        for _ in range(12):
            await learner.press("space")
            read += learner.reads()
        for words in ("Reviews by day", "What you would recall now", "○ predicted", "What is coming", "Hardest cards"):
            assert words in read
        assert "forgotten" in read
        assert "{" not in read
        assert max(len(line) for line in learner.reads().split("\n")) <= size[0]
