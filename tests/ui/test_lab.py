"""The lab: the demos listed, one on the bench, predictions scored, slips found, runs compared and kept."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from prep_app.lab.catalogue import catalogue
from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.settings import Settings
from prep_app.ui.screens.bench.screen import BenchScreen
from prep_app.ui.widgets.demo_pane import pane
from prep_app.ui.widgets.demo_pane.program_view import ProgramView
from tests.ui.conftest import Learner, Opened

WAIT = 60  # seconds; a limit, never a measure


@asynccontextmanager
async def bench(
    opened: Opened, name: str, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Learner, BenchScreen]]:
    """The lab's list, then one demo's bench with its first question asked."""
    async with opened(size) as learner:
        await learner.press("l")
        await learner.until(
            lambda: learner.screen == "LabScreen" and learner.app.screen.query_one("#demos").option_count
        )  # type: ignore[attr-defined]
        options = learner.app.screen.query_one("#demos")
        options.highlighted = options.get_option_index(name)  # type: ignore[attr-defined]
        await learner.press("enter")
        await learner.until(lambda: learner.screen == "PredictScreen")
        on_bench = next(screen for screen in learner.app.screen_stack if isinstance(screen, BenchScreen))
        yield learner, on_bench


async def ran(learner: Learner, screen: BenchScreen, runs: int = 1) -> None:
    await learner.until(lambda: screen.pane.last is not None and screen.pane.last.number >= runs, WAIT)
    await learner.pilot.pause(0.2)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
async def test_the_list_shows_every_demo_under_its_question(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as learner:
        await learner.press("l")
        await learner.until(lambda: learner.screen == "LabScreen")
        options = learner.app.screen.query_one("#demos")
        await learner.until(lambda: options.option_count)  # type: ignore[attr-defined]
        ids = {options.get_option_at_index(i).id for i in range(options.option_count)}  # type: ignore[attr-defined]
        assert ids - {None} == set(catalogue())
        assert "checks held here" in learner.reads()
        await learner.press("escape")
        assert learner.screen == "HomeScreen"


async def test_a_prediction_is_scored_and_kept_and_the_run_as_a_picture_and_as_json(opened: Opened, home: Home) -> None:
    async with bench(opened, "parameter_count", (80, 24)) as (learner, screen):
        prediction = screen.demo.predictions[0]
        assert prediction.ask.split()[0] in learner.reads()
        await learner.press(*("enter" if prediction.choices else "1"), "enter")
        await ran(learner, screen)
        assert "You said" in str(screen.notes.render())
        await learner.press("e")
        await learner.until(lambda: len(list(home.exports.glob("*"))) == 2)
    (svg,) = home.exports.glob("*.svg")
    assert svg.read_text(encoding="utf-8").startswith("<svg")
    (written,) = home.exports.glob("*.json")
    body = json.loads(written.read_text(encoding="utf-8"))
    assert body["name"] == "parameter_count"
    assert body["passed"] is True
    assert {event["event"] for event in body["events"]} >= {"check", "table"}
    memory = Memory.open(home, Settings())
    (kept,) = memory.predictions()
    assert kept["demo"] == "parameter_count"
    assert 0 <= kept["score"] <= 1
    assert any(proof.held for proof in memory.proofs().values())
    memory.close()


async def test_nonsense_is_refused_where_it_is_typed_and_escape_just_runs_each_check_at_its_line(
    opened: Opened, home: Home
) -> None:
    async with bench(opened, "lora_merge") as (learner, screen):
        await learner.press(*"many", "enter")
        assert learner.screen == "PredictScreen"
        assert "✗ a number such as 0.5" in learner.text_of("#invitation")
        await learner.press("escape")
        await ran(learner, screen)
        view = screen.query_one(ProgramView)
        lines = (view._text.render()).plain.split("\n")  # type: ignore[union-attr]
        marked = [lines[number - 1] for number in view.checks]
        assert len(view.checks) == len(screen.demo.checks)
        assert all(line.startswith("✓") and "lab.check(" in line for line in marked)
        await a_slip_breaks_its_check_and_proves_nothing(learner, screen)
    memory = Memory.open(home, Settings())
    assert memory.predictions() == []
    memory.close()


async def a_slip_breaks_its_check_and_proves_nothing(learner: Learner, screen: BenchScreen) -> None:
    proofs = screen.desk.memory.proofs()
    await learner.press("b")
    assert learner.screen == "BreakScreen"
    hunted = learner.app.screen.hunted  # type: ignore[attr-defined]
    slip = next(slip for slip in screen.demo.mistakes if slip.fails == hunted)
    options = learner.app.screen.query_one("OptionList")
    options.highlighted = options.get_option_index(slip.name)  # type: ignore[attr-defined]
    await learner.press("enter")
    await ran(learner, screen, 2)
    said = " ".join(str(screen.notes.render()).split())
    assert "You broke it." in said
    assert slip.why.split(".")[0] in said
    assert screen.desk.memory.proofs() == proofs


async def test_a_dial_runs_the_demo_again_and_an_earlier_run_can_be_laid_over(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pane, "QUICK", float("inf"))  # however busy the machine is
    async with bench(opened, "low_rank") as (learner, screen):
        await learner.press("escape")
        await ran(learner, screen)
        await learner.press("p", "right")
        await ran(learner, screen, 2)
        first, second = screen.pane.records
        assert first.values != second.values
        assert "Changed since run 1" in str(screen.notes.render())
        await learner.press("escape", "o")
        assert screen.pane.against is first
        await learner.until(lambda: "(run 1)" in learner.reads() or screen.pane.query("PlotView"))


async def test_study_opens_its_demo_in_the_lab(opened: Opened) -> None:
    async with opened((80, 24), study=["Q4"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        await learner.press("space", "l")
        await learner.until(lambda: any(isinstance(screen, BenchScreen) for screen in learner.app.screen_stack))
        link = next(screen for screen in learner.app.screen_stack if isinstance(screen, BenchScreen)).link
        assert link.name in learner.reads()
