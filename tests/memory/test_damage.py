"""A damaged journal: noticed wherever it matters, told in one line, and put back with as much as can be read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from prep_app.cli import run
from prep_app.errors import UserError
from prep_app.memory.restore import damage, restore
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.memory.wal import wal_of
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.conftest import DAY, Clock
from tests.memory.test_faults import CARDS, PROGRAM, one_line, open_and_read

BACKED_UP, NEWER = 60, 25  # reviews
Truth = tuple[list[str], list[object]]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A journal of some pages, with a backup of most of it."""
    base = Path("/dev/shm") if Path("/dev/shm").is_dir() else tmp_path_factory.getbasetemp()
    with tempfile.TemporaryDirectory(dir=base) as folder:
        home = Home(Path(folder, "home"))
        home.root.mkdir()
        memory, at = Memory.open(home, Settings()), Clock().at
        for number in range(BACKED_UP + NEWER):
            if number == BACKED_UP:
                memory.backup_if_due(at)
            memory.answer(CARDS[number % 7], Rating(1 + number * 5 % 4), at=at + number * DAY // 3, seconds=number / 7)
        memory.mark(CARDS[0], at)
        memory.close()
        yield home


def copy_of(home: Home) -> Home:
    copy = Home(home.root.with_name("copy"))
    shutil.rmtree(copy.root, ignore_errors=True)
    shutil.copytree(home.root, copy.root)
    copy.cache.unlink(missing_ok=True)  # all of the journal will be read
    return copy


def examine(home: Home, truth: Truth) -> str:
    """Damage is told, or it harms nothing; and then as much comes back as was said. Returns which."""
    found = damage(home)
    read, told = None, "prep doctor"
    try:
        read = open_and_read(home)
    except UserError as error:
        told = one_line(error)
    assert "prep doctor" in told
    assert found is not None or read == truth, "a silent loss"
    if found is None:
        return "harmless"
    one_line(found)
    done = restore(home, Clock().at)
    assert damage(home) is None
    back = open_and_read(home)[0]
    assert set(back) <= set(truth[0])
    assert set(truth[0][:BACKED_UP]) <= set(back)  # the backup
    assert done.lost is None or done.lost >= len(truth[0]) - len(back)
    assert done.aside is not None
    assert done.aside.exists()
    return "restored" if len(back) == len(truth[0]) else "lost"


def test_no_flipped_bit_goes_unnoticed_where_it_matters(full: Home) -> None:
    truth = open_and_read(full)
    size = full.journal.stat().st_size
    outcomes = []
    for number, place in enumerate([*range(0, 100, 7), *range(100, size, 389)]):
        home = copy_of(full)
        content = bytearray(home.journal.read_bytes())
        content[place] ^= 1 << number % 8
        home.journal.write_bytes(content)
        outcomes.append(examine(home, truth))
    assert outcomes.count("restored") > 20
    assert outcomes.count("lost") < 0.2 * len(outcomes)  # a page of entries newer than the backup


@pytest.mark.parametrize("share", [0.0, 0.0005, 0.1, 0.5, 0.8, 0.99])
def test_a_truncated_journal_is_noticed_and_put_back(full: Home, share: float) -> None:
    truth = open_and_read(full)
    home = copy_of(full)
    os.truncate(home.journal, int(share * home.journal.stat().st_size))
    assert examine(home, truth) in ("restored", "lost")


def test_a_region_of_garbage_is_noticed_and_put_back(full: Home) -> None:
    truth = open_and_read(full)
    size = full.journal.stat().st_size
    for start in range(0, size, size // 9):
        home = copy_of(full)
        with home.journal.open("r+b") as file:
            file.seek(start)
            file.write(b"\xa5" * 600)
        examine(home, truth)


@pytest.fixture
def crashed(full: Home) -> tuple[Home, Truth]:
    """A journal whose write-ahead log a crash has left, full of acknowledged reviews."""
    home = Home(full.root.with_name("crashed"))
    shutil.rmtree(home.root, ignore_errors=True)
    shutil.copytree(full.root, home.root)
    program = PROGRAM.replace("range(5000)", "range(8)") + "import os; os._exit(0)"
    subprocess.run([sys.executable, "-c", program, home.root], check=True, capture_output=True)
    home.cache.unlink(missing_ok=True)
    assert wal_of(home.journal).stat().st_size > 20_000
    return home, open_and_read(copy_of(home))


def test_no_flipped_bit_in_the_log_that_a_crash_left_loses_a_review_unnoticed(
    crashed: tuple[Home, Truth],
) -> None:
    before, truth = crashed
    outcomes = []
    for number, place in enumerate([*range(0, 60, 5), *range(60, wal_of(before.journal).stat().st_size, 7919)]):
        home = copy_of(before)
        content = bytearray(wal_of(home.journal).read_bytes())
        content[place] ^= 1 << number % 8
        wal_of(home.journal).write_bytes(content)
        outcomes.append(examine(home, truth))
    assert outcomes.count("restored") > 0.8 * len(outcomes)  # what follows the damage is read as well


def test_garbage_in_the_log_is_told(crashed: tuple[Home, Truth]) -> None:
    before, truth = crashed
    home = copy_of(before)
    wal_of(home.journal).write_bytes(b"garbage" * 3000)
    assert examine(home, truth) == "lost"


def test_a_journal_without_its_end_is_told_by_the_cache(full: Home) -> None:
    """An older copy was put in its place, or the log with the newest reviews was deleted."""
    home = copy_of(full)
    shutil.copy(full.cache, home.cache)
    shutil.copy(next(home.backups.iterdir()), home.journal)
    with pytest.raises(UserError, match=r"entry 86 was there and is gone.*prep doctor --restore"):
        Memory.open(home, Settings())
    assert "86" in damage(home)
    done = restore(home, Clock().at)
    assert (done.from_journal, done.lost) == (0, NEWER + 1)
    assert len(open_and_read(home)[0]) == BACKED_UP


def test_a_journal_that_is_gone_is_not_begun_anew_where_there_are_backups(full: Home) -> None:
    home = copy_of(full)
    home.journal.unlink()
    with pytest.raises(UserError, match=r"journal is gone .*prep doctor --restore"):
        Memory.open(home, Settings())
    done = restore(home, Clock().at)
    assert (done.from_backup, done.aside) == (BACKED_UP, None)
    assert len(open_and_read(home)[0]) == BACKED_UP


@pytest.mark.parametrize("how", ["gone", "empty"])
def test_the_log_of_a_journal_that_is_missing_is_kept(crashed: tuple[Home, Truth], how: str) -> None:
    home = copy_of(crashed[0])
    home.journal.unlink()
    if how == "empty":
        home.journal.touch()
    with pytest.raises(UserError, match=f"the journal is {how} .*prep doctor --restore"):
        Memory.open(home, Settings())
    done = restore(home, Clock().at)
    assert done.from_backup == BACKED_UP
    assert done.from_journal + done.lost == NEWER + 1 + 8  # the log tells how many there were
    assert wal_of(done.aside).read_bytes() == wal_of(crashed[0].journal).read_bytes()
    assert damage(home) is None


def test_without_a_backup_all_that_can_be_read_comes_back(full: Home) -> None:
    home = copy_of(full)
    shutil.rmtree(home.backups)
    content = bytearray(home.journal.read_bytes())
    place = content.find(b'"rating"')
    content[place] ^= 1
    home.journal.write_bytes(content)
    with pytest.raises(UserError, match="there is no backup yet"):
        open_and_read(home)
    done = restore(home, Clock().at)
    assert (done.backup, done.lost, done.entries) == (None, 1, BACKED_UP + NEWER)
    assert len(open_and_read(home)[0]) == BACKED_UP + NEWER - 1


def test_the_newest_backup_that_is_sound_is_taken(full: Home) -> None:
    home = copy_of(full)
    newer = home.backups / "journal-2099-01-01.db"
    newer.write_bytes(home.journal.read_bytes()[:20_000])
    home.journal.write_bytes(b"")
    assert restore(home, Clock().at).backup == next(path for path in sorted(home.backups.iterdir()) if path != newer)


def test_a_damaged_journal_takes_no_backups_place(full: Home) -> None:
    home = copy_of(full)
    kept = sorted(home.backups.iterdir())
    content = home.journal.read_bytes()
    memory = Memory.open(home, Settings())
    home.journal.write_bytes(content.replace(b'"was": "review"', b'"was": "revjew"', 1))
    with pytest.raises(UserError, match="no backup was made, since the journal is damaged"):
        memory.backup_if_due(Clock().at + 50 * DAY)
    assert sorted(home.backups.iterdir()) == kept
    memory.close()


def test_a_journal_that_another_window_has_open_is_not_replaced(full: Home) -> None:
    home = copy_of(full)
    shutil.copy(full.cache, home.cache)
    home.journal.write_bytes(home.journal.read_bytes().replace(b'"rating": 1', b'"rating": 4', 1))
    memory = Memory.open(home, Settings())  # from the cache
    program = (
        "import sys; from pathlib import Path; from prep_app.paths import Home; "
        "from prep_app.memory.restore import restore; restore(Home(Path(sys.argv[1])), 0)"
    )
    refused = subprocess.run([sys.executable, "-c", program, home.root], capture_output=True, text=True, check=False)
    assert "another program has it open; close every prep" in refused.stderr
    assert not list(home.root.glob("*damaged*"))
    memory.close()
    assert restore(home, Clock().at).lost == 0


def test_doctor_finds_restores_and_says_what_came_back(full: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home = copy_of(full)
    os.truncate(home.journal, 30_000)

    def doctor(*options: str) -> dict[str, dict[str, str]]:
        run(["doctor", "--home", str(home.root), "--json", *options])
        return {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)}

    found = doctor()["journal"]
    assert not found["ok"]
    assert "prep doctor --restore" in found["remedy"]
    assert str(next(home.backups.iterdir())) in found["remedy"]
    found = doctor("--restore")["journal"]
    assert found["ok"]
    assert f"{BACKED_UP} from journal-" in found["found"]
    assert "lost" in found["found"]
    assert f"sound, {len(open_and_read(home)[0])} reviews" in found["found"]
