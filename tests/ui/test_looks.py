"""How the screens look: their text at three sizes, and enough contrast in both themes.

A learner walks from screen to screen in one app, and the terminal is resized at each stop: an app of its own for each
picture would take ten times as long. The cards are the tests' own, the clock stands, and the time zone is UTC.
"""

from __future__ import annotations

import re

import pytest
from rich.color import Color
from syrupy.assertion import SnapshotAssertion
from textual.widgets import Input

from prep_app.content.model import CardId
from prep_app.memory.days import now
from prep_app.paths import Home
from prep_app.practice.mock import Terms
from prep_app.practice.session import Session
from prep_app.ui.screens.browse.preview import NARROW
from prep_app.ui.screens.mock.start import MockStartScreen
from prep_app.ui.screens.study.screen import StudyScreen
from prep_app.ui.themes import DARK, LIGHT
from prep_app.ui.widgets.demo_pane import DemoPane
from prep_app.ui.widgets.demo_pane.plot_view import PlotView
from tests.conftest import Clock
from tests.ui.conftest import Learner, Opened
from tests.ui.one_card import KINDS
from tests.ui.test_kinds import say
from tests.ui.weeks import install_course

pytestmark = pytest.mark.usefixtures("only_installed", "standing")

SIZES = [(60, 20), (80, 24), (120, 40)]
UNROLLED = [(60, 120), (120, 90)]  # so tall that nothing has to be scrolled to
SIMULATED = "plan"  # whose figures are numpy's, and may differ in the last place between machines
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3, for text of ordinary size


async def looks(learner: Learner, snapshot: SnapshotAssertion, name: str, sizes: list[tuple[int, int]] = SIZES) -> None:
    """Hold what is on the screen now, at each size; at the last of them, in both themes, every word can be read."""
    for width, height in sizes:
        await learner.pilot.resize_terminal(width, height)
        await still(learner)
        read = re.sub(r"\d", "0", learner.reads()) if name == SIMULATED else learner.reads()
        assert read == snapshot(name=f"{name} {width}x{height}")
    for theme in (LIGHT, DARK):
        learner.app.theme = theme.name
        await learner.pilot.pause()
        assert pale(learner) == {}, f"{name}, {theme.name}"


async def still(learner: Learner) -> None:
    """Wait until everything that the screen was working on is drawn."""
    screen = learner.app.screen
    await learner.until(lambda: not any(worker.node is screen and worker.is_running for worker in learner.app.workers))
    await learner.until(lambda: all(view.chart is not None for view in screen.query(PlotView)))
    await learner.pilot.pause()
    await learner.pilot.pause()


async def test_the_first_session(opened: Opened, home: Home, snapshot: SnapshotAssertion) -> None:
    install_course(home)
    async with opened() as learner:
        await looks(learner, snapshot, "home")
        await learner.press("slash", *"merg")
        await found(learner, "merg")
        await looks(learner, snapshot, "browse")
        await learner.press("escape", "escape", "enter")
        await looks(learner, snapshot, "question")
        await learner.press("space")
        await looks(learner, snapshot, "answer")


async def test_after_some_weeks(opened: Opened, weeks: None, snapshot: SnapshotAssertion) -> None:
    async with opened() as learner:
        await looks(learner, snapshot, "home")
        await learner.press("p")
        await looks(learner, snapshot, "practise")
        await learner.press("escape", "t", *"2026-04-15")
        await learner.until(lambda: "recalled on the day" in learner.reads())
        await looks(learner, snapshot, "plan")
        await learner.press("escape", "s")
        await learner.until(lambda: learner.app.screen.found)  # type: ignore[attr-defined]
        await looks(learner, snapshot, "stats")
        await looks(learner, snapshot, "all of stats", UNROLLED)
        await learner.pilot.resize_terminal(60, 20)
        await learner.press("m")
        await looks(learner, snapshot, "mocks", [(60, 20)])
        await learner.press("enter")
        await learner.until(lambda: learner.app.screen.shown)  # type: ignore[attr-defined]
        await looks(learner, snapshot, "report")
        await looks(learner, snapshot, "all of the report", UNROLLED)


