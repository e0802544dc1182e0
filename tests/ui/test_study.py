"""Studying, as a learner does it: keys pressed, the screen read, the journal looked at."""

from __future__ import annotations

import pytest

from prep_app.content.model import CardId
from prep_app.memory.days import now
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.practice.session import Session
from prep_app.settings import Settings
from prep_app.ui.screens.study.screen import StudyScreen
from tests.ui.conftest import Learner, Opened
from tests.ui.weeks import install_course

GRADES = {"1": Rating.AGAIN, "2": Rating.HARD, "4": Rating.EASY, "space": Rating.GOOD, "3": Rating.GOOD}


@pytest.fixture
def course(home: Home, only_installed: None) -> None:
    """A pack that is compiled in no time."""
    install_course(home)


def reviews(home: Home) -> list[tuple[str, Rating]]:
    """What a second program would read from the files now."""
    memory = Memory.open(home, Settings())
    try:
        return [(review.card, review.rating) for review in memory.reviews()]
    finally:
        memory.close()


def study(learner: Learner) -> StudyScreen:
    assert isinstance(learner.app.screen, StudyScreen)
    return learner.app.screen


async def study_cards(learner: Learner, *cards: str) -> StudyScreen:
    """Begin a session on exactly these."""
    desk = learner.app.desk
    assert desk is not None
    session = Session.start(desk.library, desk.memory, desk.settings, clock=now, cards=tuple(map(CardId, cards)))
    await learner.app.push_screen(StudyScreen(desk, session))
    await learner.pilot.pause()
    return study(learner)


async def test_a_first_start_asks_nothing_and_enter_starts_five_questions(opened: Opened) -> None:
    async with opened((60, 20)) as learner:
        assert "Enter: start 5 questions" in learner.reads()
        await learner.press("enter")
        assert "5 left" in learner.reads()
        prompt = study(learner).session.current.prompt.split()[0]
        await learner.press("space")
        for said in (prompt, "Again", "Easy"):
            assert said in learner.reads()


async def test_each_grade_is_on_disk_before_the_next_card_and_what_failed_comes_back(
    opened: Opened, home: Home, course: None
) -> None:
    async with opened() as learner:
        await learner.press("enter", "4", "1")
        assert reviews(home) == [], "grades do nothing before the reveal"
        given = []
        for key, rating in GRADES.items():
            given.append((study(learner).session.current.id, rating))
            await learner.press("space", key)
            assert reviews(home) == given
        while learner.screen == "StudyScreen":
            given.append((study(learner).session.current.id, Rating.GOOD))
            await learner.press("space", "3")
        failed = given[0][0]
        assert [rating for card, rating in given if card == failed] == [Rating.AGAIN, Rating.GOOD]
        assert learner.screen == "SummaryScreen"
        assert "What slipped" in learner.reads()
        assert reviews(home) == given


async def test_undo_returns_to_the_card_and_works_on_the_summary_too(opened: Opened, home: Home, course: None) -> None:
    async with opened() as learner:
        screen = await study_cards(learner, "q4-0-1", "q4-0-2")
        await learner.press("space", "3", "u")
        assert screen.session.current.id == "q4-0-1"
        assert reviews(home) == []
        await learner.press("space", "3", "space", "3")
        assert learner.screen == "SummaryScreen"
        await learner.press("u")
        assert learner.screen == "StudyScreen"
        assert [card for card, _ in reviews(home)] == ["q4-0-1"]


async def test_a_session_left_is_resumed(opened: Opened, course: None) -> None:
    async with opened() as learner:
        await learner.press("enter", "space", "3", "q")
        assert learner.screen == "HomeScreen"
        await learner.until(lambda: "resume, 1 of 5 done" in learner.reads())
    async with opened() as learner:
        assert "resume, 1 of 5 done" in learner.reads()
        await learner.press("enter")
        assert study(learner).session.position == 1


