"""The journal is the truth: whatever happens, what was acknowledged is there, and the cache can go."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from prep_app.content.model import CardId
from prep_app.errors import UserError
from prep_app.memory.days import study_day
from prep_app.memory.journal import Journal
from prep_app.memory.journal_file import JOURNAL_VERSION, file_damage
from prep_app.memory.schedule import next_memory
from prep_app.memory.store import Memory
from prep_app.memory.types import DemoNote, New, Proof, Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.conftest import Clock

CARDS = [CardId(name) for name in ("a", "b", "c")]
WRITER = """
import sys, time
from pathlib import Path
from prep_app.memory.store import Memory
from prep_app.memory.types import DemoNote, Proof, Rating
from prep_app.paths import Home
from prep_app.settings import Settings
memory = Memory.open(Home(Path(sys.argv[1])), Settings())
for number in range(int(sys.argv[3])):
    done = memory.answer(f"{sys.argv[2]}-{number % 5}", Rating.GOOD, at=time.time_ns() // 1_000_000)
    print(done.entry, flush=True)
memory.close()
"""


def test_two_windows_that_close_in_either_order_leave_a_true_snapshot(home: Home, clock: Clock) -> None:
    Memory.open(home, Settings()).close()
    for first, last in ((0, 1), (1, 0)):
        windows = [Memory.open(home, Settings()) for _ in range(2)]
        windows[0].answer(CARDS[0], Rating.GOOD, at=clock())
        windows[1].answer(CARDS[1], Rating.HARD, at=clock())
        held = [windows[1].state(card) for card in CARDS]
        windows[first].close()
        windows[last].close()
        reopened = Memory.open(home, Settings())
        assert [reopened.state(card) for card in CARDS] == held
        reopened.close()
        clock.pass_days(2)


def test_undo_gives_back_exactly_what_was(memory: Memory, clock: Clock) -> None:
    memory.answer(CARDS[0], Rating.GOOD, at=clock())
    clock.pass_days(3)
    before = memory.state(CARDS[0])
    memory.answer(CARDS[0], Rating.AGAIN, at=clock())
    assert memory.state(CARDS[0]) != before
    assert memory.undo(clock()).card == CARDS[0]
    assert memory.state(CARDS[0]) == before
    memory.undo(clock())
    assert memory.state(CARDS[0]) == New()
    assert memory.undo(clock()) is None


def test_a_raised_revision_asks_to_learn_it_again_and_keeps_the_history(memory: Memory, clock: Clock) -> None:
    memory.answer(CARDS[0], Rating.GOOD, at=clock(), revision=1)
    assert memory.state(CARDS[0], revision=2) == New()
    memory.answer(CARDS[0], Rating.HARD, at=clock(), revision=2)
    assert memory.state(CARDS[0], revision=2).reviews == 1
    assert len(memory.reviews()) == 2


def test_practice_is_recorded_but_schedules_nothing(memory: Memory, clock: Clock) -> None:
    memory.answer(CARDS[0], Rating.AGAIN, at=clock(), practice=True)
    assert memory.state(CARDS[0]) == New()
    assert memory.reviews()[0].practice


@pytest.mark.parametrize("damage", [b"", b"not a database", b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_damaged_cache_is_made_anew_without_a_word(home: Home, clock: Clock, damage: bytes) -> None:
    memory = Memory.open(home, Settings())
    memory.answer(CARDS[0], Rating.GOOD, at=clock())
    held = memory.state(CARDS[0])
    memory.close()
    home.cache.write_bytes(damage)
    memory = Memory.open(home, Settings())
    assert memory.state(CARDS[0]) == held
    memory.close()


def test_a_cache_that_fails_while_it_is_used_loses_nothing(home: Home, clock: Clock) -> None:
    memory = Memory.open(home, Settings())
    memory.answer(CARDS[0], Rating.GOOD, at=clock())
    assert memory.days()
    with closing(sqlite3.connect(home.cache)) as other:
        other.execute("DROP TABLE fold")
    memory.answer(CARDS[1], Rating.GOOD, at=clock())
    assert sum(answers for answers, _ in memory.days().values()) == 2
    held = [memory.fold(card) for card in CARDS]
    memory.close()
    home.cache.unlink()
    memory = Memory.open(home, Settings())
    assert [memory.fold(card) for card in CARDS] == held
    memory.close()


def test_windows_with_other_settings_leave_each_other_alone(home: Home, clock: Clock) -> None:
    wanted = [0.9, 0.8]
    windows = [Memory.open(home, Settings(desired_retention=share)) for share in wanted]
    for turn in range(6):
        windows[turn % 2].answer(CARDS[turn // 2], Rating.EASY, at=clock())
    for window, share in zip(windows, wanted, strict=True):
        window.refresh()
        expected = [next_memory(New(), Rating.EASY, clock(), Settings(desired_retention=share))] * 3
        window.answer(CARDS[0], Rating.AGAIN, at=clock())
        window.undo(clock())
        assert window.days()[study_day(clock(), 4)] == (6, 6)
        after = [next_memory(one, Rating.EASY, clock(), window.settings) for one in expected]
        assert [window.state(card).interval_days for card in CARDS] == [one.interval_days for one in after]
        window.close()


def test_other_settings_fold_the_same_journal_anew(home: Home, clock: Clock) -> None:
    memory = Memory.open(home, Settings())
    before = memory.answer(CARDS[0], Rating.GOOD, at=clock()).memory
    memory.close()
    memory = Memory.open(home, Settings(desired_retention=0.8))
    assert memory.state(CARDS[0]).interval_days > before.interval_days
    memory.close()


def test_two_programs_at_once_lose_and_corrupt_nothing(home: Home) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, home.root, name, "150"], stdout=subprocess.PIPE, text=True)
        for name in ("left", "right")
    ]
    watching = Memory.open(home, Settings())
    acknowledged = [line.strip() for writer in writers for line in writer.communicate()[0].splitlines()]
    watching.refresh()
    assert len(acknowledged) == 300
    assert set(acknowledged) == {review.entry for review in watching.reviews()}
    assert watching.state(CardId("left-0")).reviews == 30
    watching.close()
    assert file_damage(home.journal) is None


def test_the_journal_refuses_to_be_changed_and_is_the_learners_alone(memory: Memory, home: Home, clock: Clock) -> None:
    memory.answer(CARDS[0], Rating.GOOD, at=clock())
    connection = sqlite3.connect(home.journal)
    for statement in ("UPDATE entry SET at = 0", "DELETE FROM entry"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()
    assert stat.S_IMODE(os.stat(home.journal).st_mode) == 0o600


def test_a_damaged_journal_names_the_newest_backup(home: Home, clock: Clock) -> None:
    memory = Memory.open(home, Settings())
    memory.answer(CARDS[0], Rating.GOOD, at=clock())
    copy = memory.backup_if_due(clock())
    memory.close()
    home.journal.write_bytes(b"garbage" * 1000)
    with pytest.raises(UserError, match=str(copy)):
        Memory.open(home, Settings())


def test_a_journal_from_a_newer_prep_is_left_alone(home: Home) -> None:
    connection = sqlite3.connect(home.journal)
    connection.execute(f"PRAGMA user_version={JOURNAL_VERSION + 1}")
    connection.close()
    with pytest.raises(UserError, match="newer prep"):
        Memory.open(home, Settings())


def test_one_backup_a_day_and_ten_are_kept(memory: Memory, home: Home, clock: Clock) -> None:
    memory.answer(CARDS[0], Rating.GOOD, at=clock())
    for _ in range(14):
        assert memory.backup_if_due(clock()) is not None
        assert memory.backup_if_due(clock()) is None
        clock.pass_days(1)
    copies = sorted(home.backups.iterdir())
    assert len(copies) == 10
    restored = Journal(copies[-1], home.backups)
    assert len(restored.since(0)) == 1
    restored.close()


def test_what_a_demo_proved_is_kept(home: Home, clock: Clock) -> None:
    memory = Memory.open(home, Settings())
    checks = {"zero_start": True, "merged_cost": False}
    memory.note_demo(DemoNote("lora_merge", False, {"r": 8}, {"x": 1.5}, checks, "cpu", 0.25), clock())
    memory.close()
    memory = Memory.open(home, Settings())
    assert memory.proofs() == {
        ("lora_merge", check): Proof(held, "cpu", 0.25, clock()) for check, held in checks.items()
    }
    memory.close()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    from prep_app.paths import home as find

    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(UserError, match="set PREP_HOME"):
        find(str(blocker / "inside"))
