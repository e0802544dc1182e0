"""What the tests share: a learner's empty folder, and a clock that stands where it is put."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from prep_app.content.library import builtin_folders, load_library
from prep_app.content.model import Library
from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.settings import Settings

# Tests run beside each other, a core each; two that use every core wait for each other's threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

DAY = 86_400_000


def pytest_xdist_auto_num_workers() -> int:
    """Twice the cores: half of the time a test of a screen waits for it to come to rest."""
    return 2 * (os.cpu_count() or 1)


@dataclass
class Clock:
    """Milliseconds that move only when told to."""

    at: int = int(datetime(2026, 3, 2, 10).timestamp() * 1000)

    def __call__(self) -> int:
        return self.at

    def pass_seconds(self, seconds: float) -> None:
        self.at += round(seconds * 1000)

    def pass_days(self, days: float) -> None:
        self.at += round(days * DAY)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty learner's folder, and PREP_HOME pointing at it."""
    root = tmp_path / "home"
    root.mkdir(mode=0o700)
    monkeypatch.setenv("PREP_HOME", str(root))
    return Home(root)


@pytest.fixture
def small_folder() -> Iterator[Path]:
    """A folder on a disk of half a megabyte."""
    folder = Path(tempfile.mkdtemp())
    if (
        os.name != "posix"
        or os.geteuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
    folder.rmdir()


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def memory(home: Home, settings: Settings) -> Iterator[Memory]:
    opened = Memory.open(home, settings)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def library() -> Library:
    """The packs that come with prep."""
    return load_library(builtin_folders())
