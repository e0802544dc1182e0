"""Code cards, by themselves: a run of the checks on what was written, and their verdict."""

from __future__ import annotations

import asyncio

import pytest
from textual import events

from prep_app.answers.asked import ask
from prep_app.answers.code import Checked
from prep_app.answers.response import Ran, mark
from prep_app.content.body import Code
from prep_app.lab.catalogue import DemoInputError, function_source
from prep_app.lab.client import LabClient
from prep_app.lab.events import Check
from prep_app.lab.judge import NOT_REACHED, Verdict, judge
from prep_app.ui.screens.study.answering.code import MOST_LINES, CodeEditor
from prep_app.ui.themes import DARK, LIGHT
from tests.ui.conftest import Learner
from tests.ui.test_looks import pale
from tests.ui.test_order_card import SIZES, alone, card

START = "def scaled(x, alpha):\n    return x\n"
HELD = Check("a", "The output grows with alpha", True, 2.0, 2.0)
FAILED = Check("a", "The output grows with alpha", False, 1.0, 2.0)
UNREACHED = Check("b", "Nothing changes at the start", False, NOT_REACHED, "")
PASSED = Verdict(True, (HELD,), "", "")


class Judge:
    """Says what it was told to, when it is told to; notes what it was given and when it was cancelled."""

    def __init__(self, verdict: Verdict = PASSED, *, waits: bool = False) -> None:
        self.verdict = verdict
        self.may_end = asyncio.Event()
        if not waits:
            self.may_end.set()
        self.given: list[str] = []
        self.cancelled = 0

    async def __call__(self, text: str) -> Verdict:
        self.given.append(text)
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self.verdict


def editor(judged: Judge, start: str = START) -> CodeEditor:
    return CodeEditor(ask(card(Code("scaled", ("a",)), "lora_merge"), 0), start, judged)


async def write(learner: Learner, text: str) -> None:
    names = {" ": "space", "\n": "enter"}
    for key in text:
        await learner.pilot.press(names.get(key, key))
    await learner.pilot.pause()


async def paste(learner: Learner, text: str) -> None:
    learner.app.post_message(events.Paste(text))  # as a terminal's paste arrives
    await learner.pilot.pause()


@pytest.mark.parametrize("size", SIZES)
async def test_when_all_checks_hold_it_says_so_and_space_reveals(size: tuple[int, int]) -> None:
    judged = Judge()
    code = editor(judged)
    async with alone(code, size) as learner:
        await write(learner, "# mine\n")
        await learner.press("ctrl+r", "space")
        assert judged.given == ["# mine\n" + START.rstrip("\n")]
        assert "✓ all checks hold; space reveals" in learner.reads()
        assert "✓ The output grows with alpha" in learner.reads()
        assert "measured 2, expected 2" in learner.reads()
        assert "reveal" in learner.app.heard
        assert code.given()
        assert code.response() == Ran((Checked("The output grows with alpha", True, "2", "2"),))


@pytest.mark.parametrize("size", SIZES)
async def test_what_failed_what_was_not_reached_what_stopped_it_and_what_it_printed(size: tuple[int, int]) -> None:
    wrong = "line 2 of your code: NameError: name 'alfa' is not defined"
    judged = Judge(Verdict(False, (FAILED, UNREACHED), wrong, "tensor([1.])\n[b]two[/nope]\n"))
    code = editor(judged)
    async with alone(code, size) as learner:
        await learner.press("ctrl+r")
        reads = " ".join(learner.reads().split())
        assert f"✗ {wrong}" in reads
        assert "✗ The output grows with alpha measured 1, expected 2" in reads
        assert "✗ Nothing changes at the start not reached" in reads
        assert "│ tensor([1.])" in reads
        assert "│ [b]two[/nope]" in reads
        assert learner.app.focused is code.area, "there is more to do"
        assert code.response().failure == wrong


