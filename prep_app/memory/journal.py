"""The journal: one append-only log of what the learner did. Everything else follows from it.

An entry is on disk when `append` returns (WAL, synchronous=FULL). Triggers refuse to change or delete one, so an undo
is another entry. Several processes may append at once.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from prep_app.errors import UserError

JOURNAL_VERSION = 1
BACKUPS_KEPT = 10

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS entry (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order of arrival here
    id TEXT NOT NULL UNIQUE,                -- the same on every machine
    at INTEGER NOT NULL,                    -- UTC ms
    kind TEXT NOT NULL,
    card TEXT,
    data TEXT NOT NULL                      -- JSON
);
CREATE INDEX IF NOT EXISTS entry_by_card ON entry (card);
CREATE INDEX IF NOT EXISTS entry_by_kind ON entry (kind);
CREATE TRIGGER IF NOT EXISTS entry_never_changes BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS entry_never_goes BEFORE DELETE ON entry
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
PRAGMA user_version={JOURNAL_VERSION};
COMMIT;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    seq: int
    id: str
    at: int
    kind: str
    card: str | None
    data: Mapping[str, Any]


def entry_id() -> str:
    """A UUIDv7-like id: 48 bits of milliseconds, then 80 random bits; sorts by time."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


class Journal:
    """An open journal. Safe to use from several threads."""

    def __init__(self, path: Path, backups: Path) -> None:
        """Open or create the journal at `path`.

        Raises UserError when the file is damaged, from a newer prep, or cannot be opened.
        """
        self.path = path
        self.backups = backups
        self._lock = threading.Lock()
        try:
            self._connection = _connect(path)
        except sqlite3.DatabaseError as error:
            raise UserError(f"{path}: the journal cannot be opened ({error}); {self._remedy()}") from None

    def append(self, kind: str, at: int, card: str | None = None, data: Mapping[str, Any] | None = None) -> Entry:
        """Write one entry; it is durable when this returns.

        Raises UserError when the disk refuses it.
        """
        ident = entry_id()
        body = json.dumps(dict(data or {}), ensure_ascii=False, allow_nan=False)
        try:
            with self._lock:
                cursor = self._connection.execute(
                    "INSERT INTO entry (id, at, kind, card, data) VALUES (?, ?, ?, ?, ?)",
                    (ident, at, kind, card, body),
                )
        except sqlite3.OperationalError as error:
            raise UserError(f"{self.path}: not saved ({error}); make room or close other programs") from None
        return Entry(cursor.lastrowid or 0, ident, at, kind, card, json.loads(body))

    def since(self, seq: int) -> list[Entry]:
        """Return the entries that arrived after `seq`, in order of arrival."""
        return self._select("WHERE seq > ? ORDER BY seq", seq)

    def of_card(self, card: str) -> list[Entry]:
        """Return a card's entries in the order they happened."""
        return self._select("WHERE card = ? ORDER BY at, id", card)

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

    def _select(self, rest: str, *values: str | int) -> list[Entry]:
        with self._lock:
            rows = self._connection.execute(
                f"SELECT seq, id, at, kind, card, data FROM entry {rest}", values
            ).fetchall()
        return [Entry(seq, ident, at, kind, card, json.loads(data)) for seq, ident, at, kind, card, data in rows]

    def last_seq(self) -> int:
        with self._lock:
            return int(self._connection.execute("SELECT COALESCE(MAX(seq), 0) FROM entry").fetchone()[0])

    def identity(self) -> str:
        """The first entry's id: a cache made from another journal does not carry it."""
        with self._lock:
            row = self._connection.execute("SELECT id FROM entry ORDER BY seq LIMIT 1").fetchone()
        return row[0] if row else ""

    def backup_if_due(self, at: int) -> Path | None:
        """Copy the journal once a day; keep the newest ten copies. Returns the copy made, if one was."""
        target = self.backups / f"journal-{datetime.fromtimestamp(at / 1000):%Y-%m-%d}.db"
        if target.exists() or self.last_seq() == 0:
            return None
        self.backups.mkdir(mode=0o700, exist_ok=True)
        partial = target.with_suffix(f".{os.getpid()}.partial")
        with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(partial)) as copy:
            source.backup(copy)
        partial.chmod(0o600)
        partial.replace(target)
        for old in sorted(self.backups.glob("journal-*.db"))[:-BACKUPS_KEPT]:
            old.unlink(missing_ok=True)
        return target

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _remedy(self) -> str:
        copies = sorted(self.backups.glob("journal-*.db"))
        if not copies:
            return "no backup exists yet; move the file away to start anew"
        return f"the newest backup is {copies[-1]}"


def integrity(path: Path) -> str | None:
    """Return what is wrong with the database at `path`, or None."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if verdict == "ok" else str(verdict)


def _connect(path: Path) -> sqlite3.Connection:
    if not path.exists():
        path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > JOURNAL_VERSION:
            raise UserError(f"{path}: written by a newer prep (format {version}); update prep to open it")
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        if version < JOURNAL_VERSION:
            connection.executescript(_SCHEMA)
        connection.execute("SELECT seq FROM entry LIMIT 1")
    except BaseException:
        connection.close()
        raise
    return connection
