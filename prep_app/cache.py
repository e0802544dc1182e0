"""cache.db: what can be computed again. Damaged or from another version, it is thrown away and rebuilt."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 5.0  # seconds to wait for another program that is writing
CACHE_VERSION = 4  # raise it when any table below changes shape

_TABLES = """
-- Compiled packs. A library's cards stand in two tables: what all of them are looked through for, and what one says.
-- The indexes that today's queue goes by hold all that it asks for.
CREATE TABLE library (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again, so that none is taken for another
    key TEXT NOT NULL UNIQUE,                  -- of what it was compiled from
    stamp TEXT,                                -- by which its files are known without being read
    digest TEXT NOT NULL,                      -- of its cards
    laid_out INTEGER DEFAULT 0,                -- whether `not_begun` knows it
    body TEXT NOT NULL                         -- the rest of it, JSON
);
CREATE TABLE card (
    library INTEGER, place INTEGER, id TEXT, question TEXT, topic TEXT, kind TEXT, revision INTEGER, difficulty INTEGER,
    needs TEXT, tags TEXT, demo TEXT,
    turn INTEGER,                              -- in the order in which new cards come
    PRIMARY KEY (library, place)
) WITHOUT ROWID;
CREATE INDEX card_by_id ON card (library, id, revision, question, topic);
CREATE UNIQUE INDEX card_by_turn ON card (library, turn);
CREATE TABLE card_text (library INTEGER, place INTEGER, body TEXT NOT NULL, UNIQUE (library, place));

-- What the journal folded to, up to entry `seq`, and what else it depends on.
CREATE TABLE head (
    seq INTEGER, tip TEXT, stamp TEXT, fit TEXT, milliseconds INTEGER, timed INTEGER, spaced INTEGER
);
CREATE TABLE fold (
    card TEXT PRIMARY KEY, revision INTEGER, introduced_ms INTEGER, marked INTEGER, suspended INTEGER,
    buried_day INTEGER, answers INTEGER, spaced INTEGER, seconds REAL, timed INTEGER, last_at INTEGER, last_id TEXT,
    awaits INTEGER,
    stability REAL, difficulty REAL, last_ms INTEGER, due_ms INTEGER, interval_days REAL, learning INTEGER,
    reviews INTEGER, lapses INTEGER, decay REAL, offset INTEGER
) WITHOUT ROWID;
CREATE INDEX fold_by_due ON fold (
    due_ms, learning, suspended, buried_day, revision, stability, last_ms, decay
);
CREATE INDEX fold_by_introduction ON fold (introduced_ms);
CREATE INDEX fold_in_learning ON fold (due_ms) WHERE learning;
CREATE INDEX fold_buried ON fold (buried_day) WHERE buried_day;
-- Cards that were not learned as they are, in the order in which they come: so that none of the others is looked at.
CREATE TABLE not_begun (library INTEGER, turn INTEGER, id TEXT, PRIMARY KEY (library, turn)) WITHOUT ROWID;
CREATE INDEX not_begun_by_id ON not_begun (id);
CREATE TABLE proof (
    demo TEXT, claim TEXT, held INTEGER, device TEXT, seconds REAL, at INTEGER, PRIMARY KEY (demo, claim)
);
CREATE TABLE day (day INTEGER PRIMARY KEY, answers INTEGER, passed INTEGER);
CREATE TABLE sync (key TEXT PRIMARY KEY, body BLOB NOT NULL);
"""


def open_cache(path: Path | None) -> sqlite3.Connection:
    """Open the cache at `path`, made anew when missing, damaged or from another version; without a path, in memory.

    Raises sqlite3.Error or OSError where there can be none.
    """
    if path is None:
        return _open(":memory:")
    try:
        return _open(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise
        discard_cache(path)
        return _open(path)


@contextmanager
def no_garbage() -> Iterator[None]:
    """Many objects are made here and none of them in a circle: looking for circles would take most of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def discard_cache(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _open(path: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        if connection.execute("PRAGMA user_version").fetchone()[0] != CACHE_VERSION:
            _make_anew(connection)
        connection.execute("SELECT 1 FROM library, fold LIMIT 1")
    except BaseException:
        connection.close()
        raise
    return connection


def _make_anew(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("PRAGMA user_version").fetchone()[0] != CACHE_VERSION:  # nobody did it meanwhile
        # A virtual table goes first: it takes tables of its own with it, and cannot be dropped without them.
        held = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' "
            "ORDER BY sql LIKE 'CREATE VIRTUAL%' DESC"
        )
        for (name,) in connection.execute(held).fetchall():
            connection.execute(f'DROP TABLE IF EXISTS "{name}"')
        for statement in _TABLES.split(";")[:-1]:  # a script would end the transaction
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={CACHE_VERSION}")
    connection.execute("COMMIT")
