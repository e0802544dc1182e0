"""The learner's folder removed under the open app: said in one line, nothing made in its place, and the app goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

from prep_app.paths import Home
from tests.ui.conftest import Learner, Opened
from tests.ui.one_card import CHOICE, RECALL, install
from tests.ui.test_study import study


def told(learner: Learner) -> list[str]:
    return [note.message for note in learner.app._notifications if note.severity == "error"]


async def test_a_folder_removed_in_mid_session_is_said_and_the_app_can_be_used_and_left(
    opened: Opened, home: Home, tmp_path: Path
) -> None:
    install(Home(tmp_path), RECALL, CHOICE)
    async with opened((100, 30), packs=[tmp_path / "packs" / "one"], study=["T1"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        await learner.press("space", "3")
        asked = study(learner).session.current
        shutil.rmtree(home.root)
        for key in ("3", "minus", "at", "asterisk"):
            await learner.press("space", key)
            assert study(learner).session.current is asked
        assert len(told(learner)) >= 4  # a space that comes after the reveal is a grade too
        for said in told(learner):
            assert said.startswith(f"{home.journal}: not saved: the file was moved or removed")
            assert "nothing of it remains" in said
            assert "\n" not in said
        await learner.press("q")
        for key, screen in (("l", "Lab"), ("s", "Stats"), ("t", "Plan"), ("i", "MockStart"), ("slash", "Browse")):
            await learner.press(key)
            await learner.until(lambda name=screen: learner.screen == f"{name}Screen")
            await learner.press("escape")
            await learner.until(lambda: learner.screen == "HomeScreen")
        await learner.press("q")
        assert learner.app._exception is None
    assert not home.root.exists()
