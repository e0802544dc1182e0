"""Every pack, compiled once: a start reads no YAML that it has read before.

The compiled form is keyed by the content of every file it came from, so an edit is always seen.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path

from prep_app import __version__
from prep_app.cache import no_garbage, open_cache
from prep_app.content.folder import Snapshot, every, folders_in, snapshot
from prep_app.content.model import Library, Pack, Problem
from prep_app.content.stored import restored, stored
from prep_app.paths import Home

KEPT = 8  # compiled libraries; more than one so that two checkouts do not evict each other
BUSY_MS = 250  # how long to wait for another process to let go of the cache; compiling again takes no longer


def builtin_folders() -> list[Path]:
    """The packs that come with prep."""
    return folders_in(Path(str(files("questions"))))


def folders_for(home: Home, packs: Sequence[Path] = ()) -> list[Path]:
    """The folders `packs` when there are any; else the built-in packs and those the learner has installed."""
    return list(packs) or [*builtin_folders(), *folders_in(home.packs)]


def library_for(home: Home, packs: Sequence[Path] = ()) -> Library:
    """The packs in `packs` alone when there are any; else the built-in ones and those the learner has installed."""
    return open_library(folders_for(home, packs), home.cache)


def open_library(folders: Sequence[Path], cache_path: Path | None) -> Library:
    """Return the packs in `folders`, from the cache when nothing changed since they were compiled."""
    held = [snapshot(folder) for folder in folders]
    if cache_path is None:
        return _compiled(held)
    key = _key(held)
    body = _fetch(cache_path, key)
    if body is not None:
        try:
            with no_garbage():
                return restored(json.loads(body))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            pass  # a damaged row is compiled again and replaced
    library = _compiled(held)
    _keep(cache_path, key, json.dumps(stored(library), default=os.fspath))
    return library


def load_library(folders: Sequence[Path]) -> Library:
    """Read the packs from their YAML, past the cache."""
    return _compiled([snapshot(folder) for folder in folders])


def _compiled(held: Sequence[Snapshot]) -> Library:
    from demos.catalogue import catalogue
    from demos.exercise import function_source
    from prep_app.content.loader import Programs, Taken, load_pack

    programs = Programs(catalogue(), function_source)

    taken = Taken()
    packs: list[Pack] = []
    problems: list[Problem] = []
    for one in held:
        pack, found = load_pack(one, programs, taken)
        problems += found
        if pack is not None:
            packs.append(pack)
    return Library(tuple(packs), tuple(problems))


def _key(held: Sequence[Snapshot]) -> str:
    """A name for what `held` compiles to: it changes with any byte of the packs, the demos or the compiler."""
    digest = blake2b(__version__.encode(), digest_size=20)
    here = Path(__file__).parent
    demos = Path(str(files("demos")))
    sources = [*sorted(here.glob("*.py")), here.parent / "text.py", *sorted(demos.glob("*.py"))]
    for piece in [*(path.read_bytes() for path in sources), *every(held)]:
        digest.update(len(piece).to_bytes(8, "big") + piece)
    return digest.hexdigest()


def _fetch(path: Path, key: str) -> str | None:
    try:
        cache = open_cache(path)
        try:
            row = cache.execute("SELECT body FROM library WHERE key = ?", (key,)).fetchone()
        finally:
            cache.close()
    except (sqlite3.Error, OSError):
        return None  # no cache, no harm: the YAML is read instead
    return row[0] if row else None


def _keep(path: Path, key: str, body: str) -> None:
    try:
        cache = open_cache(path)
        try:
            cache.execute(f"PRAGMA busy_timeout={BUSY_MS}")
            cache.execute("INSERT OR REPLACE INTO library VALUES (?, ?)", (key, body))
            cache.execute(
                "DELETE FROM library WHERE rowid NOT IN (SELECT rowid FROM library ORDER BY rowid DESC LIMIT ?)",
                (KEPT,),
            )
        finally:
            cache.close()
    except (sqlite3.Error, OSError):
        return  # the next start compiles again
