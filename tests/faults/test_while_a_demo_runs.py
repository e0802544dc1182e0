"""The lab's processes are killed, the learner's folder goes: the app says so in a sentence, and the next run works."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sys
from pathlib import Path

import pytest

from prep_app.lab.events import Failure, Result
from prep_app.paths import Home
from prep_app.ui.widgets.demo_pane import DemoPane
from tests.ui.conftest import Learner, Opened
from tests.ui.one_card import RECALL, install

pytestmark = [
    pytest.mark.usefixtures("only_installed"),
    pytest.mark.skipif(sys.platform != "linux", reason="the worker forks on Linux"),
]
WORKER, RUN = "the lab's process ended", "the demo stopped: it crashed (SIGKILL)"
LONG = "ewc_penalty"  # trains for about half a second


async def kill_within(learner: Learner, victim: str, patience: float) -> None:
    """Kill the worker, or the child that runs the demo, at some moment of the run."""
    lab = learner.app.lab
    await learner.until(lambda: lab.state == "running")
    worker = lab._process.pid  # type: ignore[union-attr]
    await asyncio.sleep(patience)
    if victim == WORKER:
        os.kill(worker, signal.SIGKILL)
    else:
        await learner.until(lambda: children(worker))
        os.kill(children(worker)[0], signal.SIGKILL)


def children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


async def settled(learner: Learner, pane: DemoPane, runs: int) -> Failure | Result:
    await learner.until(lambda: pane.records and pane.records[-1].number == runs and not pane.running, 60)
    outcome = pane.records[-1].outcome
    assert isinstance(outcome, Failure | Result)
    return outcome


async def test_whatever_is_killed_or_removed_the_app_says_so_and_the_next_run_works(
    opened: Opened, home: Home, tmp_path: Path
) -> None:
    install(Home(tmp_path), RECALL)
    pack = tmp_path / "packs" / "one"
    question = pack / "t1.yaml"
    question.write_text(question.read_text().replace("lora_merge", LONG))
    chance, runs = random.Random(0), 0
    async with opened((120, 40), packs=[pack], study=["T1"]) as learner:
        await learner.until(lambda: learner.screen == "StudyScreen")
        await learner.press("l")
        await learner.until(lambda: learner.screen == "PredictScreen")
        pane = learner.app.screen_stack[-2].query_one(DemoPane)
        for key, victim in (("escape", RUN), ("r", WORKER)):
            killing = asyncio.create_task(kill_within(learner, victim, chance.random() * 0.1))
            await learner.press(key)  # on a busy machine the run may be over when this returns
            await killing
            runs += 1
            outcome = await settled(learner, pane, runs)
            assert isinstance(outcome, Failure)
            assert outcome.message.startswith(victim)
            await learner.until(lambda said=victim: said in " ".join(learner.reads().split()))
        await learner.press("r")
        shutil.rmtree(home.root)
        outcome = await settled(learner, pane, runs + 1)
        assert isinstance(outcome, Result)
        await learner.until(lambda: [note for note in learner.app._notifications if "not saved" in note.message])
        assert learner.app._exception is None
