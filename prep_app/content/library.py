"""Every pack, compiled once: a start reads no YAML that it has read before.

The compiled form is keyed by the content of every file it came from, so an edit is always seen. Files that have lain
untouched for a while are known by their stamps, so that a start need not even read them.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path

from prep_app import __version__
from prep_app.cache import no_garbage, open_cache
from prep_app.content.folder import Snapshot, every, folders_in, snapshot, stamp, stamp_of
from prep_app.content.kept import find, keep
from prep_app.content.model import Library, Pack, Problem
from prep_app.paths import Home

BUSY_MS = 250  # how long to wait for another process to let go of the cache; compiling again takes no longer
SETTLED = 2.0  # seconds since a file was last touched: a clock that ticks seldom cannot hide another change by then


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
    """Return the packs in `folders`, from the cache when nothing changed since they were compiled.

    Their cards then stay there until they are asked for.
    """
    if cache_path is None:
        return load_library(folders)
    again = partial(load_library, folders)
    mark = _mark(folders)
    if mark is not None and (library := _found(cache_path, "stamp", mark, again)) is not None:
        return library
    held = [snapshot(folder) for folder in folders]
    key = _key(held)
    library = _found(cache_path, "key", key, again)
    if library is not None:
        _write(cache_path, lambda cache: cache.execute("UPDATE library SET stamp = ? WHERE key = ?", (mark, key)))
        return library
    compiled = _compiled(held)
    _write(cache_path, lambda cache: keep(cache, key, mark, compiled))
    return _found(cache_path, "key", key, again) or compiled


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


def _mark(folders: Sequence[Path]) -> str | None:
    """A name for the files as they lie there, unless one was touched just now: it changes when any of them does."""
    found = (*stamp(folders), *map(stamp_of, _sources()))
    if time.time() - max((one.changed for one in found), default=0) / 1e9 < SETTLED:
        return None
    return blake2b(repr((__version__, found)).encode(), digest_size=20).hexdigest()


def _key(held: Sequence[Snapshot]) -> str:
    """A name for what `held` compiles to: it changes with any byte of the packs, the demos or the compiler."""
    digest = blake2b(__version__.encode(), digest_size=20)
    for piece in [*(path.read_bytes() for path in _sources()), *every(held)]:
        digest.update(len(piece).to_bytes(8, "big") + piece)
    return digest.hexdigest()


def _sources() -> list[Path]:
    """The compiler, and what it asks of the demos."""
    here = Path(__file__).parent
    return [*sorted(here.glob("*.py")), here.parent / "text.py", *sorted(Path(str(files("demos"))).glob("*.py"))]


def _found(path: Path, column: str, value: str, again: Callable[[], Library]) -> Library | None:
    try:
        cache = open_cache(path)
        cache.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        library = find(cache, column, value, again)
        if library is None:
            cache.close()
        return library
    except (sqlite3.Error, OSError):
        return None  # no cache, no harm: the YAML is read instead


def _write(path: Path, write: Callable[[sqlite3.Connection], object]) -> None:
    try:
        with closing(open_cache(path)) as cache, no_garbage():
            cache.execute(f"PRAGMA busy_timeout={BUSY_MS}")
            write(cache)
    except (sqlite3.Error, OSError):
        return  # the next start does it again
