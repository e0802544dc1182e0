"""A mock interview, as a learner sits it: nothing is shown until the end, and the test turns the clock."""

from __future__ import annotations

import pytest

from prep_app.content.model import CardId
from prep_app.memory.store import Memory
from prep_app.memory.types import New, Rating
from prep_app.paths import Home
from prep_app.practice.mock import Terms
from prep_app.practice.mock_kept import history, unmarked
from prep_app.settings import Settings
from prep_app.ui.app import PrepApp
from prep_app.ui.screens.mock.editor import SilentEditor
from prep_app.ui.screens.mock.marking import MarkingScreen
from prep_app.ui.screens.mock.report import ReportScreen
from prep_app.ui.screens.mock.screen import MockScreen
from prep_app.ui.screens.mock.start import MockStartScreen
from prep_app.ui.screens.study.code_card import solution
from tests.conftest import Clock
from tests.ui.conftest import Learner, Opened
from tests.ui.one_card import CHOICE, CLOZE, CODE, KINDS, ORDER, RECALL, install
from tests.ui.test_kinds import say

pytestmark = pytest.mark.usefixtures("only_installed")

FENCED = """\
- id: {name}
  kind: recall
  topic: {name}
  prompt: |
    What does this print?
    ```python
    print("{name}")
    ```
  answer: Itself.
  key_points: [its name]
"""
# What only an answer, a hint or a mark would say, kind by kind.
SECRETS = (
    "Codes index a table",
    "one is a table",
    "codes index",
    "Both factors count",
    "As above",
    "Storage.",
    "base in 4 bits",
    "so that nothing changes",
    "it is random",
    "Merge last",
    "The factor was missing",
    "✓",
    "✗",
)


async def sit(learner: Learner, clock: Clock, questions: int, minutes: int = 20, topic: str = "T1") -> None:
    """Go through the start page and into the interview; only the test's own cards are asked."""
    start = MockStartScreen(learner.app.desk, Terms(minutes, questions, topic), clock)
    await learner.app.push_screen(start)
    await learner.press("enter")
    await learner.until(lambda: learner.screen == "MockScreen" and mock(learner).answering is not None)
    await learner.pilot.pause()


def mock(learner: Learner) -> MockScreen:
    assert isinstance(learner.app.screen, MockScreen)
    return learner.app.screen


def told(learner: Learner) -> list[str]:
    """What was said in passing."""
    return [notice.message for notice in learner.app._notifications]


async def answer(learner: Learner, clock: Clock, *, right: bool = True) -> str:
    """Answer the question in hand as its kind wants it, in ten seconds; returns the kind."""
    asked = mock(learner).interview.current
    assert asked is not None
    clock.pass_seconds(10)
    kind = asked.card.body.kind
    match kind:
        case "recall":
            await learner.press("space")
        case "choice":
            place = next(i for i, option in enumerate(asked.options) if option.correct is right)
            await learner.press(str(place + 1), "space")
        case "cloze":
            await say(learner, "nf4" if right else "int4")
            await learner.press("enter")
            await say(learner, "bf16")
            await learner.press("enter")
        case "order":
            await learner.press("shift+down", "space")
        case "numeric" | "compare":
            await say(learner, "1")
            await learner.press(*["enter"] * len(learner.app.screen.query("Line")))
        case "code":
            await learner.press("ctrl+end", "enter")
            await say(learner, "pass")
            await learner.press("escape", "space")
    return kind


async def mark_all(learner: Learner) -> None:
    """Tick the first point of each recall answer, and go on to the report."""
    await learner.until(lambda: isinstance(learner.app.screen, MarkingScreen))
    await learner.pilot.pause()
    while isinstance(screen := learner.app.screen, MarkingScreen) and not screen.finishing:
        if screen.points is not None:
            await learner.press("enter")
        await learner.press("space")
    await learner.until(lambda: isinstance(learner.app.screen, ReportScreen) and learner.app.screen.shown)
    await learner.pilot.pause()


def kept(home: Home) -> Memory:
    """What a second program would read from the files now."""
    return Memory.open(home, Settings())


