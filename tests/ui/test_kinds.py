"""Each kind of card, answered rightly, wrongly and oddly, with the keys a learner would press."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Input

from prep_app.answers.mark import Mark
from prep_app.content.model import CardId
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from prep_app.ui.screens.study.grade_bar import GradeBar
from tests.ui.conftest import Learner, Opened
from tests.ui.one_card import CHOICE, CLOZE, COMPARE, NUMERIC, RECALL, install
from tests.ui.test_study import reviews, study

pytestmark = pytest.mark.usefixtures("only_installed")
SIZES = [(60, 20), (80, 24), (120, 40)]
ODD = {
    "nothing": "",
    "a huge paste": "NF4 " * 50_000,
    "emoji": "🦙🦙 4️⃣",
    "right to left": "مرحبا \u202e4FN",
    "control characters": "\x1b[31mNF4\x1b[0m\x07\x00\x9b2J",
    "markup": "[bold]x[/nope] [@click=app.quit]y",
    "lines": "one\ntwo\nthree",
}


async def say(learner: Learner, text: str) -> None:
    for key in text:
        await learner.pilot.press({" ": "space"}.get(key, key))
    await learner.pilot.pause()


def suggested(learner: Learner) -> Rating | None:
    return learner.app.screen.query_one(GradeBar)._suggested


def marked(learner: Learner) -> Mark:
    screen = study(learner)
    return screen.session.mark(screen.page.response())


@pytest.mark.parametrize("size", SIZES)
async def test_gaps_are_typed_one_after_another_and_enter_reveals(opened: Opened, home: Home, size) -> None:  # type: ignore[no-untyped-def]
    install(home, CLOZE)
    async with opened(size, study=["T1"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        await say(learner, "nf4")
        assert "nf4" in learner.reads(), "the sentence fills as it is typed"
        await learner.press("enter")
        await say(learner, "bf16")
        assert not study(learner).revealed
        await learner.press("enter")
        assert study(learner).revealed
        assert suggested(learner) is Rating.GOOD
        assert "Codes index a table." in learner.reads()
        await learner.press("3")
        assert reviews(home) == [("cloze", Rating.GOOD)]


async def test_a_wrong_gap_shows_the_right_form_and_why(opened: Opened, home: Home) -> None:
    install(home, CLOZE)
    async with opened(study=["T1"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        await say(learner, "int4")
        await learner.press("tab")
        await say(learner, "bflaot16")
        await learner.press("enter")
        shown = learner.reads()
        assert "✗" in shown
        assert "codes index a table" in shown
        assert "you typed bflaot16" in shown
        assert suggested(learner) is Rating.AGAIN


async def test_escape_stops_typing_and_letters_are_commands_again(opened: Opened, home: Home) -> None:
    install(home, CLOZE)
    async with opened(study=["T1"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        await say(learner, "h")
        assert "Hint" not in learner.text_of("#hint")
        await learner.press("escape", "h")
        assert learner.screen == "StudyScreen"
        assert "one is a table" in learner.reads()
        await learner.press("t")  # to the first gap that is still empty
        await say(learner, "bf16")
        await learner.press("enter")
        assert study(learner).revealed


async def test_a_number_is_asked_anew_each_time_and_marked(opened: Opened, home: Home) -> None:
    install(home, NUMERIC)
    async with opened(study=["T1"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        prompts = []
        for _ in range(3):
            asked = study(learner).session.asked
            assert asked.variant is not None
            prompts.append(asked.prompt)
            await say(learner, f"{asked.variant.result / 1000}k")
            await learner.press("enter")
            assert marked(learner).correct
            assert f"{int(asked.variant.result):,}" in learner.reads(), "the worked solution shows the numbers"
            await learner.press("1")
        assert len(set(prompts)) > 1


async def test_a_likely_slip_in_a_sum_is_told(opened: Opened, home: Home) -> None:
    install(home, NUMERIC)
    async with opened(study=["T1"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        values = study(learner).session.asked.variant.values  # type: ignore[union-attr]
        await say(learner, str(values["r"] * values["d"]))
        await learner.press("enter")
        assert "Both factors count." in learner.reads()
        assert suggested(learner) is Rating.AGAIN


@pytest.mark.parametrize("size", SIZES)
async def test_a_table_is_filled_cell_by_cell(opened: Opened, home: Home, size) -> None:  # type: ignore[no-untyped-def]
    install(home, COMPARE)
    async with opened(size, study=["T1"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        assert all(word in learner.reads() for word in ("LoRA", "QLoRA", "extra work", "none"))
        await say(learner, "bf16")
        await learner.press("tab")
        await say(learner, "nf4")
        await learner.press("tab")
        await say(learner, "nothing")
        await learner.press("enter")
        assert [part.verdict for part in marked(learner).parts] == ["right", "right", "wrong"]
        assert "dequantise" in learner.reads()
        assert suggested(learner) is Rating.HARD


async def test_a_typed_answer_ticks_the_points_it_makes(opened: Opened, home: Home) -> None:
    install(home, RECALL)
    async with opened(study=["T1"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        await learner.press("t")
        await say(learner, "it is slower")
        await learner.press("escape", "space")
        assert study(learner).page.points.ticked == {1}  # type: ignore[union-attr]
        assert suggested(learner) is Rating.HARD
        await learner.press("x")
        assert suggested(learner) is Rating.GOOD


async def test_an_option_is_chosen_with_the_arrows_too(opened: Opened, home: Home) -> None:
    install(home, CHOICE)
    async with opened(study=["T1"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        right = next(i for i, option in enumerate(study(learner).session.asked.options) if option.correct)
        await learner.press(*["down"] * (right + 1), "x", "space")
        assert suggested(learner) is Rating.GOOD
        assert "so that nothing changes" in learner.reads()


@pytest.mark.parametrize("card", [CLOZE, NUMERIC, COMPARE], ids=["cloze", "numeric", "compare"])
async def test_odd_answers_are_marked_like_any_other(opened: Opened, home: Home, card: str) -> None:
    install_for_each_odd_answer(home, card)
    async with opened(study=["T1"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        for odd in ODD.values():
            focused = learner.app.focused
            assert isinstance(focused, Input)
            focused.post_message(events.Paste(odd))
            await learner.pilot.pause()
            assert len(focused.value) <= 200
            assert not set(focused.value) & set("\x1b\x07\x00\x9b\u202e\n")
            await learner.press(*["enter"] * len(learner.app.screen.query(Input)))
            assert study(learner).revealed
            assert not marked(learner).correct
            await learner.press("4")
    assert [rating for _, rating in reviews(home)[1:]] == [Rating.EASY] * len(ODD), "the learner has the last word"


async def test_odd_typed_answers_to_a_recall_card_tick_what_they_hold(opened: Opened, home: Home) -> None:
    install_for_each_odd_answer(home, RECALL)
    async with opened(study=["T1"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        for odd in ODD.values():
            await learner.press("t")
            learner.app.focused.post_message(events.Paste(odd))  # type: ignore[union-attr]
            await learner.press("escape", "space")
            ticked = study(learner).page.points.ticked  # type: ignore[union-attr]
            assert ticked == ({0} if "NF4" in odd else set())
            assert "\x1b" not in learner.reads()
            await learner.press("4")


def install_for_each_odd_answer(home: Home, card: str) -> None:
    """A copy of a card for each odd answer: one app is enough for them all."""
    name = card.split("\n")[0].removeprefix("- id: ")
    install(home, *(card.replace(f"id: {name}", f"id: {name}-{number}", 1) for number in range(len(ODD))))
    memory = Memory.open(home, Settings())
    memory.answer(CardId("before"), Rating.GOOD, at=0)  # a first session would be shorter
    memory.close()


async def test_two_questions_with_code_in_them_follow_each_other(opened: Opened, home: Home) -> None:
    code = RECALL.replace("prompt: What does QLoRA change?", 'prompt: "What is wrong?\\n\\n```python\\nx = 1\\n```\\n"')
    install(home, *(code.replace("id: recall", f"id: code-{n}") for n in range(3)))
    async with opened(study=["T1"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        for _ in range(3):
            assert "x = 1" in learner.reads()
            await learner.press("space", "4")
        assert len(reviews(home)) == 3
