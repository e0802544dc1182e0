"""The journal's file: its schema, the ids that carry a checksum, how damage shows, and what to do about errors."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from prep_app.errors import UserError
from prep_app.memory.types import Rating
from prep_app.memory.wal import wal_damage

PATIENCE = 10.0  # seconds to wait for another program that is writing
JOURNAL_VERSION = 1
SCHEMA = f"""
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
COLUMNS = "seq, id, at, kind, card, data"
Row = tuple[int, str, int, str, str | None, str]

LONGEST_SAID = 200  # characters of what SQLite says
_HEAD = 24  # characters of an id before its checksum: 48 bits of milliseconds, then 48 random ones

# What sqlite3 raises for a file, besides its own errors: where it was told to read something absurdly large, and where
# the text of an error quotes what is not text any more.
FILE_ERRORS = (sqlite3.Error, MemoryError, UnicodeDecodeError)
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
_DAMAGE = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_NOTADB)


# Entries


def entry_id(at: int, kind: str, card: str | None, data: str, head: str = "") -> str:
    """Make an id that sorts by time, as UUIDv7 does, and ends in a checksum of the entry: a flipped bit shows.

    `head`, 24 hexadecimal digits, gives the same id each time to what was written down elsewhere.
    """
    head = head or f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(6)}"
    return f"{head}-{_checksum(head, at, kind, card, data):08x}"


def _checksum(head: str, at: int, kind: str, card: str | None, data: str) -> int:
    return zlib.crc32("\x1f".join((head, str(at), kind, card or "", data)).encode())


def row_damage(row: tuple[Any, ...]) -> str | None:
    """Return what shows that no prep wrote this entry, or None. Ids from before 0.2 carry no checksum."""
    seq, ident, at, kind, card, data = row
    texts = (ident, kind, data, "" if card is None else card)
    if type(seq) is not int or type(at) is not int or not all(type(text) is str for text in texts):
        return f"entry {seq} holds the wrong kind of value"
    if ident[_HEAD : _HEAD + 1] == "-":
        right = ident[_HEAD + 1 :] == f"{_checksum(ident[:_HEAD], at, kind, card, data):08x}"
        return None if right else f"entry {seq} is not as it was written"
    try:
        body = json.loads(data)
        plausible = type(body) is dict and (kind != "review" or (card and Rating(body["rating"])))
        plausible = plausible and re.fullmatch("[0-9a-f]{32}", ident)
    except (ValueError, TypeError, KeyError):
        plausible = False
    return None if plausible else f"entry {seq} makes no sense"


# The whole file


def file_damage(path: Path, *, live: bool = True) -> str | None:
    """Return what is wrong with the journal at `path`, or None. Writes nothing.

    Looks at SQLite's own structure, the schema, each entry, and (`live`) at the write-ahead log beside it. Raises
    sqlite3.Error or OSError where the file cannot be looked at, such as when it is locked.
    """
    if live and (dropped := wal_damage(path)):
        return dropped
    try:
        with closing(read_only(path, live=live)) as connection:
            return next(_problems(connection), None)
    except FILE_ERRORS as error:
        if not is_damage(error):
            raise
        return one_line(error)


def read_only(path: Path, *, live: bool = True) -> sqlite3.Connection:
    """Open a database without changing it. A copy that nobody writes to (not `live`) is not locked either."""
    options = "mode=ro" if live else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{options}", uri=True, timeout=PATIENCE)


def _problems(connection: sqlite3.Connection) -> Iterator[str]:
    connection.execute("BEGIN")  # all of it at one moment
    verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if verdict != "ok":
        yield one_line(verdict)
    listed = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
    with closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript(SCHEMA)
        same = connection.execute(listed).fetchall() == fresh.execute(listed).fetchall()
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > JOURNAL_VERSION and not same:
        return  # a newer prep's: opening it says so
    if version != JOURNAL_VERSION or not same:
        yield "its schema is not as it was written"
    last = 0
    for row in connection.execute(f"SELECT {COLUMNS} FROM entry ORDER BY seq"):
        if problem := row_damage(row):
            yield problem
        last = row[0]
    # Entries never go, so the counter that numbers them stands at the last one.
    counter = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entry'").fetchone()
    counted = counter[0] if counter else 0
    if last != counted:
        yield f"it ends with entry {last}, but {counted} were written"


# Errors


def is_damage(error: BaseException) -> bool:
    """Whether an error means that the file is damaged, rather than locked, out of reach, or on a full disk."""
    if isinstance(error, MemoryError | UnicodeDecodeError):
        return True
    if not isinstance(error, sqlite3.Error) or isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
        return False
    return _code(error) in _DAMAGE


def one_line(said: object) -> str:
    """What SQLite says, fit to print: it may quote what a damaged file holds."""
    words = "".join(letter if letter.isprintable() else " " for letter in str(said)).split()
    return " ".join(words)[:LONGEST_SAID]


def is_locked(error: BaseException) -> bool:
    """Whether another program is in the way."""
    return isinstance(error, sqlite3.Error) and _code(error) in _LOCKED


@contextmanager
def explained(path: Path, what: str, cure: str | Callable[[], str]) -> Iterator[None]:
    """Turn what the disk or SQLite raises into one line: what went wrong and what to do; `cure` is for damage."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise  # a bug
    except (*FILE_ERRORS, OSError) as error:
        remedy = _remedy(error) if not is_damage(error) else cure if isinstance(cure, str) else cure()
        raise UserError(f"{path}: {what} ({one_line(error)}); {remedy}") from None


def _remedy(error: BaseException) -> str:
    if isinstance(error, sqlite3.Error):
        if is_locked(error):
            return "another program keeps it locked: close that and try again"
        if _code(error) == sqlite3.SQLITE_FULL:
            return "make room on the disk and try again"
        if _code(error) == sqlite3.SQLITE_IOERR:
            return "see that the disk has room and works, then run: prep doctor"
    return "make it and its folder writable and see that the disk has room, or set PREP_HOME to a folder of yours"


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; sqlite3 gives none where text is not UTF-8, which is damage."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)) & 0xFF
