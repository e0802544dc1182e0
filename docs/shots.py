"""Render the pictures in this folder from the app itself: real cards, a real demo run.

make docs
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from prep_app.content.model import CardId
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.practice.session import Session
from prep_app.settings import Settings
from prep_app.ui.app import PrepApp
from prep_app.ui.desk import now
from prep_app.ui.screens.study.screen import StudyScreen

HERE = Path(__file__).parent
CARD = CardId("q4-overhead")
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
            right = next(n for n, option in enumerate(session.prompt_options(), 1) if option.correct)
            await pilot.press(str(right), "space", "d")
            while screen.pane is None or screen.pane.running or not screen.pane.checks:
                await pilot.pause(0.1)
            await pilot.pause(0.5)
            app.save_screenshot(str(HERE / "study.svg"))


if __name__ == "__main__":
    asyncio.run(shoot())
