"""The journal: one append-only log of what the learner did. Everything else follows from it.

An entry is on disk when `append` returns (WAL, synchronous=FULL). Triggers refuse to change or delete one, so an undo
is another entry. Several processes may append at once.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from prep_app.errors import UserError
from prep_app.memory.backup import absence, backup_path, backups, cure, make_backup
from prep_app.memory.journal_file import COLUMNS, JOURNAL_VERSION, PATIENCE, SCHEMA, entry_id, explained, row_damage
from prep_app.memory.wal import wal_damage

NO_VERSION = 1000  # no prep writes a format so high: it is damage


NewRow = tuple[str, int, str, str | None, str]  # id, at, kind, card, data


@dataclass(frozen=True, slots=True)
class Entry:
    seq: int
    id: str
    at: int
    kind: str
    card: str | None
    data: Mapping[str, Any]


class Journal:
    """An open journal. Safe to use from several threads.

    Whatever the disk or another program does to the file, its methods say so in a UserError.
    """

    def __init__(self, path: Path, backups_folder: Path) -> None:
        """Open or create the journal at `path`.

        Raises UserError when the file is damaged, gone, from a newer prep, or cannot be opened.
        """
        self.path = path
        self._backups = backups_folder
        self._lock = threading.Lock()
        with self._explained("the journal cannot be opened"):
            self._refuse_loss()
            self._connection = _connect(path)
            self._file = _file_number(path)

    def append(self, kind: str, at: int, card: str | None = None, data: Mapping[str, Any] | None = None) -> Entry:
        """Write one entry; it is durable when this returns.

        Raises UserError when the disk refuses it.
        """
        body = json.dumps(dict(data or {}), ensure_ascii=False, allow_nan=False)
        ident = entry_id(at, kind, card, body)
        with self._explained("not saved"), self._lock:
            self._refuse_replaced()
            cursor = self._connection.execute(
                "INSERT INTO entry (id, at, kind, card, data) VALUES (?, ?, ?, ?, ?)", (ident, at, kind, card, body)
            )
        return Entry(cursor.lastrowid or 0, ident, at, kind, card, json.loads(body))

    def add(self, rows: Iterable[NewRow]) -> int:
        """Write entries made elsewhere under the ids they have, all or none; returns how many were not here yet.

        Raises UserError when one is not as it was written, or the disk refuses.
        """
        # INSERT OR IGNORE would move the counter on for each row it leaves out, which looks like entries lost.
        insert = "INSERT INTO entry (id, at, kind, card, data) SELECT ?1, ?2, ?3, ?4, ?5 "
        insert += "WHERE NOT EXISTS (SELECT 1 FROM entry WHERE id = ?1)"
        whole = list(rows)
        for row in whole:
            if row_damage((0, *row)):
                raise UserError(f"{self.path}: nothing was added: entry {str(row[0])[:40]} is not as it was written")
        with self._explained("not saved"), self._lock:
            self._refuse_replaced()
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                added = self._connection.executemany(insert, whole).rowcount
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        return max(0, added)

    def since(self, seq: int) -> list[Entry]:
        """Return the entries that arrived after `seq`, in order of arrival."""
        return self._select("WHERE seq > ? ORDER BY seq", seq)

    def of_card(self, card: str, until: int) -> list[Entry]:
        """Return a card's entries in the order they happened, but none that arrived after `until`."""
        return self._select("WHERE card = ? AND seq <= ? ORDER BY at, id", card, until)

    def of_kind(self, *kinds: str) -> list[Entry]:
        """Return the entries of some kinds in the order they happened."""
        return self._select(f"WHERE kind IN ({','.join('?' * len(kinds))}) ORDER BY at, id", *kinds)

    def newest(self, kind: str) -> Entry | None:
        """Return the entry of a kind that arrived last."""
        found = self._select("WHERE kind = ? ORDER BY seq DESC LIMIT 1", kind)
        return found[0] if found else None

    def not_undone(self, entry: str) -> Entry | None:
        """Return an entry by its id, unless an undo names it."""
        found = self._select(
            "WHERE id = ? AND id NOT IN (SELECT json_extract(data, '$.undone') FROM entry WHERE kind = 'undo')", entry
        )
        return found[0] if found else None

    def last_not_undone(self, *kinds: str) -> Entry | None:
        """Return the newest entry of some kinds that no undo names, wherever it was written and whenever it came."""
        standing = (
            f"kind IN ({','.join('?' * len(kinds))}) AND id NOT IN "
            "(SELECT json_extract(data, '$.undone') FROM entry WHERE kind = 'undo')"
        )
        # An id begins with when it was made, to the millisecond; within one, the order of arrival tells.
        moment = f"(SELECT substr(id, 1, 12) FROM entry WHERE {standing} ORDER BY id DESC LIMIT 1)"
        found = self._select(f"WHERE id >= {moment} AND {standing} ORDER BY seq DESC LIMIT 1", *kinds, *kinds)
        return found[0] if found else None

    def tip(self) -> tuple[int, str]:
        """The number and the id of the newest entry; (0, "") before the first."""
        found = self.rows("SELECT seq, id FROM entry ORDER BY seq DESC LIMIT 1")
        return found[0] if found else (0, "")

    def id_at(self, seq: int) -> str | None:
        """The id of the entry that arrived as number `seq`."""
        found = self.rows("SELECT id FROM entry WHERE seq = ?", seq)
        return found[0][0] if found else None

    def rows(self, query: str, *values: str | int) -> list[Any]:
        with self._explained("cannot be read"), self._lock:
            return self._connection.execute(query, values).fetchall()

    def damaged(self, what: str) -> UserError:
        return UserError(f"{self.path}: {what}; {cure(self._backups)}")

    def backup_if_due(self, at: int) -> Path | None:
        """Copy the journal once a day. Returns the copy made, if one was.

        Raises UserError when the journal turns out to be damaged or the copy cannot be written.
        """
        target = backup_path(self._backups, at)
        if target.exists() or self.tip()[0] == 0:
            return None
        with self._explained("today's backup could not be made"):
            damage = make_backup(self.path, target)
        if damage is not None:
            raise self.damaged(f"no backup was made, since the journal is damaged ({damage})")
        return target

    def close(self) -> None:
        with self._explained("cannot be closed"), self._lock:
            self._connection.close()

    def _select(self, rest: str, *values: str | int) -> list[Entry]:
        entries = []
        for row in self.rows(f"SELECT {COLUMNS} FROM entry {rest}", *values):
            if found := row_damage(row):
                raise self.damaged(found)
            seq, ident, at, kind, card, data = row
            entries.append(Entry(seq, ident, at, kind, card, json.loads(data)))
        return entries

    def _refuse_loss(self) -> None:
        """A journal that is gone or cut off must not pass for a new one, nor half of one for the whole."""
        if missing := absence(self.path, self._backups):
            raise self.damaged(f"{missing} (to start anew, move all of {self.path.parent} away)")
        if dropped := wal_damage(self.path):
            raise self.damaged(dropped)

    def _refuse_replaced(self) -> None:
        if _file_number(self.path) != self._file:
            what = "moved or replaced" if self.path.exists() else "moved or removed"
            raise UserError(f"{self.path}: not saved: the file was {what} meanwhile; {self._remains()}")

    def _remains(self) -> str:
        """What there is to go on with once the file is not the one that was opened."""
        if self.path.exists():
            return "open prep anew"
        copies = backups(self._backups)
        if copies:
            return f"put it back, or leave and run: prep doctor --restore ({copies[-1]} is there)"
        return f"put it back, or leave and begin anew: nothing of it remains in {self.path.parent}"

    def _explained(self, what: str) -> AbstractContextManager[None]:
        return explained(self.path, what, partial(cure, self._backups))


def _file_number(path: Path) -> int:
    """What stays the same as long as `path` names the same file; 0 when it names none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def _connect(path: Path) -> sqlite3.Connection:
    if not path.exists():
        path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if not 0 <= version < NO_VERSION:
            raise sqlite3.DatabaseError(f"there is no format {version}")
        if version > JOURNAL_VERSION:
            raise UserError(f"{path}: written by a newer prep (format {version}); update prep, or see: prep doctor")
        connection.execute("PRAGMA cell_size_check=ON")
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA journal_size_limit=0")  # wal.py relies on it
        if version < JOURNAL_VERSION:
            connection.executescript(SCHEMA)
        connection.execute(f"SELECT {COLUMNS} FROM entry LIMIT 1")
    except BaseException:
        connection.close()
        raise
    return connection
