"""How far this journal and a server got with each other. Kept in cache.db: without it more is compared, nothing else.

It stands beside the journal, not in it, since it is about one machine; and since every claim it makes is looked up
again at both ends before it is believed, it may be lost, be older than either end, or have come along with a copy.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from prep_app import __version__
from prep_app.cache import open_cache
from prep_app.memory.backup import cure
from prep_app.memory.journal_file import explained, read_only
from prep_app.paths import Home

STAYS_HERE = ("session", "demo")  # kinds about this machine alone: where a session stands, what was proven here
UNPUSHED = f"seq > ? AND kind NOT IN ({', '.join(map(repr, STAYS_HERE))})"


@dataclass(frozen=True, slots=True)
class Cursor:
    """All that the server had up to number `seq`, which came in push `push`, is in this journal, as of its entry
    number `tip`, whose id is `tip_id`; and all that this journal has up to number `pushed` is there.
    """

    seq: int = 0
    push: int = 0
    tip: int = 0
    tip_id: str = ""
    pushed: int = 0
    at: int = 0  # UTC ms: when both last had all of the other's; 0 before the first time
    prep: str = __version__  # another version may take what this one refused


@dataclass(frozen=True, slots=True)
class SyncState:
    """When the last whole sync was (UTC ms), and how many entries have not been sent since."""

    last_sync: int
    unsent: int


def load(cache: Path, server: str, learner: str) -> Cursor:
    """Return what was kept for a learner at a server; a cursor at the start when nothing was."""
    try:
        with closing(open_cache(cache)) as connection:
            row = connection.execute("SELECT body FROM sync WHERE key = ?", (_key(server, learner),)).fetchone()
        held = Cursor(**json.loads(row[0])) if row else Cursor()
    except (sqlite3.Error, OSError, ValueError, TypeError):
        return Cursor()
    return held if held.prep == __version__ else Cursor()


def save(cache: Path, server: str, learner: str, cursor: Cursor) -> None:
    try:
        with closing(open_cache(cache)) as connection:
            body = json.dumps(asdict(cursor))
            connection.execute("INSERT OR REPLACE INTO sync VALUES (?, ?)", (_key(server, learner), body))
    except (sqlite3.Error, OSError):
        return  # more is compared the next time


def sync_state(home: Home) -> SyncState | None:
    """How this journal stands to the server it was last synced with; None before the first sync.

    Raises UserError when the journal cannot be read.
    """
    try:
        with closing(open_cache(home.cache)) as connection:
            rows = connection.execute("SELECT body FROM sync").fetchall()
        last = max((Cursor(**json.loads(row[0])) for row in rows), key=lambda cursor: cursor.at, default=Cursor())
    except (sqlite3.Error, OSError, ValueError, TypeError):
        return None
    if not last.at or not home.journal.exists():
        return None
    with explained(home.journal, "cannot be read", cure(home.backups)), closing(read_only(home.journal)) as journal:
        unsent = journal.execute(f"SELECT count(*) FROM entry WHERE {UNPUSHED}", (last.pushed,)).fetchone()[0]
    return SyncState(last.at, unsent)


def _key(server: str, learner: str) -> str:
    return f"{server} {learner}"
