"""Whether packs on disk are still those that were read. Cheap enough to ask every second: no file is opened."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from prep_app.content.library import open_library
from prep_app.content.model import Library

Stamp = tuple[tuple[str, int, int, int], ...]  # of each folder and file: path, time of change, size, inode


def stamp(folders: Iterable[Path]) -> Stamp:
    """What stands in the folders: it changes when a file is written, added, put in another's place or taken away."""
    found = []
    for folder in folders:
        found.append(_one(folder))
        try:
            names = sorted(name for name in os.listdir(folder) if name.endswith((".yaml", ".yml")))
        except OSError:
            continue
        found += [_one(folder / name) for name in names]
    return tuple(found)


class Watch:
    """Reads the packs in `folders()`, and again when something in them has changed."""

    def __init__(self, folders: Callable[[], Sequence[Path]], cache: Path | None) -> None:
        self._folders = folders
        self._cache = cache
        self._seen: Stamp | None = None
        self._library = Library(())

    def read(self) -> Library:
        """Read the packs as they are now. Reads files: call it in a thread."""
        folders = self._folders()
        self._seen = stamp(folders)  # before the files are read, so that what is written meanwhile is seen next time
        self._library = open_library(folders, self._cache)
        return self._library

    def reread(self) -> Library | None:
        """Return the packs if they are others than those last read, else None. Call it in a thread."""
        if stamp(self._folders()) == self._seen:
            return None
        before = self._library
        return self._library if self.read() != before else None


def _one(path: Path) -> tuple[str, int, int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return (os.fspath(path), 0, 0, 0)
    # A folder's own time changes with what an editor keeps beside the files; only its being there counts.
    if os.path.isdir(path):
        return (os.fspath(path), 0, 0, status.st_ino)
    return (os.fspath(path), status.st_mtime_ns, status.st_size, status.st_ino)
