"""Stats, as a learner reads it: at the start, and after some weeks; a mock is opened again from there."""

from __future__ import annotations

import pytest

from prep_app.paths import Home
from prep_app.practice.mock_kept import history, unmarked
from tests.ui.conftest import Learner, Opened
from tests.ui.weeks import install_course

pytestmark = pytest.mark.usefixtures("only_installed")


async def to_stats(learner: Learner) -> None:
    await learner.press("s")
    await learner.until(lambda: learner.app.screen.found)  # type: ignore[attr-defined]
    await learner.pilot.pause()


def everything(learner: Learner) -> str:
    return "\n".join(str(part.render()) for part in learner.app.screen.query("#column Static, #column Hanging"))


async def test_on_the_first_day_it_says_that_there_is_nothing_yet(opened: Opened, home: Home) -> None:
    install_course(home)
    async with opened() as learner:
        await to_stats(learner)
        read = everything(learner)
        for said in ("0 reviews", "i in Home begins one", "Nothing to compare yet", "No card was forgotten"):
            assert said in read
        assert not learner.app.screen.query("PlotView")
        await learner.press("m", "enter", "escape")
        assert learner.screen == "HomeScreen"


async def test_after_some_weeks_every_section_has_something_to_say_at_every_size(opened: Opened, weeks: None) -> None:
    async with opened() as learner:
        await to_stats(learner)
        for size in [(60, 20), (80, 24), (120, 40)]:
            await learner.pilot.resize_terminal(*size)
            await learner.pilot.pause()
            read = everything(learner)
            for words in ("Readiness and mocks", "best ", "Reviews by day", "○ predicted", "in the next 7 days"):
                assert words in read
            assert "forgotten" in read
            await learner.press("end")
            assert "forgotten" in learner.reads(), "the hardest cards stand last"
            assert max(map(len, learner.reads().split("\n"))) <= size[0]
            await learner.press("home")
            assert "Ready" in learner.reads()


async def test_a_past_mock_is_opened_again_and_counted_if_it_was_not(opened: Opened, weeks: None) -> None:
    async with opened() as learner:
        memory = learner.app.desk.memory
        newest = history(memory)[-1]
        before = len(memory.reviews())
        await to_stats(learner)
        await learner.press("m", "enter")
        await learner.until(lambda: learner.screen == "ReportScreen" and learner.app.screen.shown)  # type: ignore[attr-defined]
        await learner.pilot.pause()
        assert f"{newest.score * 100:.0f} %" in learner.reads()
        assert "Study " in learner.reads()
        await learner.press("g", "enter")
        await learner.until(lambda: "counted as reviews" in learner.reads())
        assert len(memory.reviews()) == before + len(newest.countable)
        await learner.press("q")
        await learner.until(lambda: learner.screen == "StatsScreen" and f"{before + 4} reviews" in everything(learner))
        await learner.press("enter")
        await learner.until(lambda: learner.screen == "ReportScreen" and learner.app.screen.shown)  # type: ignore[attr-defined]
        await learner.press("g")
        assert learner.screen == "ReportScreen", "it was counted already, and says so"
        assert "counted as reviews" in learner.reads()
        await learner.press("escape")
        await learner.press("down")
        assert "By topic" in learner.reads()
        await learner.press("escape", "escape")
        assert learner.screen == "HomeScreen"


async def test_a_mock_that_waits_is_marked_from_here(opened: Opened, weeks: None) -> None:
    async with opened() as learner:
        await to_stats(learner)
        await learner.press("m", "up", "enter")
        assert learner.screen == "MarkingScreen"
        await learner.press("q", "x")
        await learner.until(lambda: learner.screen == "StatsScreen")
        assert unmarked(learner.app.desk.memory) == ()
        await learner.until(lambda: "not marked yet" not in everything(learner))
