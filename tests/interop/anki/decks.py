"""Real collections of Anki's, made and read by its own engine."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from anki.collection import (
    Collection,
    ExportAnkiPackageOptions,
    ImportAnkiPackageOptions,
    ImportAnkiPackageRequest,
)
from anki.notes import Note

from prep_app.content.folder import folders_in
from prep_app.content.library import open_library
from prep_app.content.model import Library
from prep_app.interop.anki.importing import Imported, import_package
from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.settings import Settings

DAY = 86_400_000
NOW = time.time_ns() // 1_000_000


@contextmanager
def collection(folder: Path) -> Iterator[Collection]:
    folder.mkdir(parents=True, exist_ok=True)
    held = Collection(str(folder / "collection.anki2"))
    try:
        yield held
    finally:
        held.close()


def add(held: Collection, kind: str, deck: str, *fields: str, tags: Sequence[str] = ()) -> Note:
    note = held.new_note(held.models.by_name(kind))
    note.fields = [*fields, *[""] * (len(note.fields) - len(fields))]
    note.tags = list(tags)
    held.add_note(note, held.decks.id(deck))
    return note


def review(held: Collection, card: int, at: int, ease: int, kind: int = 1, factor: int = 500) -> None:
    held.db.execute("INSERT INTO revlog VALUES (?, ?, -1, ?, 3, 1, ?, 4200, ?)", at, card, ease, factor, kind)


def take_in(held: Collection, deck: Path) -> None:
    options = ImportAnkiPackageOptions(with_scheduling=True)
    held.import_anki_package(ImportAnkiPackageRequest(package_path=str(deck), options=options))


def write(held: Collection, deck: Path, *, legacy: bool = False) -> Path:
    options = ExportAnkiPackageOptions(with_scheduling=True, with_media=True, legacy=legacy)
    held.export_anki_package(out_path=str(deck), options=options, limit=None)
    return deck


def own_packs(home: Home) -> Library:
    """The learner's packs without the built-in ones, which take a second to read."""
    return open_library(folders_in(home.packs), None)


def imported(home: Home, deck: Path) -> tuple[Imported, Library]:
    """What `prep import` does; and the learner's packs afterwards."""
    memory = Memory.open(home, Settings())
    try:
        done = import_package(home, own_packs(home), memory, deck, lambda text: None)
    finally:
        memory.close()
    return done, own_packs(home)


def rebuilt(deck: Path, target: Path, **changed: bytes | None) -> Path:
    """A copy of a deck with some of its files replaced, or left out (None)."""
    with zipfile.ZipFile(deck) as source, zipfile.ZipFile(target, "w") as sink:
        for name in source.namelist():
            if name not in changed:
                sink.writestr(name, source.read(name))
        for name, body in changed.items():
            if body is not None:
                sink.writestr(name, body)
    return target
