"""Parameters that fit the person: fitted to the journal, tried on what was held out, kept only if better."""

from __future__ import annotations

import json
import os
import pty
import random
import signal
import subprocess
import sys
import time

import pytest
from fsrs_rs_python import DEFAULT_PARAMETERS

from prep_app.cli import run
from prep_app.content.model import CardId
from prep_app.memory.parameters import LEAST, optimise, worth_fitting
from prep_app.memory.schedule import PARAMETERS, Parameters, next_memory, recall
from prep_app.memory.store import Memory
from prep_app.memory.types import Learned, New, Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.conftest import DAY, Clock

# Someone who forgets sooner than most at first, and whose memory grows less with each review.
FORGETFUL: Parameters = (0.05, 0.15, 0.4, 1.0, *PARAMETERS[4:8], 0.5, *PARAMETERS[9:])


def practise(memory: Memory, clock: Clock, cards: int, truth: Parameters, seed: int = 0) -> None:
    """Answer new cards seven times each, one begun every two days, when the app asks, as a memory of `truth` would."""
    chance = random.Random(seed)
    for number in range(cards):
        card, at = CardId(f"card-{seed}-{number}"), clock() + 2 * number * DAY
        held: Learned | New = New()  # in the learner's mind; the app knows only the answers
        for _ in range(7):
            if isinstance(held, New):
                rating = Rating(chance.choice([1, 2, 3, 3, 3, 4]))
            else:
                recalled = chance.random() < recall(held, at)
                rating = Rating(chance.choice([2, 3, 3, 3, 4])) if recalled else Rating.AGAIN
            held = next_memory(held, rating, at, memory.settings, truth)
            asked = memory.answer(card, rating, at=at).memory
            at += max(1, round(asked.interval_days)) * DAY


def test_the_better_parameters_are_kept_and_hold_everywhere(home: Home, clock: Clock) -> None:
    memory = Memory.open(home, Settings())
    practise(memory, clock, 120, FORGETFUL)
    other = Memory.open(home, Settings())
    card = CardId("card-0-0")
    before = memory.state(card)
    assert worth_fitting(memory)
    fit = optimise(memory, clock() + 900 * DAY)
    assert fit.kept
    assert fit.log_loss_after < fit.log_loss_before
    assert fit.reviews == memory.spaced_reviews() == 120 * 6
    assert memory.parameters == fit.parameters != PARAMETERS
    after = memory.state(card)
    assert after.decay == fit.parameters[20]
    assert (after.stability, after.last_ms) != (before.stability, before.last_ms)
    assert recall(after, after.last_ms + round(after.stability * DAY)) == pytest.approx(0.9, abs=1e-6)
    assert not worth_fitting(memory)
    other.refresh()  # another window
    assert other.parameters == fit.parameters
    assert other.state(card) == after
    other.close()
    memory.close()
    reopened = Memory.open(home, Settings())
    assert reopened.state(card) == after
    home.cache.unlink()
    rebuilt = Memory.open(home, Settings())
    assert rebuilt.state(card) == after
    reopened.close()
    rebuilt.close()


def test_what_predicts_no_better_is_noted_and_changes_nothing(memory: Memory, clock: Clock) -> None:
    practise(memory, clock, 80, PARAMETERS, seed=1)
    before = memory.state(CardId("card-1-0"))
    fit = optimise(memory, clock() + 900 * DAY)
    assert not fit.kept
    assert fit.log_loss_after >= fit.log_loss_before
    assert fit.parameters == memory.parameters == PARAMETERS
    assert memory.state(CardId("card-1-0")) == before
    assert memory.last_fit()["kept"] is False
    assert not worth_fitting(memory)
    practise(memory, clock, 40, PARAMETERS, seed=2)
    assert worth_fitting(memory)


