"""A disk that takes no more: the grade is refused in words, the card stays, and nothing that was saved is lost."""

from __future__ import annotations

import contextlib

import pytest

from prep_app.errors import UserError
from prep_app.memory.types import Rating
from prep_app.paths import Home
from tests.ui.conftest import Learner, Opened
from tests.ui.one_card import CHOICE, RECALL, install
from tests.ui.test_study import reviews, study

pytestmark = pytest.mark.usefixtures("only_installed")


def fill(learner: Learner) -> None:
    """Let the journal grow no further, as on a full disk, and fill what room it has."""
    journal = learner.app.desk.memory._journal  # type: ignore[union-attr]
    pages = journal._connection.execute("PRAGMA page_count").fetchone()[0]
    journal._connection.execute(f"PRAGMA max_page_count={pages}")
    for size in (500, 1):
        with contextlib.suppress(UserError):
            while True:
                journal.append("padding", 0, None, {"x": "x" * size})


async def test_a_grade_that_cannot_be_written_is_said_and_the_card_stays(opened: Opened, home: Home) -> None:
    install(home, RECALL, CHOICE)
    async with opened(study=["T1"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        await learner.press("space", "3")
        asked = study(learner).session.current
        fill(learner)
        for key in ("3", "minus", "asterisk", "at"):
            await learner.press("space", key)
            assert study(learner).session.current is asked
        said = [note.message for note in learner.app._notifications]
        assert len([message for message in said if "not saved" in message]) >= 4
        assert learner.app._exception is None
        assert reviews(home) == [("recall", Rating.GOOD)]
        await learner.press("q")
        assert learner.screen == "HomeScreen"