async def test_three_questions_from_the_first_key_to_the_report(opened: Opened, home: Home, clock: Clock) -> None:
    install(home, RECALL, CHOICE, CLOZE)
    async with opened((60, 20)) as learner:
        await sit(learner, clock, 3)
        assert "Question 1 of 3" in learner.reads()
        assert "20:00 left" in learner.reads()
        kinds = {await answer(learner, clock) for _ in range(3)}
        assert kinds == {"recall", "choice", "cloze"}
        await mark_all(learner)
        shown = learner.reads()
        assert "83 %" in shown, "right, right, and one point of two"
        assert "0:30 of 20:00" in shown
        assert "Study T1 · Idea next and run lora_merge" in " ".join(shown.split())
        assert learner.app.desk.memory.state(CardId("choice")) == New()
        await learner.press("enter")
        assert learner.screen == "HomeScreen"
    memory = kept(home)
    [held] = history(memory)
    assert held.score == pytest.approx(5 / 6)
    assert {item.card: item.seconds for item in held.items} == {"recall": 10, "choice": 10, "cloze": 10}
    assert memory.reviews() == []
    memory.close()


async def test_nothing_of_an_answer_is_seen_before_the_end(opened: Opened, home: Home, clock: Clock) -> None:
    install(home, *KINDS.values())
    async with opened((120, 40)) as learner:
        await sit(learner, clock, len(KINDS))
        seen, kinds = learner.reads(), set()
        while isinstance(learner.app.screen, MockScreen):
            if learner.app.focused is None:
                await learner.press("h", "f", "d", "l", "slash", "g")
                assert "No looking up during the interview" in told(learner)
            await learner.press("ctrl+r")
            seen += learner.reads()
            kinds.add(await answer(learner, clock, right=len(kinds) % 2 == 0))
            if isinstance(learner.app.screen, MockScreen):
                seen += learner.reads()
        assert kinds == set(KINDS)
        assert [secret for secret in SECRETS if secret in seen] == []
        assert "running the checks" not in seen
        await mark_all(learner)  # once the code has run
        [held] = history(learner.app.desk.memory)
        assert {item.card for item in held.items} == {*KINDS}
        assert not any(item.skipped for item in held.items)
        assert [item.right for item in held.items if item.card == "code"] == [0]


async def test_the_clock_warns_and_the_interview_ends_with_the_present_answer(
    opened: Opened, home: Home, clock: Clock
) -> None:
    install(home, RECALL, CHOICE, CLOZE)
    async with opened((60, 20)) as learner:
        await sit(learner, clock, 3, minutes=5)
        clock.pass_seconds(4 * 60 + 1)
        mock(learner).draw_time()
        await learner.pilot.pause()
        assert "! last minute 0:59" in learner.reads()
        clock.pass_seconds(120)
        mock(learner).draw_time()
        await learner.pilot.pause()
        assert "■ time is up" in learner.reads()
        assert "the interview ends with this answer" in learner.reads()
        await answer(learner, clock)
        await mark_all(learner)
        assert "2 not reached" in learner.reads()


async def test_a_good_answer_is_followed_up_and_a_poor_one_is_not(opened: Opened, home: Home, clock: Clock) -> None:
    install(home, CHOICE, ORDER + "  difficulty: 3\n  needs: [choice]\n")
    async with opened() as learner:
        for right in (True, False):
            await sit(learner, clock, 1, topic="Idea")
            await answer(learner, clock, right=right)
            if right:
                assert "Question 1 of 1 · follow-up" in learner.reads()
                assert await answer(learner, clock) == "order"
            await mark_all(learner)
            await learner.press("q")
        first, second = history(learner.app.desk.memory)
        assert [item.follow_up for item in first.items] == [False, True]
        assert [item.card for item in second.items] == ["choice"]


async def test_typed_notes_tick_the_points_they_make(opened: Opened, home: Home, clock: Clock) -> None:
    install(home, RECALL)
    async with opened() as learner:
        await sit(learner, clock, 1)
        await learner.press("t")
        await say(learner, "it is slower")
        await learner.press("escape")
        clock.pass_seconds(5)
        await learner.press("space")
        await learner.until(lambda: isinstance(learner.app.screen, MarkingScreen))
        await learner.pilot.pause()
        assert "it is slower" in learner.reads()
        assert "1 of 2 points ticked" in learner.reads()
        await learner.press("enter", "space")  # the other one too
        await learner.until(lambda: isinstance(learner.app.screen, ReportScreen))
        assert history(learner.app.desk.memory)[-1].score == 1


