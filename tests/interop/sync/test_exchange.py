"""What one machine has the others get, whatever became of a cursor, a server or a journal in between."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from prep_app.cache import discard_cache
from prep_app.content.model import CardId
from prep_app.interop.sync import exchange as exchanging
from prep_app.interop.sync.connection import connected
from prep_app.interop.sync.cursor import sync_state
from prep_app.memory.journal import Journal
from prep_app.memory.journal_file import entry_id
from prep_app.memory.types import DemoNote, Rating
from prep_app.paths import Home
from tests.conftest import Clock
from tests.interop.sync.conftest import Database, Machine, ids, sync

NewMachine = Callable[[str], Machine]
CARDS = [CardId(name) for name in ("a", "b", "c")]


def moved(done: dict[str, Any]) -> tuple[int, int]:
    return done["sent"], done["received"]


def test_what_is_done_on_one_machine_is_there_on_the_others(database: Database, machine: NewMachine) -> None:
    url = database.url(database.learner())
    desk, train = machine(url), machine(url)
    desk.prep("answer", "q4-zero-init", "good")
    train.prep("answer", "q4-zero-init", "again")
    train.prep("answer", "q4-num-params", "easy")
    assert moved(desk.sync()) == (1, 0)
    assert moved(train.sync()) == (2, 1)
    assert moved(desk.sync()) == (0, 2)
    assert moved(desk.sync()) == moved(train.sync()) == (0, 0)
    stats = desk.prep("stats", "--at", "2040-01-01")
    assert stats == train.prep("stats", "--at", "2040-01-01")
    assert stats["reviews_total"] == 3
    train.prep("undo")
    train.sync()
    assert moved(desk.sync()) == (0, 1)
    assert desk.prep("stats")["reviews_total"] == 2


def test_what_is_about_one_machine_stays_there(database: Database, machine: NewMachine, clock: Clock) -> None:
    url = database.url(database.learner())
    desk, train = machine(url), machine(url)
    memory = desk.memory()
    memory.answer(CARDS[0], Rating.GOOD, at=clock())
    memory.note_session({"waiting": ["b", "c"], "done": 1}, clock())
    memory.note_demo(DemoNote("lora_merge", True, {}, {}, {"zero_start": True}, "cpu", 1.0), clock())
    memory.close()
    assert moved(desk.sync()) == (1, 0)
    assert moved(train.sync()) == (0, 1)
    there = train.memory()
    assert (there.last_session(), there.proofs()) == (None, {})
    assert there.answers(CARDS[0]) == 1
    there.close()


def test_undo_takes_back_what_was_done_last_though_older_things_came_later(
    database: Database, machine: NewMachine
) -> None:
    url = database.url(database.learner())
    desk, train = machine(url), machine(url)
    train.answer("older")
    train.sync()
    desk.answer("newer")
    desk.sync()
    assert desk.prep("undo")["card"] == "newer"


def test_without_a_cursor_everything_is_compared_and_nothing_doubled(database: Database, machine: NewMachine) -> None:
    role = database.learner()
    desk, train = machine(database.url(role)), machine(database.url(role))
    for one in (desk, train):
        one.answer("a")
        one.sync()
    discard_cache(desk.home.cache)
    done = desk.sync()
    assert (moved(done), done["compared"]) == ((0, 1), True)
    assert not desk.sync()["compared"]
    with closing(sqlite3.connect(desk.home.cache, isolation_level=None)) as cache:  # a cursor of another journal's
        cache.execute("ATTACH ? AS other", [str(train.home.cache)])
        cache.execute("INSERT OR REPLACE INTO sync SELECT * FROM other.sync")
    desk.answer("b")
    done = desk.sync()
    assert (moved(done), done["compared"]) == ((1, 0), True)
    assert database.one("SELECT count(*) FROM prep.entry WHERE learner = %s", role) == 3


def test_a_server_put_back_from_an_older_backup_is_noticed(database: Database, machine: NewMachine) -> None:
    role = database.learner()
    desk, train = machine(database.url(role)), machine(database.url(role))
    for one in (desk, train, desk, train):
        one.answer("a")
        one.sync()
    desk.sync()
    with database.admin() as admin:  # as it was two pushes ago
        admin.execute("DELETE FROM prep.entry WHERE learner = %s AND seq > 2", [role])
    for _ in range(2):  # the same numbers are given to other entries
        train.answer("b")
    assert train.sync()["compared"]
    assert desk.sync()["compared"]
    assert moved(train.sync()) == (0, 0)
    assert ids(desk.home) == ids(train.home)
    assert len(ids(desk.home)) == database.one("SELECT count(*) FROM prep.entry WHERE learner = %s", role) == 6


def test_a_journal_put_back_from_an_older_backup_gets_everything_again(database: Database, machine: NewMachine) -> None:
    url = database.url(database.learner())
    desk, train = machine(url), machine(url)
    desk.answer("a")
    with closing(sqlite3.connect(desk.home.journal)) as journal:
        journal.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    old = desk.home.journal.read_bytes()
    train.answer("b")
    train.sync()
    desk.sync()
    for suffix in ("-wal", "-shm"):
        desk.home.journal.with_name(f"journal.db{suffix}").unlink(missing_ok=True)
    desk.home.journal.write_bytes(old)
    assert moved(desk.sync()) == (0, 1)
    train.sync()
    assert ids(desk.home) == ids(train.home)


def test_pushes_that_overlap_take_turns_so_that_nobody_pulls_past_one(database: Database, tmp_path: Path) -> None:
    role = database.learner()
    reader, late = (Home(tmp_path / name) for name in ("reader", "late"))
    for home in (reader, late):
        home.root.mkdir()
    journal = Journal(late.journal, late.backups)
    journal.append("mark", 2, "late")
    journal.close()
    body = [
        {"place": 1, "id": entry_id(1, "mark", "early", "{}"), "at": 1, "kind": "mark", "card": "early", "data": "{}"}
    ]
    with connected(database.address(role)) as early, connected(database.address(role)) as other:
        with early.transaction():
            early.execute(exchanging.TAKE_TURN)
            early.execute(exchanging.APPEND, (1, json.dumps(body)))
            pushing = threading.Thread(target=sync, args=(late, other))
            pushing.start()
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = %s"
            while not database.one(waiting, role):
                time.sleep(0.01)
            with connected(database.address(role)) as third:
                assert sync(reader, third).received == 0  # neither is there yet
        pushing.join()
        assert sync(reader, other).received == 2
        rows = early.execute("SELECT seq, card FROM prep.entry ORDER BY seq").fetchall()
        assert rows == [(1, "early"), (2, "late")]


class Busy(psycopg.Connection[tuple[Any, ...]]):
    """A connection during whose last look at the server the learner goes on answering."""

    answer: Callable[[], object]
    sent = False

    def execute(self, *words: Any, **options: Any) -> Any:
        if self.sent and words[0] == exchanging.LIST:
            self.sent = False
            self.answer()
        self.sent |= words[0] == exchanging.APPEND
        return super().execute(*words, **options)


def test_an_answer_given_while_a_sync_goes_on_is_sent_by_the_next(database: Database, machine: NewMachine) -> None:
    url = database.url(database.learner())
    desk = machine(url)
    desk.answer("a")
    with closing(Busy.connect(url, autocommit=True)) as connection:
        connection.answer = lambda: desk.answer("b")
        assert sync(desk.home, connection).sent == 1
        assert sync(desk.home, connection).sent == 1
        assert sync(desk.home, connection).sent == 1
        connection.answer = lambda: None
        assert [sync(desk.home, connection).sent for _ in range(2)] == [1, 0]


def test_entries_that_no_prep_would_write_are_named_and_the_rest_comes_in(
    database: Database, machine: NewMachine
) -> None:
    role = database.learner()
    desk = machine(database.url(role))
    review = '{"rating": 3, "revision": 1, "offset": 0}'
    sound = entry_id(1, "review", "good", review)
    of_tomorrow = entry_id(2, "dream", None, '{"of": ["sheep"]}')  # a newer prep's: kept, and left to it
    bad = [
        (sound[:-1] + ("0" if sound[-1] != "0" else "1"), 1, "review", "good", review),
        *(
            (entry_id(at, kind, card, data), at, kind, card, data)
            for at, kind, card, data in [
                (1, "review", "c", '{"rating": 9}'),
                (1, "review", "c", '{"rating": 3, "seconds": NaN}'),
                (1, "review", "c", '{"rating": 3, "offset": "x"}'),
                (1, "review", None, '{"rating": 3}'),
                (1, "review", "c", '{"rating": 3'),
                (1 << 62, "mark", "c", "{}"),
                (1, "mark", "c", "[" * 100_000),
                (1, "mark", "c\x1b[31m", "{}"),
                (1, "dream", None, '{"of": "\\u001b]0;x\\u0007"}'),
                (1, "undo", "c", "{}"),
                (1, "plan", None, '{"date": "soon", "minutes": 5}'),
                (1, "parameters", None, '{"kept": true, "parameters": "many"}'),
                (1, "session", None, '{"waiting": [], "done": 1}'),
                (1, "mock", None, '{"started": "now"}'),
            ]
        ),
    ]
    rows = [(sound, 1, "review", "good", review), *bad, (of_tomorrow, 2, "dream", None, '{"of": ["sheep"]}')]
    with database.admin() as admin, admin.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO prep.entry (learner, seq, push, id, at, kind, card, data) VALUES (%s, %s, 1, %s, %s, %s, %s, %s)",
            [(role, seq, *row) for seq, row in enumerate(rows, 1)],
        )
    done = desk.sync(status=1)
    assert done["received"] == 2
    assert [line.split()[1] for line in done["refused"]] == [row[0][:40] for row in bad]
    assert ids(desk.home) == sorted([sound, of_tomorrow])
    assert desk.prep("stats")["reviews_total"] == 1
    assert moved(desk.sync()) == (0, 0)  # said once


def test_doctor_is_told_when_the_last_sync_was_and_what_waits(database: Database, machine: NewMachine) -> None:
    desk = machine(database.url(database.learner()))
    desk.answer("a")
    assert sync_state(desk.home) is None
    desk.sync()
    state = sync_state(desk.home)
    assert state is not None
    assert (state.unsent, state.last_sync > 0) == (0, True)
    desk.answer("b")
    state = sync_state(desk.home)
    assert state is not None
    assert state.unsent == 1
