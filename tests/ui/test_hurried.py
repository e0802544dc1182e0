"""A monkey presses keys everywhere, faster than anything is drawn: the app never ends, and no grade is lost.

This is the short run of benchmarks/soak.py, and a look at whether that would notice.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from prep_app.content.model import CardId
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.conftest import DAY

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
AT = 1_770_000_000_000
BROKEN = """
import runpy, sys
from prep_app.practice.session import Session
def broken(*arguments, **options):
    raise ZeroDivisionError("a bug")
Session.start = broken
sys.argv[1:] = ["--keys", "3000", "--seed", "3"]
runpy.run_path("soak.py", run_name="__main__")
"""


@pytest.fixture
def soak(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import soak

    return soak


def test_hurried_keys_never_end_the_app_and_lose_no_review() -> None:
    command = [sys.executable, "soak.py", "--keys", "250", "--seed", "1"]
    done = subprocess.run(command, cwd=BENCHMARKS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "StudyScreen" in done.stdout


def test_an_exception_is_told_with_the_seed_and_the_last_keys() -> None:
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, '.')\n{BROKEN}"]
    done = subprocess.run(command, cwd=BENCHMARKS, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ZeroDivisionError: a bug" in done.stdout
    assert "seed 3, after" in done.stdout.splitlines()[-1]


def test_a_review_that_is_gone_and_a_cache_that_differs_are_told(home: Home, soak: ModuleType) -> None:
    held = soak.Soak(home, 0, 0, soak.Monkey(0), soak.SkippingClock())
    memory = Memory.open(home, Settings())
    for number in range(3):
        held.acknowledged.append(memory.answer(CardId("q4-zero-init"), Rating.GOOD, at=AT + number * DAY).entry)
    memory.close()
    assert soak.journal_faults(held) == []
    held.acknowledged.append("gone")
    assert soak.journal_faults(held) == ["1 reviews are lost, 0 were never given, of 4"]
    held.acknowledged[2:] = []
    assert soak.journal_faults(held) == ["0 reviews are lost, 1 were never given, of 2"]


def test_memory_that_grows_is_told(soak: ModuleType) -> None:
    assert soak.memory_fault([100.0, 104.0, 97.0, 101.0]) is None
    assert "not flat" in soak.memory_fault([100.0, 104.0, 111.0, 150.0])