async def test_a_skipped_question_counts_nothing_and_a_second_press_skips_none(
    opened: Opened, home: Home, clock: Clock
) -> None:
    install(home, *[FENCED.format(name=name) for name in ("one", "two", "three")])
    async with opened() as learner:
        await sit(learner, clock, 3)
        clock.pass_seconds(5)
        await learner.press("space", "space", "space")
        assert mock(learner).interview.number == 2
        clock.pass_seconds(5)
        await learner.press("s", "s")
        await mark_all(learner)
        assert "2 skipped" in learner.reads()
        [held] = history(learner.app.desk.memory)
        assert [item.right for item in held.items] == [1, 0, 0]


async def test_leaving_half_way_asks_and_what_was_answered_can_still_be_marked(
    opened: Opened, home: Home, clock: Clock
) -> None:
    install(home, RECALL, CHOICE, CLOZE)
    async with opened() as learner:
        await sit(learner, clock, 3)
        await answer(learner, clock)
        await learner.press("escape")
        if learner.screen == "MockScreen":  # it had been typing
            await learner.press("escape")
        assert "1 of 3 answered" in learner.reads()
        await learner.press("escape")
        assert mock(learner).interview.number == 2
        await learner.press("q")
        if learner.screen == "MockScreen":
            await learner.press("escape", "q")
        await learner.press("enter")
        await mark_all(learner)
        assert "1 not reached" in learner.reads()


async def test_an_empty_answer_is_not_taken_for_one_and_what_is_thrown_away_is_not_kept(
    opened: Opened, home: Home, clock: Clock
) -> None:
    install(home, CHOICE)
    async with opened() as learner:
        await sit(learner, clock, 1)
        clock.pass_seconds(5)
        await learner.press("space")
        assert "Nothing is answered yet; s skips the question" in told(learner)
        assert mock(learner).interview.items == []
        await learner.press("q", "x")
        assert learner.screen == "HomeScreen"
        assert learner.app.desk.memory.mocks() == []


async def test_good_code_is_followed_up_after_the_question_in_hand(opened: Opened, home: Home, clock: Clock) -> None:
    install(home, CODE, RECALL.replace("Idea", "Mend it") + "  difficulty: 3\n", ORDER + "  needs: [code]\n")
    async with opened() as learner:
        await sit(learner, clock, 2, topic="Mend it")
        editor = learner.app.screen.query_one(SilentEditor)
        editor.area.text = await solution(mock(learner).interview.current.card)  # type: ignore[union-attr]
        await learner.press("escape", "space")
        interview = mock(learner).interview
        await learner.until(lambda: interview.items[0].response, 90)
        assert "What does QLoRA change?" in learner.reads(), "nobody is interrupted"
        clock.pass_seconds(5)
        await learner.press("space")
        assert "Question 1 of 2 · follow-up" in learner.reads()


async def test_a_marking_that_is_left_is_taken_up_again(opened: Opened, home: Home, clock: Clock) -> None:
    install(home, RECALL, CHOICE)
    async with opened() as learner:
        await sit(learner, clock, 2)
        await answer(learner, clock)
        await answer(learner, clock)
        await learner.until(lambda: isinstance(learner.app.screen, MarkingScreen))
        await learner.until(lambda: unmarked(learner.app.desk.memory))
    async with opened() as learner:  # the app was closed in the middle of it
        await learner.press("i")
        await learner.until(lambda: "is not marked yet" in learner.reads())
        await learner.press("m")
        screen = learner.app.screen
        assert isinstance(screen, MarkingScreen)
        while screen.points is None:
            await learner.press("space")
        await learner.press("enter", "q")
        assert "Leave the marking?" in learner.reads()
        await learner.press("enter")
        await learner.until(lambda: learner.screen == "MockStartScreen")
        await learner.until(lambda: "is not marked yet" in learner.reads())
        await learner.press("m")
        while learner.app.screen.points is None:  # type: ignore[attr-defined]
            await learner.press("space")
        assert "1 of 2 points ticked" in learner.reads(), "so much was marked"
        await learner.press("q", "r")
        await learner.until(lambda: isinstance(learner.app.screen, ReportScreen) and learner.app.screen.shown)
        await learner.press("q")
        await learner.until(lambda: "Earlier mocks" in learner.reads())
        assert "is not marked yet" not in learner.reads()
        [held] = history(learner.app.desk.memory)
        assert held.score == 0.75


