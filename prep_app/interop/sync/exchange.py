"""Push and pull entries by their ids until both ends have the union. Interrupted anywhere, it goes on the next time.

Nothing is merged: an entry never changes and never goes, so a journal is a set of entries, and what it means does not
depend on the order in which they came (`memory.fold` sorts them by when they happened).

What makes a cursor safe: one learner's pushes take turns, so numbers are committed in ascending order and no gap is
filled later; and each push marks its rows with a random number of its own, so that a server put back from an older
backup, which gives the same numbers to other rows, is told from the one that was met before.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from prep_app.errors import UserError
from prep_app.interop.sync import cursor as cursors
from prep_app.interop.sync.connection import Connection
from prep_app.interop.sync.cursor import STAYS_HERE, UNPUSHED, Cursor
from prep_app.interop.sync.schema import MIGRATIONS
from prep_app.interop.sync.untrusted import nonsense, refusal
from prep_app.memory import days
from prep_app.memory.journal import Journal, NewRow
from prep_app.memory.journal_file import COLUMNS, row_damage
from prep_app.text import printable

BATCH = 5000  # entries in a transaction
MINE = "learner = current_user"

# The range is what the index is for; the planner, which knows nothing yet of a new table, would read all of it for ANY.
LIST = f"SELECT seq, push, id FROM prep.entry WHERE {MINE} AND seq > %s ORDER BY seq LIMIT {BATCH}".encode()
FETCH = f"""
SELECT id, at, kind, card, data FROM prep.entry WHERE {MINE} AND seq BETWEEN %s AND %s AND seq = ANY(%s) ORDER BY seq
""".encode()
TAKE_TURN = "INSERT INTO prep.learner (pushed) VALUES (now()) ON CONFLICT (learner) DO UPDATE SET pushed = now()"
# JSON is as fast as COPY into a temporary table and INSERT from there, and needs neither the table nor the right to it.
APPEND = f"""
INSERT INTO prep.entry (seq, push, id, at, kind, card, data)
SELECT last.seq + new.place, %s, new.id, new.at, new.kind, new.card, new.data
FROM json_to_recordset(%s::json) AS new (place integer, id text, at bigint, kind text, card text, data text),
    (SELECT coalesce(max(seq), 0) AS seq FROM prep.entry WHERE {MINE}) AS last
ON CONFLICT (learner, id) DO NOTHING
""".encode()
FIELDS = ("id", "at", "kind", "card", "data")
INTRODUCE = "SELECT id::text, version, current_user::text FROM prep.server"
PUSH_OF = f"SELECT push FROM prep.entry WHERE {MINE} AND seq = %s".encode()

Progress = Callable[[str], None]  # is told what is being done


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What a sync moved. `compared`: both sides had entries and there was no cursor to go by."""

    sent: int
    received: int
    refused: tuple[str, ...]  # a line for each entry that was left out
    compared: bool


def exchange(journal: Journal, connection: Connection, cache: Path, progress: Progress) -> Exchanged:
    """Bring the journal and the server to the union of both.

    Raises UserError for a database that was set up by another version, or where the journal cannot be written.
    """
    run = _meet(journal, connection, cache, progress)
    anew = run.cursor.seq == 0 and journal.tip()[0] > 0
    run.pull()
    compared = anew and bool(run.there)
    if run.push():
        run.pull()  # what was sent comes by in the list, so that the cursor stands past it
    run.settle()
    return Exchanged(run.sent, run.received, tuple(run.refused), compared)


def _meet(journal: Journal, connection: Connection, cache: Path, progress: Progress) -> _Run:
    """Learn which server this is, and whether the cursor kept for it still holds at both ends."""
    row = connection.execute(INTRODUCE).fetchone()
    server, version, learner = row if row else ("", 0, "")
    if version != len(MIGRATIONS):
        remedy = "update prep" if version > len(MIGRATIONS) else "its owner runs: prep sync --setup URL"
        raise UserError(f"the database is set up in version {version}, this prep needs {len(MIGRATIONS)}; {remedy}")
    held = cursors.load(cache, server, learner)
    there = connection.execute(PUSH_OF, (held.seq,)).fetchone()
    same_there = not held.seq or there == (held.push,)
    same_here = not held.tip or journal.id_at(held.tip) == held.tip_id
    start = held if same_there and same_here else Cursor()
    return _Run(journal, connection, progress, lambda cursor: cursors.save(cache, server, learner, cursor), start)


