"""Order cards, by themselves: steps carried to their places with keys or the mouse, and how they came out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from prep_app.answers.asked import ask
from prep_app.answers.response import Arranged, mark
from prep_app.content.body import Body, Order, Step
from prep_app.content.model import Card, DemoLink
from prep_app.ui.screens.study.answering.answering import Answering
from prep_app.ui.screens.study.answering.order import CARRYING, OrderSteps
from prep_app.ui.themes import DARK, LIGHT
from tests.ui.conftest import Learner
from tests.ui.test_looks import pale

SIZES = [(60, 20), (80, 24), (120, 40)]
LIFE = (
    Step("freeze the base", "nothing is stored for its gradients"),
    Step("add the factors"),
    Step("train them"),
    Step("merge them", "the last thing that happens to them"),
)


class Alone(App[None]):
    """An answer on a page, with the keys around it that Study has."""

    CSS = "VerticalScroll { padding: 1 1 0 2; }"
    BINDINGS = [Binding("space", "reveal"), Binding("escape", "back")]
    AUTO_FOCUS = None

    def __init__(self, answering: Answering) -> None:
        super().__init__()
        self.answering = answering
        self.heard: list[str] = []
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Static("The prompt.", markup=False)
            yield self.answering

    def on_mount(self) -> None:
        self.answering.enter()

    def action_reveal(self) -> None:
        self.heard.append("reveal")

    def action_back(self) -> None:
        self.heard.append("back")

    @on(Answering.Changed)
    def _changed(self) -> None:
        self.heard.append("changed")


def card(body: Body, demo: str = "") -> Card:
    return Card("card", "T1", "topic", "The prompt.", "The answer.", body, demo=DemoLink(demo, {}) if demo else None)


@asynccontextmanager
async def alone(answering: Answering, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Learner]:
    """The answer in an app of its own, and a learner before it."""
    app = Alone(answering)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield Learner(app, pilot)  # type: ignore[arg-type]


def ordering(*steps: Step) -> OrderSteps:
    return OrderSteps(ask(card(Order(steps or LIFE)), 0))


def stands(steps: OrderSteps) -> list[str]:
    """The steps in the order that the learner gave them."""
    return [steps.texts[index] for index in steps.response().indices]


async def arrange(learner: Learner, steps: OrderSteps, wanted: list[str]) -> None:
    """Put every step at its place, by its number."""
    for place, text in enumerate(wanted):
        while stands(steps)[steps.cursor] != text:
            await learner.press("down")
        await learner.press(str(place + 1))


def shown(steps: OrderSteps, learner: Learner) -> list[str]:
    """The steps as they are read from top to bottom."""
    reads = learner.reads()
    return sorted(steps.texts, key=reads.index)


@pytest.mark.parametrize("size", SIZES)
async def test_enter_picks_a_step_up_the_arrows_carry_it_and_enter_puts_it_down(size: tuple[int, int]) -> None:
    steps = ordering()
    async with alone(steps, size) as learner:
        first, second, third, fourth = stands(steps)
        assert "▸ 1" in learner.reads()
        await learner.press("enter", "down", "down")
        assert f"⇅ 3  {first}" in learner.reads()
        assert CARRYING in learner.reads()
        await learner.press("enter", "down")
        assert stands(steps) == shown(steps, learner) == [second, third, first, fourth]
        assert f"▸ 4  {fourth}" in learner.reads()


async def test_space_puts_a_carried_step_down_and_otherwise_reveals() -> None:
    steps = ordering()
    async with alone(steps) as learner:
        await learner.press("enter", "down", "space")
        assert "reveal" not in learner.app.heard
        assert not steps.carrying
        await learner.press("space")
        assert "reveal" in learner.app.heard


async def test_escape_is_not_the_lists_own() -> None:
    steps = ordering()
    async with alone(steps) as learner:
        await learner.press("escape", "enter", "escape")
        assert learner.app.heard == ["back", "back"]


async def test_what_loses_the_focus_is_put_down() -> None:
    steps = ordering()
    async with alone(steps) as learner:
        await learner.press("enter")
        learner.app.screen.set_focus(None)
        await learner.pilot.pause()
        assert not steps.carrying
        assert "⇅" not in learner.reads()
        assert "▸" not in learner.reads()


@pytest.mark.parametrize(("down", "up"), [("shift+down", "shift+up"), ("ctrl+down", "ctrl+up"), ("J", "K")])
async def test_a_step_is_carried_at_once_without_picking_it_up(down: str, up: str) -> None:
    steps = ordering()
    async with alone(steps) as learner:
        first, second, third, fourth = stands(steps)
        await learner.press(down, down, up)
        assert stands(steps) == [second, first, third, fourth]
        await learner.press("j", "k", down)
        assert stands(steps) == [second, third, first, fourth]


async def test_a_number_puts_the_step_at_that_place_and_one_too_high_does_nothing() -> None:
    steps = ordering()
    async with alone(steps) as learner:
        first, second, third, fourth = stands(steps)
        await learner.press("3")
        assert stands(steps) == [second, third, first, fourth]
        await learner.press("9", "5")
        assert stands(steps) == [second, third, first, fourth]
        await learner.press("1")
        assert stands(steps) == [first, second, third, fourth]


async def test_the_cursor_goes_round_but_a_carried_step_stops_at_the_end() -> None:
    steps = ordering()
    async with alone(steps) as learner:
        before = stands(steps)
        await learner.press("up")
        assert steps.cursor == 3
        await learner.press("enter", "down", "down", "enter", "down")
        assert steps.cursor == 0
        assert stands(steps) == before
        assert not steps.given(), "nothing was moved"


async def test_a_click_chooses_a_step_and_another_puts_one_picked_up_there() -> None:
    steps = ordering()
    async with alone(steps) as learner:
        first, second, third, fourth = stands(steps)
        lines = list(learner.app.screen.query(".step"))
        await learner.pilot.click(lines[2])
        assert steps.cursor == 2
        await learner.press("enter")
        await learner.pilot.click(lines[0])
        await learner.pilot.pause()
        assert stands(steps) == [third, first, second, fourth]
        assert not steps.carrying


async def test_an_answer_is_given_once_something_was_moved_and_each_move_is_told() -> None:
    steps = ordering()
    async with alone(steps) as learner:
        assert steps.response() == Arranged((0, 1, 2, 3))
        assert not steps.given()
        await learner.press("2", "enter", "down", "enter")
        assert steps.given()
        assert learner.app.heard == ["changed", "changed"]


@pytest.mark.parametrize("size", SIZES)
async def test_the_right_order_is_confirmed_with_its_reasons(size: tuple[int, int]) -> None:
    steps = ordering()
    async with alone(steps, size) as learner:
        await arrange(learner, steps, [step.text for step in LIFE])
        asked = ask(card(Order(LIFE)), 0)
        result = mark(asked, steps.response())
        assert result.correct
        steps.reveal(result)
        await learner.pilot.pause()
        reads = learner.reads()
        assert "✓ all in order" in reads
        assert "✗" not in reads
        assert all(f"✓ {number}  {step.text}" in reads for number, step in enumerate(LIFE, 1))
        assert "nothing is stored for its gradients" in reads


async def test_the_first_wrong_step_is_named_and_each_misplaced_one_says_what_stood_there() -> None:
    steps = ordering()
    async with alone(steps, (120, 40)) as learner:
        await arrange(learner, steps, ["freeze the base", "add the factors", "merge them", "train them"])
        steps.reveal(mark(ask(card(Order(LIFE)), 0), steps.response()))
        await learner.pilot.pause()
        reads = learner.reads()
        assert "First wrong at 3: you put “merge them”; here comes “train them”" in reads
        assert "✓ 2  add the factors" in reads
        assert "✗ 3  train them  you had “merge them”" in reads
        assert "✗ 4  merge them  you had “train them”" in reads


async def test_nothing_moves_after_the_reveal() -> None:
    steps = ordering()
    async with alone(steps) as learner:
        before = stands(steps)
        steps.reveal(mark(ask(card(Order(LIFE)), 0), steps.response()))
        await learner.press("2", "J", "enter", "down")
        steps.move(1)
        assert stands(steps) == before
        assert not steps.carrying


async def test_long_steps_wrap_under_their_first_word_and_stay_in_sight() -> None:
    long = [Step(f"step {letter} " + "which goes on about the very same thing " * 4) for letter in "abcdefghijkl"]
    steps = ordering(*long)
    async with alone(steps, (60, 20)) as learner:
        lines = [line for line in learner.reads().split("\n") if line.strip()]
        assert lines[1].index("step") == len(lines[2]) - len(lines[2].lstrip()), "a hanging indent"
        for _ in long:
            assert f"▸ {steps.cursor + 1:>2}  {stands(steps)[steps.cursor][:6]}" in learner.reads()
            await learner.press("down")
        await learner.press("enter", *["down"] * 11)
        assert "⇅ 12  step" in learner.reads()


async def test_steps_are_shown_as_they_were_written() -> None:
    odd = (Step("[b]softmax[dim][/nope]", "[@click=app.quit]why[/]"), Step("🦙🦙 four"), Step("مرحبا one"))
    steps = ordering(*odd)
    async with alone(steps) as learner:
        assert all(text in learner.reads() for text in ("[b]softmax[dim][/nope]", "🦙🦙", "مرحبا"))
        steps.reveal(mark(ask(card(Order(odd)), 0), steps.response()))
        await learner.pilot.pause()
        assert "[@click=app.quit]why[/]" in learner.reads()


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name])
async def test_every_word_can_be_read_on_its_ground(theme: str) -> None:
    steps = ordering()
    async with alone(steps) as learner:
        learner.app.theme = theme
        await learner.press("down", "enter")
        assert pale(learner) == {}
        steps.reveal(mark(ask(card(Order(LIFE)), 0), steps.response()))
        await learner.pilot.pause()
        assert pale(learner) == {}


async def test_no_step_is_lost_however_it_is_moved() -> None:
    steps = ordering(*(Step(f"step {letter}") for letter in "abcdefghijk"))
    async with alone(steps) as learner:
        await learner.press("9", "K", "enter", "up", "up", "3", "down", "J", "1", "up", "enter", "down", "space")
        assert sorted(stands(steps)) == sorted(steps.texts)
        places = [learner.reads().index(text) for text in stands(steps)]
        assert all(above < below for above, below in pairwise(places))
