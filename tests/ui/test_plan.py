"""The interview's date, set in Home: what comes of it is told before it is kept, and Home aims at it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.settings import Settings
from prep_app.ui.screens.study.screen import StudyScreen
from tests.ui.conftest import Learner, Opened
from tests.ui.one_card import RECALL, install
from tests.ui.test_kinds import say

SOON = date.today() + timedelta(days=10)


def kept(home: Home) -> object:
    memory = Memory.open(home, Settings())
    try:
        return memory.plan()
    finally:
        memory.close()


async def ask_for(learner: Learner, day: str) -> None:
    await learner.press("t")
    assert learner.screen == "PlanScreen"
    await learner.press("ctrl+u", "end", "ctrl+u")
    await say(learner, day)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
async def test_a_date_is_set_seen_on_home_and_taken_away(opened: Opened, home: Home, size) -> None:  # type: ignore[no-untyped-def]
    async with opened(size) as learner:
        assert "recalled if asked now" in learner.reads()
        await ask_for(learner, str(SOON))
        await learner.until(lambda: "recalled on the day" in learner.reads())
        await learner.press("enter")
        await learner.until(lambda: "expected on" in learner.reads())
        assert "in 10 days" in learner.reads()
        assert kept(home) is not None
        await ask_for(learner, "")
        await learner.press("enter")
        await learner.until(lambda: "recalled if asked now" in learner.reads())
        assert kept(home) is None


@pytest.mark.parametrize("day", ["tomorrow", "2026-13-40", "1999-01-01", "🦙", "9999-12-31"])
async def test_a_day_that_cannot_be_planned_for_is_refused_in_words(opened: Opened, home: Home, day: str) -> None:
    async with opened() as learner:
        await ask_for(learner, day)
        await learner.press("enter")
        assert learner.screen == "PlanScreen"
        assert any(words in learner.reads() for words in ("write a day as", "give a day from"))
        await learner.press("escape")
        assert learner.screen == "HomeScreen"
        assert kept(home) is None


async def test_the_session_asks_what_the_plan_asks(opened: Opened, home: Home) -> None:
    install(home, *(RECALL.replace("id: recall", f"id: r{n}") for n in range(3)))
    memory = Memory.open(home, Settings())
    memory.note_plan(SOON, 25, 0)
    memory.close()
    async with opened(study=["T1"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        assert isinstance(learner.app.screen, StudyScreen)
        assert learner.app.screen.session.total == 3
