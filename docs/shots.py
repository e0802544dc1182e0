"""Render the pictures in this folder from the app itself: real cards, a real demo run.

make docs
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from textual.pilot import Pilot

from prep_app.content.model import CardId, DemoLink
from prep_app.lab.catalogue import catalogue
from prep_app.memory.days import now
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.practice.session import Session
from prep_app.settings import Settings
from prep_app.ui.app import PrepApp
from prep_app.ui.screens.bench.predict import PredictScreen
from prep_app.ui.screens.bench.screen import BenchScreen
from prep_app.ui.screens.study.screen import StudyScreen

HERE = Path(__file__).parent
CARD = CardId("q4-overhead")
DEMO = "low_rank"
DAY = 86_400_000


async def shoot() -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = PrepApp(Home(Path(folder)), Settings())
        async with app.run_test(size=(120, 36)) as pilot:
            await app.opened.wait()
            desk = app.desk
            assert desk is not None
            for number, card in enumerate(list(desk.library.cards)[:14]):  # a learner a few days in
                desk.memory.answer(card, Rating.GOOD, at=now() - (number % 4) * DAY, seconds=35)
            await app.home_screen.look()
            await pilot.pause()
            app.save_screenshot(str(HERE / "home.svg"))

            session = Session.start(desk.library, desk.memory, desk.settings, clock=now, cards=(CARD,))
            screen = StudyScreen(desk, session)
            app.push_screen(screen)
            await pilot.pause()
            right = next(n for n, option in enumerate(session.asked.options, 1) if option.correct)
            await pilot.press(str(right), "space", "d")
            while screen.pane is None or screen.pane.running or not screen.pane.checks:
                await pilot.pause(0.1)
            await pilot.pause(0.5)
            app.save_screenshot(str(HERE / "study.svg"))

            bench = BenchScreen(desk, DemoLink(DEMO), catalogue()[DEMO], app.lab)
            app.push_screen(bench)
            while not isinstance(app.screen, PredictScreen):
                await pilot.pause(0.1)
            await pilot.press(*"50-80", "enter")
            await until_run(pilot, bench, 1)
            await pilot.press("home")
            await pilot.pause(0.5)
            app.save_screenshot(str(HERE / "lab.svg"))


async def until_run(pilot: Pilot[int], bench: BenchScreen, number: int) -> None:
    """Wait for a run of the bench's demo to end and be drawn."""
    while bench.pane.running or bench.pane.last is None or bench.pane.last.number < number:
        await pilot.pause(0.1)
    await pilot.pause(0.5)


if __name__ == "__main__":
    asyncio.run(shoot())
