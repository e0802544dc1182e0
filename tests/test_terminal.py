"""The app in a real terminal: killed at any instant, run twice at once, without colour, without torch."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import random
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator

import pyte
import pytest

from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.ui.one_card import RECALL, install

ROWS, COLUMNS = 30, 100
LIMIT = 30  # seconds; a limit, never a measure
KEYBOARD_PROTOCOL = re.compile(rb"\x1b\[[<>=?][0-9;:]*[a-zA-Z$]+")  # what pyte would print as text


class Terminal:
    """prep in a pseudo-terminal, its screen kept by pyte."""

    def __init__(self, *arguments: str, environment: dict[str, str]) -> None:
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            command = [sys.executable, "-m", "prep_app", *arguments]
            size = {"COLUMNS": str(COLUMNS), "LINES": str(ROWS)}  # pytest-xdist says another
            os.execvpe(command[0], command, {**os.environ, "TERM": "xterm-256color", **size, **environment})
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.written = b""

    def shows(self, text: str) -> bool:
        self.read(0)
        return text in "\n".join(self.screen.display)

    def wait_for(self, text: str) -> None:
        self.until(lambda: self.shows(text), text)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + LIMIT
        while not holds():
            assert time.monotonic() < end, f"never came: {what}\n" + "\n".join(self.screen.display)
            self.read(0.02)

    def press(self, keys: str) -> None:
        os.write(self.descriptor, keys.encode())

    def read(self, seconds: float) -> None:
        while select.select([self.descriptor], [], [], seconds)[0]:
            try:
                output = os.read(self.descriptor, 65536)
            except OSError:  # the program has ended
                return
            self.written += output
            self.stream.feed(KEYBOARD_PROTOCOL.sub(b"", output))
            seconds = 0

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        with contextlib.suppress(OSError):
            os.close(self.descriptor)


Start = Callable[..., Terminal]


@pytest.fixture
def start(home: Home) -> Iterator[Start]:
    """Start prep on the learner's folder: `start("study", NO_COLOR="1")`."""
    begun: list[Terminal] = []

    def begin(*arguments: str, **environment: str) -> Terminal:
        begun.append(Terminal(*arguments, environment={"PREP_HOME": str(home.root), **environment}))
        return begun[-1]

    yield begin
    for terminal in begun:
        terminal.kill()


def reviews(home: Home) -> int:
    memory = Memory.open(home, Settings())
    try:
        return len(memory.reviews())
    finally:
        memory.close()


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_instant_it_keeps_every_review_and_opens_without_a_word(
    start: Start, home: Home, seed: int
) -> None:
    draw = random.Random(seed)
    app = start("study")
    app.wait_for("reveals the answer")
    acknowledged = draw.randint(1, 4)
    for number in range(1, acknowledged + 1):
        app.press(" ")
        app.wait_for("Again")
        app.press("3")
        app.wait_for(f"{number + 1} of 5")  # the next card is up: the answer before it is acknowledged
    app.press(" ")
    app.press("3")
    app.read(draw.random() * 0.05)
    app.kill()
    assert reviews(home) in (acknowledged, acknowledged + 1)
    again = start()
    again.wait_for("Enter:")
    shown = "\n".join(again.screen.display).casefold()
    assert not any(word in shown for word in ("error", "damaged", "recover", "repair"))


def test_two_at_once_on_the_same_files_lose_nothing(start: Start, home: Home) -> None:
    for question in ("T1", "T2"):
        install(home, *(RECALL.replace("id: recall", f"id: {question}-{n}") for n in range(4)), question=question)
    apps = [start("study", "T1"), start("study", "T2")]
    for app in apps:
        app.wait_for("reveals the answer")
    for number in range(1, 4):
        for app in apps:
            app.press(" ")
        for app in apps:
            app.wait_for("Again")
        for app in apps:
            app.press("4")
        for app in apps:
            app.wait_for(f"{number + 1} of")
    for app in apps:
        app.kill()
    assert reviews(home) == 6


def test_no_color_means_none(start: Start) -> None:
    app = start("study", NO_COLOR="1")
    app.wait_for("reveals the answer")
    app.press(" ")
    app.wait_for("Again")
    app.press("d")
    app.wait_for("checks hold")
    codes = {code for found in re.findall(rb"\x1b\[([0-9;]*)m", app.written) for code in found.split(b";")}
    assert codes <= {b"", b"0", b"1", b"2", b"3", b"4", b"7", b"9", b"22", b"23", b"24", b"27", b"29", b"39", b"49"}


def test_without_torch_everything_else_works_and_the_pane_says_how_to_mend_it(
    start: Start, home: Home, tmp_path_factory: pytest.TempPathFactory
) -> None:
    hidden = tmp_path_factory.mktemp("hidden")
    (hidden / "torch.py").write_text("raise ImportError('no torch here')\n")
    app = start("study", PYTHONPATH=str(hidden))
    app.wait_for("reveals the answer")
    app.press("d")
    app.wait_for("pip install")
    app.press(" ")
    app.wait_for("Again")
    app.press("3")
    app.wait_for("2 of 5")
    assert reviews(home) == 1