async def test_of_much_that_was_printed_only_the_first_lines_are_shown() -> None:
    judged = Judge(Verdict(True, (HELD,), "", "".join(f"line {number}\n" for number in range(1000))))
    async with alone(editor(judged), (80, 60)) as learner:
        await learner.press("ctrl+r")
        assert f"line {MOST_LINES - 1}\n" in learner.reads()
        assert f"line {MOST_LINES}\n" not in learner.reads()
        assert f"… and {1000 - MOST_LINES} lines more" in learner.reads()


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_a_run_says_that_it_goes_and_can_be_cancelled(key: str) -> None:
    judged = Judge(waits=True)
    code = editor(judged)
    async with alone(code) as learner:
        await learner.press("ctrl+r")
        assert "running the checks" in learner.reads()
        assert "0 s · escape cancels" in learner.reads()
        await learner.press(key)
        assert judged.cancelled == 1
        assert "cancelled; ctrl+r runs the checks" in learner.reads()
        assert learner.app.focused is code.area
        assert code.response() == Ran(failure="not run")
        assert not code.given()
        await learner.press("escape")
        assert learner.app.focused is None


async def test_a_run_that_was_cancelled_leaves_no_verdict_of_an_earlier_one() -> None:
    judged = Judge()
    code = editor(judged)
    async with alone(code) as learner:
        await learner.press("ctrl+r")
        judged.may_end.clear()
        code.enter()
        await learner.press("ctrl+r", "escape")
        assert code.response() == Ran(failure="not run")
        code.reveal(mark(ask(card(Code("scaled", ("a",)), "lora_merge"), 0), code.response()))
        await learner.pilot.pause()
        assert "the checks were not run" in learner.reads()


async def test_what_is_typed_while_it_runs_is_kept_and_the_verdict_says_it_is_on_another_text() -> None:
    judged = Judge(waits=True)
    code = editor(judged)
    async with alone(code) as learner:
        await learner.press("ctrl+r")
        await write(learner, "new ")
        judged.may_end.set()
        await learner.pilot.pause()
        assert code.area.text.startswith("new def")
        assert "the text has changed since; ctrl+r runs the checks again" in learner.reads()
        assert "all checks hold" not in learner.reads()
        assert learner.app.focused is code.area, "nobody is thrown out in the middle of a word"
        assert code.response() == Ran(failure="not run")
        assert code.given()


async def test_an_edit_makes_a_verdict_stale_and_undoing_it_makes_it_good_again() -> None:
    code = editor(Judge(Verdict(False, (FAILED,), "", "")))
    async with alone(code) as learner:
        await learner.press("ctrl+r", "x")
        assert "the text has changed since" in learner.reads()
        assert code.response() == Ran(failure="not run")
        await learner.press("ctrl+z")
        assert "the text has changed since" not in learner.reads()
        assert [check.held for check in code.response().checks] == [False]


async def test_a_second_run_takes_the_place_of_the_first() -> None:
    judged = Judge(waits=True)
    code = editor(judged)
    async with alone(code) as learner:
        await learner.press("ctrl+r", "x", "ctrl+r")
        assert judged.cancelled == 1
        judged.may_end.set()
        await learner.pilot.pause()
        assert [text[:4] for text in judged.given] == ["def ", "xdef"]
        assert "all checks hold" in learner.reads()


async def test_a_run_that_cannot_be_asked_for_ends_with_a_sentence() -> None:
    async def refuses(text: str) -> Verdict:
        raise DemoInputError("lora_merge has no check nothing")

    code = CodeEditor(ask(card(Code("scaled", ("a",)), "lora_merge"), 0), START, refuses)
    async with alone(code) as learner:
        await learner.press("ctrl+r")
        assert "✗ lora_merge has no check nothing" in learner.reads()
        assert code.response().failure == "lora_merge has no check nothing"