def test_only_reviews_whose_outcome_can_be_predicted_count(memory: Memory, clock: Clock) -> None:
    card = CardId("a")
    memory.answer(card, Rating.GOOD, at=clock())
    memory.answer(card, Rating.GOOD, at=clock() + 60_000)  # on the same day
    clock.pass_days(1)
    memory.answer(card, Rating.GOOD, at=clock(), practice=True)
    assert memory.spaced_reviews() == 0
    memory.answer(card, Rating.GOOD, at=clock())
    assert memory.spaced_reviews() == 1
    memory.reset(card, clock())
    clock.pass_days(1)
    memory.answer(card, Rating.GOOD, at=clock())  # it begins anew
    clock.pass_days(1)
    memory.answer(card, Rating.GOOD, at=clock(), revision=2)  # and again
    assert memory.spaced_reviews() == 1
    clock.pass_days(1)
    memory.answer(card, Rating.GOOD, at=clock(), revision=2)
    assert memory.spaced_reviews() == 2
    memory.undo(clock())
    assert memory.spaced_reviews() == 1


def test_a_fit_that_is_given_up_keeps_nothing(memory: Memory, clock: Clock) -> None:
    practise(memory, clock, 80, FORGETFUL)

    def give_up(stage: str) -> None:
        if "noting" in stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        optimise(memory, clock(), give_up)
    assert memory.parameters == PARAMETERS
    assert memory.last_fit() is None


@pytest.mark.parametrize("nonsense", [[1.0] * 20, ["x"] * 21, [float("1e300")] * 21, None, 3])
def test_parameters_that_are_none_are_not_taken(memory: Memory, clock: Clock, nonsense: object) -> None:
    memory.note_fit({"parameters": nonsense, "kept": True, "reviews": 0}, clock())
    assert memory.parameters == PARAMETERS


def test_the_newest_that_was_kept_holds_in_whatever_order_they_arrive(memory: Memory, clock: Clock) -> None:
    older, newer = ([*FORGETFUL[:20], decay] for decay in (0.3, 0.4))
    memory.note_fit({"parameters": newer, "kept": True, "reviews": 0}, clock() + DAY)
    memory.note_fit({"parameters": older, "kept": True, "reviews": 0}, clock())
    memory.note_fit({"parameters": older, "kept": False, "reviews": 0}, clock() + 2 * DAY)
    assert memory.parameters == tuple(newer)


def test_the_defaults_are_fsrs_6s_own() -> None:
    assert list(PARAMETERS) == DEFAULT_PARAMETERS
    assert len(PARAMETERS) == 21


def test_the_command_says_how_many_are_missing(home: Home, capsys: pytest.CaptureFixture[str], clock: Clock) -> None:
    memory = Memory.open(home, Settings())
    practise(memory, clock, 1, PARAMETERS)
    memory.close()
    assert run(["optimize", "--json"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["kept"] is False
    assert captured.err == f"prep: too few reviews to fit to: {LEAST - 6} of {LEAST} are missing\n"


def test_the_command_prints_its_contract_and_a_table(
    home: Home, capsys: pytest.CaptureFixture[str], clock: Clock
) -> None:
    memory = Memory.open(home, Settings())
    practise(memory, clock, 100, FORGETFUL)
    memory.close()
    assert run(["optimize", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert list(body) == [
        "reviews", "log_loss_before", "log_loss_after", "rmse_before", "rmse_after", "kept", "parameters"
    ]  # fmt: skip
    assert body["kept"]
    assert len(body["parameters"]) == 21
    assert run(["optimize"]) == 0  # the same again is not better
    out = capsys.readouterr().out
    assert "log loss" in out
    assert "the present ones stay" in out


def test_on_a_terminal_it_says_what_it_does_and_ctrl_c_keeps_nothing(home: Home, clock: Clock) -> None:
    memory = Memory.open(home, Settings())
    practise(memory, clock, 80, FORGETFUL)
    memory.close()
    leader, follower = pty.openpty()
    slow = "import time, prep_app.memory.parameters as p; p.FSRS = lambda w: time.sleep(30); "
    program = slow + "import sys; from prep_app.cli import run; sys.exit(run(['optimize']))"
    child = subprocess.Popen([sys.executable, "-c", program], stderr=follower, stdout=subprocess.PIPE)
    os.close(follower)
    said = b""
    while b"fitting to" not in said:
        said += os.read(leader, 1000)
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    assert child.wait(20) == 130
    assert b"Traceback" not in os.read(leader, 10_000)
    os.close(leader)
    memory = Memory.open(home, Settings())
    assert memory.last_fit() is None
    memory.close()
