"""Run prep's memory in a child that is killed before its n-th system call, for every n; then look at what is left.

    python -m tests.memory.killed SCENARIO FOLDER [EVERY]

Linux only: the child is stopped at each system call by ptrace. Prints how many deaths it died; fails where a review
that was acknowledged is gone, where the cache differs from what the journal folds to, or where prep does not open.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from prep_app.content.model import CardId
from prep_app.memory.journal_file import file_damage
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings

AT = 1_770_000_000_000
DAY = 86_400_000
CARDS = [CardId(name) for name in "abc"]
Acknowledge = Callable[[str], None]

TRACE_ME, NEXT_CALL, SET_OPTIONS = 0, 24, 0x4200  # <sys/ptrace.h>
MARK_CALLS, KILL_WITH_PARENT = 1, 0x100000
CALL = signal.SIGTRAP | 0x80  # what a child stopped at a system call reports


def prepare(home: Home) -> None:
    """Some reviews, a snapshot of them, and more that only the journal's write-ahead log holds."""
    memory = Memory.open(home, Settings())
    for number in range(4):
        memory.answer(CARDS[number % 3], Rating.GOOD, at=AT + number * DAY)
    memory.close()
    memory = Memory.open(home, Settings())
    memory.answer(CARDS[0], Rating.AGAIN, at=AT + 9 * DAY)
    os._exit(0)  # as if killed: a last close would tidy the log away


def first_answer(home: Home, acknowledge: Acknowledge) -> None:
    memory = Memory.open(home, Settings())
    acknowledge(memory.answer(CARDS[0], Rating.GOOD, at=AT).entry)
    acknowledge(memory.answer(CARDS[1], Rating.AGAIN, at=AT).entry)
    memory.close()


def answers(home: Home, acknowledge: Acknowledge) -> None:
    memory = Memory.open(home, Settings())
    acknowledge(memory.answer(CARDS[0], Rating.GOOD, at=AT + 10 * DAY).entry)
    acknowledge(memory.answer(CARDS[1], Rating.HARD, at=AT + DAY).entry)  # entered late
    memory.undo(AT + 11 * DAY)
    memory.suspend(CARDS[2], AT + 11 * DAY)
    memory.close()


def log_begun_anew(home: Home, acknowledge: Acknowledge) -> None:
    """The write-ahead log still holds older frames behind the new ones."""
    memory = Memory.open(home, Settings())
    with closing(sqlite3.connect(home.journal)) as other:
        other.execute("PRAGMA wal_checkpoint(RESTART)")
    acknowledge(memory.answer(CARDS[0], Rating.GOOD, at=AT + 10 * DAY).entry)
    acknowledge(memory.answer(CARDS[1], Rating.GOOD, at=AT + 10 * DAY).entry)
    os._exit(0)


def backup(home: Home, acknowledge: Acknowledge) -> None:
    memory = Memory.open(home, Settings())
    memory.backup_if_due(AT)
    acknowledge(memory.answer(CARDS[0], Rating.GOOD, at=AT + 10 * DAY).entry)
    memory.close()


SCENARIOS = {
    "first_answer": (None, first_answer),
    "answers": (prepare, answers),
    "log_begun_anew": (prepare, log_begun_anew),
    "backup": (prepare, backup),
}


def die(home: Home, scenario: Callable[[Home, Acknowledge], None], calls: int) -> tuple[bool, list[str]]:
    """Run the scenario in a child, killed before its next system call after `calls`. Was it, and what did it acknowledge?"""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        ptrace(TRACE_ME, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        scenario(home, lambda ident: os.write(writing, f"{ident}\n".encode()) and None)
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    ptrace(SET_OPTIONS, child, MARK_CALLS | KILL_WITH_PARENT)
    killed = stop_at(child, calls)
    with open(reading) as lines:
        return killed, lines.read().split()


def stop_at(child: int, calls: int) -> bool:
    seen = 0
    while seen < calls:
        entered = False
        while not entered:
            ptrace(NEXT_CALL, child, 0)
            _, status = os.waitpid(child, 0)
            if os.WIFEXITED(status):
                assert os.WEXITSTATUS(status) == 0
                return False
            entered = os.WSTOPSIG(status) == CALL
        seen += 1
        if seen == calls:
            break
        ptrace(NEXT_CALL, child, 0)  # to where the call returns
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            return False
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def ptrace(request: int, process: int, data: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    library.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if library.ptrace(request, process, None, data) == -1:
        raise OSError(ctypes.get_errno(), "ptrace is not allowed here")


def look(home: Home, acknowledged: list[str]) -> None:
    """What was acknowledged is there, the snapshot and the journal agree, and the next answer goes through."""
    memory = Memory.open(home, Settings())
    ids = {entry.id for entry in memory.history()}
    assert set(acknowledged) <= ids, "an acknowledged review is gone"
    held = [(memory.state(card), memory.flags(card), memory.answers(card)) for card in CARDS]
    memory.answer(CARDS[2], Rating.EASY, at=AT + 20 * DAY)
    memory.undo(AT + 20 * DAY)
    assert [(memory.state(card), memory.flags(card)) for card in CARDS] == [row[:2] for row in held]
    memory.close()
    assert file_damage(home.journal) is None
    home.cache.unlink()
    rebuilt = Memory.open(home, Settings())
    assert [(rebuilt.state(card), rebuilt.flags(card), rebuilt.answers(card)) for card in CARDS] == held
    rebuilt.close()


def main(name: str, folder: Path, every: int) -> int:
    before, scenario = SCENARIOS[name]
    template = folder / "template"
    template.mkdir()
    if before is not None:
        if os.fork() == 0:
            before(Home(template))
        os.wait()
    deaths, killed = 0, True
    while killed:
        home = Home(folder / str(deaths))
        shutil.copytree(template, home.root)
        killed, acknowledged = die(home, scenario, 1 + deaths * every)
        look(home, acknowledged)
        shutil.rmtree(home.root)
        deaths += killed
    print(deaths)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
