"""The journal: one append-only log of what the learner did. Everything else follows from it.

An entry is on disk when `append` returns (WAL, synchronous=FULL). Triggers refuse to change or delete one, so an undo
is another entry. Several processes may append at once.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prep_app.errors import UserError
from prep_app.memory.backup import absence, backup_path, cure, make_backup
from prep_app.memory.journal_file import COLUMNS, JOURNAL_VERSION, PATIENCE, SCHEMA, entry_id, explained, row_damage
from prep_app.memory.wal import wal_damage

NO_VERSION = 1000  # no prep writes a format so high: it is damage


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
            if _file_number(self.path) != self._file:
                raise UserError(f"{self.path}: not saved: the file was moved or replaced meanwhile; open prep anew")
            cursor = self._connection.execute(
                "INSERT INTO entry (id, at, kind, card, data) VALUES (?, ?, ?, ?, ?)", (ident, at, kind, card, body)
            )
        return Entry(cursor.lastrowid or 0, ident, at, kind, card, json.loads(body))

    def since(self, seq: int) -> list[Entry]:
        """Return the entries that arrived after `seq`, in order of arrival."""
        return self._select("WHERE seq > ? ORDER BY seq", seq)

    def of_card(self, card: str, until: int) -> list[Entry]:
        """Return a card's entries in the order they happened, but none that arrived after `until`."""
        return self._select("WHERE card = ? AND seq <= ? ORDER BY at, id", card, until)

    def of_kind(self, *kinds: str) -> list[Entry]:
        """Return the entries of some kinds in the order they happened."""
        return self._select(f"WHERE kind IN ({','.join('?' * len(kinds))}) ORDER BY at, id", *kinds)

    def last_not_undone(self, *kinds: str) -> Entry | None:
        """Return the newest entry of some kinds that no undo names."""
        found = self._select(
            f"WHERE kind IN ({','.join('?' * len(kinds))}) AND id NOT IN "
            "(SELECT json_extract(data, '$.undone') FROM entry WHERE kind = 'undo') ORDER BY seq DESC LIMIT 1",
            *kinds,
        )
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

    def _explained(self, what: str) -> AbstractContextManager[None]:
        return explained(self.path, what, cure(self._backups))


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