async def test_a_pack_edited_in_the_middle_changes_nothing_in_the_mock(
    opened: Opened, home: Home, clock: Clock
) -> None:
    install(home, RECALL, CHOICE)
    async with opened() as learner:
        before = learner.app.desk.library
        await sit(learner, clock, 2)
        await answer(learner, clock)
        install(home, CLOZE)
        await learner.until(lambda: learner.app.desk.library is not before)
        await answer(learner, clock)
        await mark_all(learner)
        await learner.press("g", "enter")
        await learner.until(lambda: "counted as reviews" in learner.reads())
        assert {review.card for review in learner.app.desk.memory.reviews()} == {"recall", "choice"}
        await learner.press("q", "s")
        await learner.until(lambda: learner.app.screen.found)  # type: ignore[attr-defined]
        await learner.press("m", "enter")
        await learner.until(lambda: isinstance(learner.app.screen, ReportScreen) and learner.app.screen.shown)


async def test_from_the_report_one_exports_counts_as_reviews_and_goes_to_the_demo_that_would_repair_it(
    opened: Opened, home: Home, clock: Clock
) -> None:
    install(home, CHOICE)
    async with opened((120, 40)) as learner:
        memory = learner.app.desk.memory
        await sit(learner, clock, 1)
        await answer(learner, clock, right=False)
        await mark_all(learner)
        await learner.press("e")
        await learner.until(lambda: told(learner))
        [written] = home.exports.glob("mock-*.md")
        assert told(learner) == [f"Written to {written}"]
        assert "To repair" in written.read_text()
        await learner.press("g")
        assert "Count these as reviews?" in learner.reads()
        await learner.press("escape")
        assert memory.reviews() == []
        await learner.press("g", "enter")
        await learner.until(lambda: "counted as reviews" in learner.reads())
        await learner.press("g")
        counted = [(review.card, review.rating, review.at) for review in memory.reviews()]
        assert counted == [("choice", Rating.AGAIN, clock())], "once"
        assert "1 lora_merge" in learner.reads()
        await learner.press("d")
        await learner.until(lambda: any(type(screen).__name__ == "BenchScreen" for screen in learner.app.screen_stack))


async def test_the_start_page_says_what_happens_and_turns_two_dials(opened: Opened, home: Home, clock: Clock) -> None:
    install(home, *KINDS.values())
    async with opened((60, 20)) as learner:
        await learner.press("i")
        await learner.pilot.pause()
        said = " ".join(learner.reads().split())
        assert "8 questions across your packs in 20 minutes (2:30 each)" in said
        assert "This is your first mock." in said
        await learner.press("right", "down", "left", "left")
        assert "6 questions across your packs in 25 minutes (4:10 each)" in " ".join(learner.reads().split())
        await learner.press("enter")
        await learner.until(lambda: learner.screen == "MockScreen")
        assert mock(learner).interview.total == 6


async def test_prep_mock_opens_the_app_at_the_start_page(home: Home) -> None:
    app = PrepApp(home, Settings())
    app.home_screen.mock_at_once = Terms(7, 3)
    async with app.run_test(size=(80, 24)) as pilot:
        learner = Learner(app, pilot)
        await learner.until(lambda: learner.screen == "MockStartScreen")
        await pilot.pause()
        assert "3 questions across your packs in 7 minutes" in " ".join(learner.reads().split())


async def test_earlier_mocks_are_listed_with_their_scores(opened: Opened, home: Home, clock: Clock) -> None:
    install(home, CHOICE)
    async with opened() as learner:
        for right in (False, True):
            await sit(learner, clock, 1)
            await answer(learner, clock, right=right)
            await mark_all(learner)
            clock.pass_days(1)
            shown = learner.reads()
            await learner.press("q")
        assert "▲ 100 points above the mock before: 0 %" in shown
        await learner.press("i")
        await learner.until(lambda: "Earlier mocks" in learner.reads())
        assert "2026-03-03 10:00" in learner.reads()


async def test_its_keys_can_be_remapped(opened: Opened, home: Home, clock: Clock) -> None:
    home.config.write_text('[keys]\n"mock.skip" = "z"\n')
    install(home, RECALL, CHOICE)
    async with opened() as learner:
        await sit(learner, clock, 2)
        await learner.press("s")
        assert mock(learner).interview.number == 1
        await learner.press("z")
        assert mock(learner).interview.number == 2