async def test_a_mock_interview(opened: Opened, weeks: None, snapshot: SnapshotAssertion, standing: Clock) -> None:
    async with opened() as learner:
        await learner.app.push_screen(MockStartScreen(learner.app.desk, Terms(10, 4), standing))
        await learner.until(lambda: "Earlier mocks" in learner.reads())
        await looks(learner, snapshot, "start")
        await learner.press("enter")
        await learner.until(lambda: learner.screen == "MockScreen")
        seen = set()
        while learner.screen == "MockScreen":
            kind = learner.app.screen.interview.current.card.body.kind  # type: ignore[attr-defined]
            standing.pass_seconds(145)
            learner.app.screen.draw_time()  # type: ignore[attr-defined]
            if kind not in seen:
                seen.add(kind)
                await looks(learner, snapshot, f"asking, {kind}")
            if learner.app.focused is not None:
                await learner.press("escape")
            await learner.press("space" if kind == "recall" else "s")
        assert {"recall"} < seen
        await learner.until(lambda: learner.screen == "MarkingScreen")
        await looks(learner, snapshot, "marking")
        await learner.press("q")
        await looks(learner, snapshot, "leaving")


async def test_every_kind_of_card(opened: Opened, weeks: None, snapshot: SnapshotAssertion) -> None:
    said = {"cloze": "int4", "numeric": "12k", "compare": "bf16"}
    async with opened() as learner:
        desk = learner.app.desk
        cards = tuple(CardId(kind) for kind in KINDS if kind != "recall")
        session = Session.start(desk.library, desk.memory, desk.settings, clock=now, cards=cards)
        await learner.app.push_screen(StudyScreen(desk, session))
        while learner.screen == "StudyScreen":
            kind = learner.app.screen.session.current.body.kind  # type: ignore[attr-defined]
            await looks(learner, snapshot, kind)
            if kind in said:
                await say(learner, said[kind])
                await learner.press(*["enter"] * len(learner.app.screen.query(Input)))
            elif kind == "code":
                await learner.press("escape", "space")
            else:
                await learner.press(*(["2"] if kind == "choice" else []), "space")
            await looks(learner, snapshot, f"{kind}, answered")
            await learner.press("3")
        await looks(learner, snapshot, "summary")


async def test_a_demo_beside_the_answer_can_be_read_in_both_themes(opened: Opened, home: Home) -> None:
    install_course(home)
    async with opened((120, 40)) as learner:
        await learner.press("enter", "space", "enter", "d")
        pane = learner.app.screen.query_one(DemoPane)
        await learner.until(lambda: pane.checks and not pane.running, 90)
        await still(learner)
        for theme in (LIGHT, DARK):
            learner.app.theme = theme.name
            await learner.pilot.pause()
            assert pale(learner) == {}


async def found(learner: Learner, text: str) -> None:
    """Wait until Browse has found `text` and laid out the card under the cursor."""
    await learner.until(lambda: learner.app.screen._shown == text)  # type: ignore[attr-defined]
    if learner.app.size.width >= NARROW:
        await learner.until(lambda: learner.app.screen.query("Preview.-prose"))
    await learner.pilot.pause()


def pale(learner: Learner) -> dict[str, float]:
    """Text on the screen whose contrast is too small, and that contrast. Lines and boxes are not text.

    What lies dimmed under a box that has opened over it is not there to be read.
    """
    screen = learner.app.screen
    region = screen.query_one(".box").region if screen.is_modal else screen.region
    found = {}
    for strip in screen._compositor.render_strips()[region.y : region.bottom]:
        for segment in strip.crop(region.x, region.right):
            style = segment.style
            if not any(character.isalnum() for character in segment.text) or style is None:
                continue
            if style.color is None or style.bgcolor is None:
                continue
            ratio = contrast(style.color, style.bgcolor)
            if ratio < LEAST_CONTRAST:
                found[segment.text.strip()] = round(ratio, 2)
    return found


def contrast(one: Color, other: Color) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: Color) -> float:
    """Relative luminance (WCAG 2.2, definitions)."""
    shares = [part / 255 for part in color.get_truecolor()]
    red, green, blue = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
