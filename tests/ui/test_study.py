"""Studying, as a learner does it: keys pressed, the screen read, the journal looked at."""

from __future__ import annotations

import pytest

from prep_app.memory.store import Memory
from prep_app.memory.types import New, Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from prep_app.ui.screens.study.screen import StudyScreen
from tests.ui.conftest import Learner, Opened

SIZES = [(60, 20), (80, 24), (120, 40)]


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


@pytest.mark.parametrize("size", SIZES)
async def test_a_first_start_asks_nothing_and_enter_starts_five_questions(
    opened: Opened, size: tuple[int, int]
) -> None:
    async with opened(size) as learner:
        assert "Enter: start 5 questions" in learner.reads()
        await learner.press("enter")
        assert learner.screen == "StudyScreen"
        assert "5 left" in learner.reads()


async def test_grades_do_nothing_before_the_reveal(opened: Opened, home: Home) -> None:
    async with opened() as learner:
        await learner.press("enter", "4", "1")
        assert study(learner).session.position == 0
        assert reviews(home) == []


@pytest.mark.parametrize("size", SIZES)
async def test_the_question_stays_while_the_answer_shows_below_it(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as learner:
        await learner.press("enter")
        prompt = study(learner).session.current.prompt.split()[0]
        await learner.press("space")
        shown = learner.reads()
        assert prompt in shown
        assert "Again" in shown
        assert "Easy" in shown


@pytest.mark.parametrize(("key", "rating"), [("1", 1), ("2", 2), ("3", 3), ("4", 4), ("space", 3)])
async def test_each_grade_is_on_disk_before_the_next_card(opened: Opened, home: Home, key: str, rating: int) -> None:
    async with opened() as learner:
        await learner.press("enter")
        card = study(learner).session.current.id
        await learner.press("space", key)
        assert reviews(home) == [(card, Rating(rating))]
        assert study(learner).session.current.id != card


async def test_a_failed_card_comes_back_before_the_session_ends(opened: Opened, home: Home) -> None:
    async with opened() as learner:
        await learner.press("enter")
        failed = study(learner).session.current.id
        await learner.press("space", "1")
        for _ in range(5):
            await learner.press("space", "3")
        assert learner.screen == "SummaryScreen"
        assert [rating for card, rating in reviews(home) if card == failed] == [Rating.AGAIN, Rating.GOOD]
        assert "What slipped" in learner.reads()


async def test_undo_returns_to_the_card_and_works_on_the_summary_too(opened: Opened, home: Home) -> None:
    async with opened() as learner:
        await learner.press("enter")
        first = study(learner).session.current.id
        await learner.press("space", "3", "u")
        assert study(learner).session.current.id == first
        assert reviews(home) == []
        for _ in range(5):
            await learner.press("space", "3")
        assert learner.screen == "SummaryScreen"
        await learner.press("u")
        assert learner.screen == "StudyScreen"
        assert len(reviews(home)) == 4


async def test_a_session_left_is_resumed(opened: Opened) -> None:
    async with opened() as learner:
        await learner.press("enter", "space", "3", "q")
        assert learner.screen == "HomeScreen"
        await learner.until(lambda: "resume, 1 of 5 done" in learner.reads())
    async with opened() as learner:
        assert "resume, 1 of 5 done" in learner.reads()
        await learner.press("enter")
        assert study(learner).session.position == 1


async def test_ticking_key_points_suggests_a_grade(opened: Opened) -> None:
    async with opened(study=["Q4"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        screen = study(learner)
        while screen.session.current.body.kind != "recall":
            await learner.press("space", "3")
        await learner.press("space")
        assert "▸" not in learner.reads()
        points = len(screen.session.current.body.key_points)
        await learner.press("enter")
        assert "▸1 Again" in learner.reads()
        await learner.press(*["enter"] * (points - 1))
        assert "▸3 Good" in learner.reads()


async def test_a_choice_is_marked_and_explains_itself(opened: Opened) -> None:
    async with opened((120, 40), study=["Q35"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        screen = study(learner)
        while screen.session.current.body.kind != "choice":
            await learner.press("space", "3")
        options = screen.session.asked.options
        right = next(index for index, option in enumerate(options) if option.correct)
        wrong = (right + 1) % len(options)
        await learner.press(str(wrong + 1))
        assert "●" in learner.reads()
        await learner.press("space")
        assert "▸1 Again" in learner.reads()
        assert "wrong, your choice" in learner.reads()
        assert "right" in learner.reads()


async def test_a_hint_lowers_the_suggestion(opened: Opened) -> None:
    async with opened(study=["Q35"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        screen = study(learner)
        while screen.session.current.body.kind != "choice":
            await learner.press("space", "3")
        options = screen.session.asked.options
        right = next(index for index, option in enumerate(options) if option.correct)
        await learner.press("h")
        assert "Hint:" in learner.reads()
        await learner.press(str(right + 1), "space")
        assert "▸2 Hard" in learner.reads()


async def test_bury_suspend_and_mark_are_kept_and_taken_back(opened: Opened, home: Home) -> None:
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


async def test_practice_leaves_the_schedule_alone(opened: Opened) -> None:
    async with opened() as learner:
        await learner.press("p")
        card = study(learner).session.current
        await learner.press("space", "1")
        assert learner.app.desk.memory.state(card.id) == New()
        assert len(learner.app.desk.memory.reviews()) == 1


async def test_browse_finds_a_card_and_typing_grades_nothing(opened: Opened, home: Home) -> None:
    async with opened() as learner:
        await learner.press("enter", "space", "slash")
        await learner.press(*"fisher 1")
        assert reviews(home) == []
        await learner.press("backspace", "backspace")
        await learner.until(lambda: learner.app.screen._shown == "fisher")  # type: ignore[attr-defined]
        await learner.press("down", "enter")
        assert learner.screen == "StudyScreen"
        card = study(learner).session.current
        assert "isher" in f"{card.id} {card.topic} {card.prompt} {card.answer}"
        while learner.screen == "StudyScreen":
            await learner.press("escape")
        await learner.press("escape", "escape", "escape")  # to the input, no words, and out
        assert study(learner).session.current is not card
        assert study(learner).revealed


async def test_card_info_says_what_is_known(opened: Opened) -> None:
    async with opened() as learner:
        await learner.press("enter", "i")
        assert "never answered" in learner.reads()
        await learner.press("escape")
        assert learner.screen == "StudyScreen"


async def test_keys_can_be_remapped(opened: Opened, home: Home) -> None:
    home.config.write_text('[keys]\n"study.good" = "g"\n"demo.source" = "z"\n')
    async with opened() as learner:
        await learner.press("enter", "space", "g")
        assert [rating for _, rating in reviews(home)] == [Rating.GOOD]
        await learner.press("d", "z")
        assert learner.screen == "SourceScreen"


async def test_the_demo_runs_beside_the_answer_and_proves_its_claim(opened: Opened, home: Home) -> None:
    async with opened((120, 40), study=["Q4"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        screen = study(learner)
        while not (screen.session.current.claims and screen.session.current.demo):
            await learner.press("space", "3")
        await learner.press("space")
        assert "not run yet" in learner.text_of("Claims")
        await learner.press("d")
        await learner.until(lambda: "checked on this machine, cpu, " in learner.text_of("Claims"), 90)
        await learner.press("escape")
        assert not screen.query("DemoPane")
    memory = Memory.open(home, Settings())
    assert any(proof.held for proof in memory.proofs().values())
    memory.close()


async def test_a_demo_may_be_left_at_any_moment(opened: Opened) -> None:
    async with opened((120, 40)) as learner:
        await learner.press("enter")
        for wait in (0, 0.02, 0.05, 0.1, 0.2, 0.4):
            await learner.press("d")
            await learner.pilot.pause(wait)
            await learner.press("space", "1")  # the next card takes the place of answer and demo
            assert study(learner).pane is None
        await learner.press("d", "escape", "escape")
        await learner.press("d")
        pane = study(learner).pane
        assert pane is not None
        await learner.until(lambda: pane.checks)  # the lab still answers


async def test_the_grades_can_be_clicked(opened: Opened, home: Home) -> None:
    async with opened() as learner:
        await learner.press("enter")
        await learner.pilot.click("GradeBar")
        assert study(learner).revealed
        await learner.pilot.click("GradeBar", offset=(70, 1))
        assert [rating for _, rating in reviews(home)] == [Rating.EASY]