@dataclass(slots=True)
class _Run:
    journal: Journal
    connection: Connection
    progress: Progress
    keep: Callable[[Cursor], None]
    cursor: Cursor
    sent: int = 0
    received: int = 0
    refused: list[str] = field(default_factory=list)
    there: set[str] = field(default_factory=set)  # ids that the server has listed in this run
    looked: int = 0  # the number of the last entry here that was sent, or was there

    def pull(self) -> None:
        """Take what came to the server since the cursor, a batch in a transaction."""
        while listed := self.connection.execute(LIST, (self.cursor.seq,)).fetchall():
            if listed[-1][0] <= self.cursor.seq:
                raise UserError("the server lists entries in no order; nothing is lost, but this is no prep database")
            here = self._held([ident for _, _, ident in listed])
            missing = [seq for seq, _, ident in listed if ident not in here]
            if missing:
                self._take(missing)
            self.there.update(ident for _, _, ident in listed)
            seq, push, _ = listed[-1]
            tip, tip_id = self.journal.tip()
            self.cursor = replace(self.cursor, seq=seq, push=push, tip=tip, tip_id=tip_id)
            self.keep(self.cursor)
            self.progress(f"looked at {len(self.there)} entries there, received {self.received}")

    def _take(self, numbers: list[int]) -> None:
        rows: list[NewRow] = self.connection.execute(FETCH, (numbers[0], numbers[-1], numbers)).fetchall()
        if len(rows) != len(numbers):
            raise UserError("the server lost entries meanwhile; nothing is lost here, sync again")
        sound = self._sound(rows, "taken", refusal)
        self.received += self.journal.add(sound)

    def push(self) -> bool:
        """Send what the server has not listed, a batch in a transaction. Returns whether there was any."""
        after, any_sent = self.cursor.pushed, False
        query = f"SELECT {COLUMNS} FROM entry WHERE {UNPUSHED} ORDER BY seq LIMIT {BATCH}"
        while rows := self.journal.rows(query, after):
            after = rows[-1][0]
            new = [row for row in rows if row[1] not in self.there]
            for row in new:
                if found := row_damage(row):
                    raise self.journal.damaged(found)
            sound = self._sound([row[1:] for row in new], "sent", nonsense)
            if sound:
                self._send(sound)
                any_sent = True
        self.looked = after
        return any_sent

    def _send(self, rows: Sequence[NewRow]) -> None:
        body = [dict(zip(FIELDS, row, strict=True), place=place) for place, row in enumerate(rows, 1)]
        with self.connection.transaction():
            self.connection.execute(TAKE_TURN)
            done = self.connection.execute(APPEND, (secrets.randbits(63), json.dumps(body, ensure_ascii=False)))
        self.sent += done.rowcount
        self.progress(f"sent {self.sent} entries")

    def settle(self) -> None:
        """Both ends have all of the other's. What came from there while this went on need not be sent back."""
        pushed = self.looked
        query = f"SELECT seq, id, kind FROM entry WHERE seq > ? ORDER BY seq LIMIT {BATCH}"
        while rows := self.journal.rows(query, pushed):
            known = next((i for i, (_, ident, kind) in enumerate(rows) if not self._there(ident, kind)), len(rows))
            if known:
                pushed = rows[known - 1][0]
            if known < len(rows):
                break
        tip, tip_id = self.journal.tip()
        now = days.now()
        self.cursor = replace(self.cursor, tip=tip, tip_id=tip_id, pushed=pushed, at=now)
        self.keep(self.cursor)

    def _there(self, ident: str, kind: str) -> bool:
        return kind in STAYS_HERE or ident in self.there

    def _held(self, ids: list[str]) -> set[str]:
        query = "SELECT id FROM entry WHERE id IN (SELECT value FROM json_each(?))"
        return {row[0] for row in self.journal.rows(query, json.dumps(ids))}

    def _sound(self, rows: Sequence[NewRow], done: str, fault: Callable[[NewRow], str | None]) -> list[NewRow]:
        """The rows without fault; a line is kept for each of the others."""
        sound = []
        for row in rows:
            if why := fault(row):
                self.refused.append(f"entry {printable(str(row[0]))[:40]} was not {done}: {why}")
            else:
                sound.append(row)
        return sound
