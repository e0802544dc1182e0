"""Killed at any moment: every acknowledged review is there, and what was folded is what the journal says."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from prep_app.memory.journal_file import file_damage
from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.settings import Settings

EVERY = 13  # system calls; `python -m tests.memory.killed SCENARIO FOLDER 1` stops before each (ten seconds a scenario)
WRITER = """
import sys, time
from pathlib import Path
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
memory = Memory.open(Home(Path(sys.argv[1])), Settings())
for number in range(100_000):
    done = memory.answer(f"card-{number % 5}", Rating.GOOD, at=time.time_ns() // 1_000_000)
    print(done.entry, flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="stops the program by ptrace")
@pytest.mark.parametrize("scenario", ["first_answer", "answers", "log_begun_anew", "backup"])
def test_killed_between_any_two_system_calls(scenario: str) -> None:
    in_memory = Path("/dev/shm")  # a disk would take its time to sync
    with tempfile.TemporaryDirectory(dir=in_memory if in_memory.is_dir() else None) as folder:
        command = [sys.executable, "-m", "tests.memory.killed", scenario, folder, str(EVERY)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    if "ptrace is not allowed here" in done.stderr:
        pytest.skip("ptrace is not allowed here")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20


@pytest.mark.parametrize("seed", range(4))
def test_killed_in_full_flight(home: Home, seed: int) -> None:
    command = [sys.executable, "-c", WRITER, home.root]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = [writer.stdout.readline().strip() for _ in range(random.Random(seed).randint(1, 60))]
    writer.send_signal(signal.SIGKILL)
    acknowledged += [line.strip() for line in writer.stdout if line.endswith("\n")]
    writer.wait()
    memory = Memory.open(home, Settings())
    assert set(acknowledged) <= {review.entry for review in memory.reviews()}
    memory.close()
    assert file_damage(home.journal) is None
