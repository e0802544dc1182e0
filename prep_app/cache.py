"""cache.db: what can be computed again. Damaged or from another version, it is thrown away and rebuilt."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE_VERSION = 2  # raise it when any table below changes shape

_TABLES = """
CREATE TABLE IF NOT EXISTS library (key TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS memory (key TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS sync (key TEXT PRIMARY KEY, body BLOB NOT NULL);
"""


def open_cache(path: Path) -> sqlite3.Connection:
    """Open the cache at `path`, made anew when missing, damaged or from another version."""
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


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        if connection.execute("PRAGMA user_version").fetchone()[0] != CACHE_VERSION:
            # A virtual table goes first: it takes tables of its own with it, and cannot be dropped without them.
            held = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY sql LIKE 'CREATE VIRTUAL%' DESC"
            for (name,) in connection.execute(held).fetchall():
                connection.execute(f'DROP TABLE IF EXISTS "{name}"')
            connection.executescript(_TABLES)
            connection.execute(f"PRAGMA user_version={CACHE_VERSION}")
        connection.execute("SELECT 1 FROM library, memory, sync LIMIT 1")
    except BaseException:
        connection.close()
        raise
    return connection
