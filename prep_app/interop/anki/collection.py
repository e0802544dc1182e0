"""Anki's own engine, on a collection that prep makes for the work and throws away: never the user's own Anki."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from prep_app.errors import UserError
from prep_app.text import printable

if TYPE_CHECKING:
    from anki.collection import Collection

NEEDED = ("anki", "markdownify", "zstandard")


def require_anki(doing: str) -> None:
    """Raises UserError where the extra is not installed; `doing` is the command that needs it."""
    if not all(find_spec(name) for name in NEEDED):
        raise UserError(f"{doing} needs the extra: pip install 'prep[anki]'")


@contextmanager
def working_folder() -> Iterator[Path]:
    """A folder to work in, gone afterwards."""
    with TemporaryDirectory(prefix="prep-anki-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def collection_in(folder: Path) -> Iterator[Collection]:
    """The collection in `folder`, made if it is not there."""
    from anki.collection import Collection

    collection = Collection(str(folder / "collection.anki2"))
    try:
        yield collection
    finally:
        collection.close()


@contextmanager
def anki_errors(path: Path, what: str) -> Iterator[None]:
    """Turn what Anki raises into one line about the file at `path`."""
    from anki.errors import AnkiException

    try:
        yield
    except AnkiException as error:
        said = " ".join(printable(str(error)).split())[:200]
        raise UserError(f"{path}: {what} ({said or type(error).__name__})") from None
