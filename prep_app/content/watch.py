"""Whether packs on disk are still those that were read. Cheap enough to ask every second: no file is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from prep_app.content.folder import Stamp, stamp
from prep_app.content.library import open_library
from prep_app.content.model import Library


class Watch:
    """Reads the packs in `folders()`, and again when something in them has changed."""

    def __init__(self, folders: Callable[[], Sequence[Path]], cache: Path | None) -> None:
        self._folders = folders
        self._cache = cache
        self._seen: tuple[Stamp, ...] | None = None
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