async def test_the_grade_suggested_follows_what_was_answered_and_the_hints(opened: Opened, course: None) -> None:
    async with opened((120, 40)) as learner:
        screen = await study_cards(learner, "q4-0-1", "q4-0-2", "choice")
        await learner.press("space")
        assert "▸" not in learner.reads()
        await learner.press("enter")
        assert "▸1 Again" in learner.reads()
        await learner.press("enter", "enter")
        assert "▸3 Good" in learner.reads()
        await learner.press("3", "h")
        assert "Hint: two matrices" in learner.reads()
        await learner.press("space", "enter", "enter", "enter")
        assert "▸2 Hard" in learner.reads()
        await learner.press("3")
        right = next(index for index, option in enumerate(screen.session.asked.options) if option.correct)
        await learner.press(str((right + 1) % 3 + 1))
        assert "●" in learner.reads()
        await learner.press("space")
        assert "▸1 Again" in learner.reads()
        assert "wrong, your choice" in learner.reads()


async def test_bury_suspend_and_mark_are_kept_and_taken_back(opened: Opened, course: None) -> None:
    async with opened() as learner:
        await learner.press("enter")
        screen = study(learner)
        first = screen.session.current.id
        await learner.press("asterisk")
        assert "marked" in learner.text_of("#where")
        await learner.press("minus")
        assert screen.session.current.id != first
        await learner.press("u")
        assert screen.session.current.id == first
        await learner.press("at")
        assert screen.session.left == 4
        assert learner.app.desk.memory.flags(first).suspended
        assert learner.app.desk.memory.flags(first).marked


async def test_browse_finds_a_card_typing_grades_nothing_and_the_session_waits(
    opened: Opened, home: Home, course: None
) -> None:
    async with opened() as learner:
        await learner.press("enter", "i")
        assert "never answered" in learner.reads()
        await learner.press("escape", "space", "slash")
        await learner.press(*"rehearsal 1")
        assert reviews(home) == []
        await learner.press("backspace", "backspace")
        await learner.until(lambda: learner.app.screen._shown == "rehearsal")  # type: ignore[attr-defined]
        await learner.press("down", "enter")
        card = study(learner).session.current
        assert card.topic == "Rehearsal"
        while learner.screen == "StudyScreen":
            await learner.press("escape")
        await learner.press("escape", "escape", "escape")  # to the input, no words, and out
        assert study(learner).session.current is not card
        assert study(learner).revealed


async def test_a_demo_proves_its_claim_and_may_be_left_at_any_moment(opened: Opened, home: Home, course: None) -> None:
    home.config.write_text('[keys]\n"study.good" = "g"\n"demo.source" = "z"\n')
    async with opened((120, 40)) as learner:
        await learner.press("enter", "space")
        assert "not run yet" in learner.text_of("Claims")
        await learner.press("d", "z")
        assert learner.screen == "SourceScreen", "config.toml says which key"
        await learner.press("escape")
        await learner.until(lambda: "checked on this machine, cpu, " in learner.text_of("Claims"), 90)
        assert any(proof.held for proof in learner.app.desk.memory.proofs().values())
        await learner.press("escape", "g")
        assert reviews(home)[-1][1] is Rating.GOOD
        for wait in (0, 0.02, 0.05, 0.1, 0.2, 0.4):
            await learner.press("d")
            await learner.pilot.pause(wait)
            await learner.press("space", "1")  # the next card takes the place of answer and demo
            assert study(learner).pane is None
        await learner.press("d")
        while study(learner).pane is not None:
            await learner.press("escape")
        await learner.press("d")
        pane = study(learner).pane
        assert pane is not None
        await learner.until(lambda: pane.checks, 90)  # the lab still answers


async def test_the_grades_can_be_clicked(opened: Opened, home: Home, course: None) -> None:
    async with opened() as learner:
        await learner.press("enter")
        await learner.pilot.click("GradeBar")
        assert study(learner).revealed
        await learner.pilot.click("GradeBar", offset=(70, 1))
        assert [rating for _, rating in reviews(home)] == [Rating.EASY]
