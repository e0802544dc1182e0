"""What a disk and other programs can do to the journal: one line with the remedy, and never a silent loss."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from prep_app.cli import run
from prep_app.content.model import CardId
from prep_app.errors import UserError
from prep_app.memory.journal_file import file_damage
from prep_app.memory.restore import damage
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.conftest import DAY, Clock

CARDS = [CardId(f"q{number}-card") for number in range(7)]
PROGRAM = """
import sys
from pathlib import Path
from prep_app.errors import UserError
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
try:
    memory = Memory.open(Home(Path(sys.argv[1])), Settings())
    for number in range(5000):
        print(memory.answer("card", Rating.GOOD, at=1_790_000_000_000 + number * 86_400_000).entry, flush=True)
except UserError as error:
    sys.exit(f"told: {error}")
"""


def reviewed(memory: Memory) -> list[str]:
    return [review.entry for review in memory.reviews()]


def open_and_read(home: Home) -> tuple[list[str], list[object]]:
    memory = Memory.open(home, Settings())
    try:
        return reviewed(memory), [(memory.state(card), memory.flags(card)) for card in CARDS]
    finally:
        memory.close()


def answer_until_refused(memory: Memory, at: int, done: list[str]) -> None:
    for number in range(3000):
        done.append(memory.answer(CARDS[0], Rating.GOOD, at=at + number).entry)


def one_line(error: UserError | str) -> str:
    text = str(error)
    assert "\n" not in text
    assert "Traceback" not in text
    return text


# The disk and the folder


def test_a_full_disk_takes_no_answer_and_loses_none(small_folder: Path, clock: Clock) -> None:
    home = Home(small_folder)
    memory = Memory.open(home, Settings())
    ballast = small_folder / "ballast"
    ballast.write_bytes(b"x" * 250_000)
    done: list[str] = []
    with pytest.raises(UserError, match=r"not saved .*make room") as told:
        answer_until_refused(memory, clock(), done)
    one_line(told.value)
    held = memory.state(CARDS[0])
    assert reviewed(memory) == done
    with pytest.raises(UserError, match="today's backup could not be made"):
        memory.backup_if_due(clock())
    assert list(home.backups.iterdir()) == []
    ballast.unlink()
    done.append(memory.answer(CARDS[0], Rating.GOOD, at=clock() + DAY).entry)  # there is room again
    assert memory.state(CARDS[0]) != held
    memory.close()
    assert open_and_read(home)[0] == done
    assert file_damage(home.journal) is None


def test_a_full_disk_at_the_start_is_one_line(small_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (small_folder / "ballast").write_bytes(b"x" * 520_000)
    assert run(["undo", "--home", str(small_folder)]) == 2
    assert "room" in one_line(capsys.readouterr().err.strip())


def test_a_disk_that_stops_writing_is_one_line(home: Home) -> None:
    """Past a limit on the size of files every write fails."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, home.root],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000)),
    )
    assert done.stderr.startswith("told: ")
    assert "not saved" in done.stderr
    assert "the disk has room" in one_line(done.stderr.strip())
    assert open_and_read(home)[0] == done.stdout.split()


@pytest.mark.parametrize("readable", ["folder", "journal"])
def test_what_may_only_be_read_is_one_line(readable: str) -> None:
    folder = Path(tempfile.mkdtemp())
    home = Home(folder)
    memory = Memory.open(home, Settings())
    memory.answer(CARDS[0], Rating.GOOD, at=1_770_000_000_000)
    memory.close()
    folder.chmod(0o555 if readable == "folder" else 0o777)
    home.journal.chmod(0o444)
    said = told_as_nobody(home)
    folder.chmod(0o700)
    assert "writable" in one_line(said)
    assert len(open_and_read(home)[0]) == 1
    shutil.rmtree(folder)


def told_as_nobody(home: Home) -> str:
    """What a program is told that may not write everywhere, as root may, when it opens the journal and answers."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = "nothing"
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            Memory.open(home, Settings()).answer(CARDS[0], Rating.GOOD, at=1_770_000_000_000)
        except UserError as error:
            said = str(error)
        finally:
            os.write(writing, said.encode())
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as told:
        return told.read()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prep_app.memory.journal.PATIENCE", 0.1)
    monkeypatch.setattr("prep_app.memory.journal_file.PATIENCE", 0.1)


@pytest.mark.usefixtures("impatient")
def test_a_locked_journal_is_one_line_and_the_answer_can_be_given_again(home: Home, clock: Clock) -> None:
    memory = Memory.open(home, Settings())
    with closing(sqlite3.connect(home.journal, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UserError, match=r"not saved .*locked: close that and try again") as told:
            memory.answer(CARDS[0], Rating.GOOD, at=clock())
        one_line(told.value)
        other.execute("ROLLBACK")
    assert reviewed(memory) == []
    memory.answer(CARDS[0], Rating.GOOD, at=clock())
    memory.close()


@pytest.mark.usefixtures("impatient")
def test_a_journal_that_another_program_keeps_to_itself_is_one_line(home: Home, clock: Clock) -> None:
    Memory.open(home, Settings()).close()
    with closing(sqlite3.connect(home.journal, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        for look in (lambda: Memory.open(home, Settings()), lambda: damage(home)):
            with pytest.raises(UserError, match="locked: close that") as told:
                look()
            one_line(told.value)
    assert damage(home) is None


@pytest.mark.parametrize("what", ["removed", "replaced"])
def test_a_journal_that_went_while_it_was_open_takes_no_answer(home: Home, clock: Clock, what: str) -> None:
    memory = Memory.open(home, Settings())
    memory.answer(CARDS[0], Rating.GOOD, at=clock())
    home.journal.rename(home.root / "elsewhere.db")
    if what == "replaced":
        home.journal.write_bytes(b"")
    with pytest.raises(UserError, match=r"not saved.*moved or (removed|replaced)"):
        memory.answer(CARDS[0], Rating.GOOD, at=clock())
    memory.close()
