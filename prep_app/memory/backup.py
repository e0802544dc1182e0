"""Copies of the journal: one a day, each looked over, the newest ten kept."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from prep_app.memory.journal_file import file_damage
from prep_app.memory.wal import wal_of

BACKUPS_KEPT = 10


def backup_path(folder: Path, at: int) -> Path:
    """Where the copy made on the day of `at` (UTC ms) lies."""
    return folder / f"journal-{datetime.fromtimestamp(at / 1000):%Y-%m-%d}.db"


def backups(folder: Path) -> list[Path]:
    """The copies kept, oldest first."""
    return sorted(folder.glob("journal-*.db"))


def newest_sound(folder: Path) -> Path | None:
    """The newest copy with nothing wrong with it."""
    return next((copy for copy in reversed(backups(folder)) if file_damage(copy, live=False) is None), None)


def make_backup(journal: Path, target: Path) -> str | None:
    """Copy the journal to `target`. A damaged one takes no sound copy's place: returns what is wrong, or None."""
    target.parent.mkdir(mode=0o700, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}.partial")
    try:
        partial.touch(mode=0o600)
        with closing(sqlite3.connect(journal)) as source, closing(sqlite3.connect(partial)) as copy:
            source.backup(copy)
        damage = file_damage(partial, live=False)
        if damage is None:
            partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    if damage is None:
        for old in backups(target.parent)[:-BACKUPS_KEPT]:
            old.unlink(missing_ok=True)
    return damage


def absence(journal: Path, folder: Path) -> str | None:
    """Return how a journal that was there is missing, or None: it is there, or was never begun.

    A write-ahead log is begun after the file, and SQLite deletes it beside an empty one, without a word.
    """
    if journal.exists() and journal.stat().st_size:
        return None
    begun = wal_of(journal).exists() or backups(folder)
    return f"the journal is {'empty' if journal.exists() else 'gone'}" if begun else None


def cure(folder: Path) -> str:
    """What to do about a damaged journal."""
    copies = backups(folder)
    if copies:
        return f"prep doctor --restore puts back what can be read and the newest sound backup ({copies[-1]})"
    return "prep doctor --restore puts back what can be read; there is no backup yet"
