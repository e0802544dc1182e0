"""The disk fills up under the open app, cache and all: what cannot be kept is said, the rest works, nothing is lost."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input

from prep_app.memory.journal_file import file_damage
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from prep_app.ui.app import PrepApp
from tests.ui.conftest import Learner
from tests.ui.one_card import CHOICE, RECALL, install
from tests.ui.test_study import reviews, study


def fill(folder: Path) -> Path:
    """Take all the room that is left."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    return ballast


async def test_a_disk_that_fills_up_loses_nothing_and_stops_nothing_else(small_folder: Path, tmp_path: Path) -> None:
    home = Home(small_folder)
    install(Home(tmp_path), RECALL, CHOICE)
    app = PrepApp(home, Settings(), packs=[tmp_path / "packs" / "one"], study=["T1"])
    async with app.run_test(size=(100, 30)) as pilot:
        learner = Learner(app, pilot)
        await learner.until(lambda: learner.screen == "StudyScreen")
        await learner.press("space", "3")
        ballast = fill(small_folder)
        asked = study(learner).session.current
        given = 0
        while study(learner).session.current is asked and given < 200:  # SQLite has some room that it took before
            await learner.press("asterisk")
            if any("not saved" in note.message for note in app._notifications):
                break
            given += 1
        await learner.press("space", "3")
        assert study(learner).session.current is asked
        told = [note.message for note in app._notifications if note.severity == "error"]
        assert told
        assert all("make room on the disk" in said and "\n" not in said for said in told)
        await learner.press("q", "slash")
        await learner.until(lambda: learner.screen == "BrowseScreen" and "2 cards" in learner.reads())
        await learner.press("escape", "t")
        app.screen.query_one("#date", Input).value = "2100-01-01"
        await learner.press("enter", "escape")
        ballast.unlink()
        await learner.until(lambda: learner.screen == "HomeScreen")
        await learner.press("enter", "space", "4")
        await learner.until(lambda: len(reviews(home)) == 2)
        await learner.press("q")
        assert app._exception is None
    assert [rating for _, rating in reviews(home)] == [Rating.GOOD, Rating.EASY]
    assert file_damage(home.journal) is None