async def test_changes_and_verdicts_are_told() -> None:
    async with alone(editor(Judge())) as learner:
        learner.app.heard.clear()
        await learner.press("x")
        assert learner.app.heard == ["changed"]
        await learner.press("ctrl+r")
        assert learner.app.heard == ["changed", "changed"]


async def test_after_the_reveal_the_verdict_stays_and_nothing_can_be_written() -> None:
    code = editor(Judge(Verdict(False, (FAILED,), "", "")))
    async with alone(code) as learner:
        await learner.press("ctrl+r")
        asked = ask(card(Code("scaled", ("a",)), "lora_merge"), 0)
        code.reveal(mark(asked, code.response()))
        learner.app.screen.set_focus(None)
        await learner.press("x")
        code.enter()
        await learner.press("y", "ctrl+r")
        assert code.area.text == START.rstrip("\n")
        assert learner.app.focused is None
        assert "✗ The output grows with alpha" in learner.reads()
        assert "ctrl+r" not in learner.reads()


async def test_after_the_reveal_the_whole_text_can_be_scrolled_through() -> None:
    code = editor(Judge(), start="\n".join(f"x{number} = {number}" for number in range(100)))
    async with alone(code) as learner:
        assert code.area.size.height <= 12
        code.reveal(mark(ask(card(Code("scaled", ("a",)), "lora_merge"), 0), code.response()))
        await learner.pilot.pause()
        assert code.area.size.height == 100


async def test_a_reveal_ends_a_run_and_says_that_the_checks_were_not_run() -> None:
    judged = Judge(waits=True)
    code = editor(judged)
    async with alone(code) as learner:
        await learner.press("ctrl+r")
        result = mark(ask(card(Code("scaled", ("a",)), "lora_merge"), 0), code.response())
        assert not result.correct
        code.reveal(result)
        await learner.pilot.pause()
        assert judged.cancelled == 1
        assert "the checks were not run" in learner.reads()


async def test_leaving_the_card_ends_its_run() -> None:
    judged = Judge(waits=True)
    code = editor(judged)
    async with alone(code) as learner:
        await learner.press("ctrl+r")
        await code.remove()
        await learner.pilot.pause()
        assert judged.cancelled == 1


async def test_a_slip_mended_in_the_editor_passes_the_demos_own_checks() -> None:
    demo, function, checks = "lora_merge", "LoRALinear.unmerge", ("unmerge_restores",)
    lab = LabClient()

    async def run(text: str) -> Verdict:
        return await judge(lab, demo, {"steps": 20}, function, text, checks)

    asked = ask(card(Code(function, checks, "subtracted"), demo), 0)
    code = CodeEditor(asked, function_source(demo, function, "subtracted"), run)
    try:
        async with alone(code) as learner:
            await learner.press("ctrl+r")
            await learner.until(code.given)
            assert not mark(asked, code.response()).correct
            await learner.press("f7")
            await paste(learner, function_source(demo, function))
            await learner.press("ctrl+r")
            await learner.until(lambda: code.response().checks)
            await learner.pilot.pause()
            assert "all checks hold" in learner.reads()
            assert mark(asked, code.response()).correct
    finally:
        await lab.close()


async def test_at_first_the_question_is_in_sight_however_long_the_text_is() -> None:
    code = editor(Judge(), start="\n".join(f"x{number} = {number}" for number in range(100)))
    async with alone(code, (60, 20)) as learner:
        assert "The prompt." in learner.reads()


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name])
async def test_every_word_can_be_read_on_its_ground(theme: str) -> None:
    judged = Judge(Verdict(False, (FAILED, UNREACHED), "line 1 of your code: SyntaxError", "printed"))
    code = editor(judged, start=function_source("lora_merge", "LoRALinear.merge"))
    async with alone(code, (120, 40)) as learner:
        learner.app.theme = theme
        await learner.press("ctrl+r")
        assert pale(learner) == {}
        await learner.press("f7")
        assert pale(learner) == {}, "what is selected too"
        await learner.press("x")
        assert pale(learner) == {}
