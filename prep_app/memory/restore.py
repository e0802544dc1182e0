"""A damaged journal, put back: what can be read of it, and the newest backup that is sound."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from prep_app.cache import discard_cache
from prep_app.errors import UserError
from prep_app.memory.backup import absence, cure, newest_sound
from prep_app.memory.folded import seen
from prep_app.memory.journal_file import (
    COLUMNS,
    FILE_ERRORS,
    SCHEMA,
    Row,
    explained,
    file_damage,
    is_damage,
    is_locked,
    read_only,
    row_damage,
)
from prep_app.memory.wal import mended, wal_damage, wal_of
from prep_app.paths import Home

SMALLEST = 32  # bytes of a file for each entry in it
MISSING = 10_000  # pages that a truncated file may have lost, beyond as many as are left


@dataclass(frozen=True, slots=True)
class Restored:
    """How many entries came back, from the backup and from the damaged file, which is kept `aside`.

    `lost` is how many did not; None where nothing tells how many there were.
    """

    backup: Path | None
    aside: Path | None
    from_backup: int
    from_journal: int
    lost: int | None

    @property
    def entries(self) -> int:
        return self.from_backup + self.from_journal


def damage(home: Home) -> str | None:
    """Return what is wrong with a learner's journal, or None.

    Raises UserError where it cannot be looked at.
    """
    journal = home.journal
    with explained(journal, "cannot be looked at", cure(home.backups)):
        if missing := absence(journal, home.backups):
            return missing
        if not journal.exists() or journal.stat().st_size == 0:
            return None
        seq, tip = seen(home.cache) if home.cache.exists() else (0, "")
        found = file_damage(journal)
        if found is None and seq:
            with closing(read_only(journal)) as connection:
                held = connection.execute("SELECT id FROM entry WHERE seq = ?", (seq,)).fetchone()
            if held is None or held[0] != tip:
                found = f"entry {seq} was there and is gone"
        return found


def restore(home: Home, at: int) -> Restored:
    """Put the journal back together. The damaged file stays as journal.db.damaged-DATE beside it.

    Raises UserError when another prep has the journal open, or the disk refuses.
    """
    journal = home.journal
    with explained(journal, "not restored", "the backups are in " + str(home.backups)):
        aside = _set_aside(journal, at)
        readable, last = _salvage(aside) if aside else ([], None)
        backup = newest_sound(home.backups)
        kept = _rows(backup) if backup else []
        known = {row[1] for row in kept}
        more = [row for row in readable if row[1] not in known]
        _replace(journal, kept + more)
        if last is not None:
            last = max(last, seen(home.cache)[0] if home.cache.exists() else 0)
        discard_cache(home.cache)
    lost = None if last is None else max(0, last - len(kept) - len(more))
    return Restored(backup, aside, len(kept), len(more), lost)


def _set_aside(journal: Path, at: int) -> Path | None:
    """Copy the damaged files. Returns the copy; None where there is nothing to copy."""
    sources = [path for path in (wal_of(journal), journal) if path.exists()]
    if not sources:
        return None
    stem = f"{journal.name}.damaged-{datetime.fromtimestamp(at / 1000):%Y-%m-%d}"
    names = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
    aside = next(path for path in (journal.with_name(name) for name in names) if not path.exists())
    aside.touch(mode=0o600)
    for source in sources:
        target = aside if source == journal else wal_of(aside)
        shutil.copy2(source, target)
        _to_disk(target)
    if journal.exists() and _open_elsewhere(journal):
        aside.unlink()
        wal_of(aside).unlink(missing_ok=True)
        raise UserError(f"{journal}: another program has it open; close every prep, then try again")
    return aside


def _open_elsewhere(journal: Path) -> bool:
    """Whether another program would go on writing to the file that is replaced, so that nobody would see it again.

    Asking changes the file: SQLite tidies up what a crash has left.
    """
    with closing(sqlite3.connect(journal, timeout=0.5, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
        except FILE_ERRORS as error:
            if is_locked(error):
                return True
            if not is_damage(error):
                raise
    return False


def _salvage(damaged: Path) -> tuple[list[Row], int | None]:
    """Return the entries that can be read and are as they were written, and how many there were, if anything tells."""
    with TemporaryDirectory(dir=damaged.parent) as folder:
        plain, mended_copy = Path(folder, "plain.db"), Path(folder, "mended.db")
        for source, target in ((damaged, plain), (wal_of(damaged), wal_of(plain))):
            if source.exists():
                shutil.copy2(source, target)  # SQLite does not always leave alone what it reads
        rows, last = _readable(plain)
        left_out = _mend(damaged, mended_copy)
        more, counted = _readable(mended_copy)
    unique = {row[1]: row for row in rows + more}
    known = [number for number in (last, counted) if number is not None]
    if not known or (left_out and wal_damage(damaged)):
        return sorted(unique.values()), None
    return sorted(unique.values()), max(*known, *(row[0] for row in unique.values()), 0)


def _mend(damaged: Path, copy: Path) -> int:
    """Copy a journal so that SQLite reads on where it would give up; returns how much of its log is left out.

    Its first page says where the tables are, which is the same in every journal; a page that is missing at the end is
    damage in that page only; and the log is made to add up.
    """
    with closing(sqlite3.connect(copy)) as fresh:
        fresh.executescript(SCHEMA)
    model, held = copy.read_bytes(), damaged.read_bytes()
    size = int.from_bytes(model[16:18], "big")
    first = bytearray(model[:size])
    first[18:20] = b"\2\2"  # it has a write-ahead log
    first[92:96] = b"\xff" * 4  # how long the file is, it does not know
    pages = -(-len(held) // size)
    claimed = int.from_bytes(held[28:32], "big")
    if pages < claimed < 2 * pages + MISSING:
        pages = claimed
    copy.write_bytes(first + held[size:].ljust((pages - 1) * size, b"\0"))
    left_out = 0
    if wal_of(damaged).exists():
        log, left_out = mended(wal_of(damaged).read_bytes(), bytes(first))
        wal_of(copy).write_bytes(log)
    return left_out


def _readable(path: Path) -> tuple[list[Row], int | None]:
    rows: list[Row] = []
    counted = None
    most = sum(file.stat().st_size for file in (path, wal_of(path)) if file.exists()) // SMALLEST
    try:
        with closing(read_only(path)) as connection:
            counted = _counted(connection, most)
            ranges = [(1, most)]
            while ranges:
                low, high = ranges.pop()
                query = f"SELECT {COLUMNS} FROM entry WHERE seq BETWEEN ? AND ?"
                try:
                    rows += [row for row in connection.execute(query, (low, high)) if row_damage(row) is None]
                except FILE_ERRORS as error:
                    if not is_damage(error):
                        raise
                    if low < high:  # the damage is in one half, or in both
                        middle = (low + high) // 2
                        ranges += [(middle + 1, high), (low, middle)]
    except FILE_ERRORS as error:
        if not is_damage(error):
            raise  # otherwise not even the first page can be read
    return rows, counted


def _counted(connection: sqlite3.Connection, most: int) -> int | None:
    """How many entries SQLite has numbered; None where it cannot be read, or is more than the file can hold."""
    try:
        row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entry'").fetchone()
    except FILE_ERRORS as error:
        if not is_damage(error):
            raise
        return None
    return row[0] if row and type(row[0]) is int and row[0] <= most else None


def _rows(backup: Path) -> list[Row]:
    with closing(read_only(backup, live=False)) as connection:
        return connection.execute(f"SELECT {COLUMNS} FROM entry ORDER BY seq").fetchall()


def _replace(journal: Path, rows: list[Row]) -> None:
    """Write a journal with these entries in the place of the one there."""
    made = journal.with_name(f"{journal.name}.{os.getpid()}.partial")
    try:
        made.unlink(missing_ok=True)
        made.touch(mode=0o600)
        with closing(sqlite3.connect(made, isolation_level=None)) as connection:
            connection.executescript(SCHEMA)
            connection.execute("BEGIN")
            taken = {row[0]: row for row in reversed(rows)}
            renumbered = [(None, *row[1:]) for row in rows if taken[row[0]] is not row]  # the number is another's
            connection.executemany(
                f"INSERT INTO entry ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", [*sorted(taken.values()), *renumbered]
            )
            connection.execute("COMMIT")
        if found := file_damage(made, live=False):
            raise UserError(f"{journal}: not restored, the disk gives back something else than was written ({found})")
        _to_disk(made)
        for suffix in ("-wal", "-shm"):  # they belong to the damaged file; the log is set aside too
            journal.with_name(journal.name + suffix).unlink(missing_ok=True)
        made.replace(journal)
        if os.name == "posix":
            _to_disk(journal.parent)
    finally:
        made.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
