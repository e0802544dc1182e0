"""The packs that a cohort shares. They come from others: names, sizes and YAML are checked before anything is kept.

A pack that came by sync carries a mark with its digest (`.shared`). While its files still have that digest nobody has
touched it here and a newer one may take its place; a pack without the mark, or edited since, is the learner's own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import psycopg

from prep_app.content.folder import HEAD, MAX_BYTES, snapshot
from prep_app.content.library import builtin_folders, library_for, load_library, open_library
from prep_app.content.model import Library
from prep_app.errors import UserError
from prep_app.interop.sync.connection import Connection
from prep_app.interop.sync.schema import LARGEST_PACK
from prep_app.paths import Home
from prep_app.text import printable

MINE = "learner = current_user"
MARK = ".shared"
MOST_FILES = 1000
PACK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}\Z")  # as pack.yaml's id
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\.ya?ml\Z")
# Names that Windows keeps for devices, whatever comes after the dot.
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|\Z)", re.IGNORECASE)

Files = Mapping[str, str]  # the name of each file, and its text


@dataclass(frozen=True, slots=True)
class Shared:
    """A pack fit to be shared."""

    name: str
    files: Files


@dataclass(frozen=True, slots=True)
class Brought:
    """Which packs came in or were renewed, and a line for each that was left out."""

    packs: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def read_pack(folder: Path, home: Home) -> Shared:
    """Read a pack to share. Raises UserError when there is none, or it has faults, or is too large."""
    if not (folder / HEAD).is_file():
        raise UserError(f"{folder}: no pack here; a pack is a folder with a {HEAD}")
    everybodys = open_library(builtin_folders(), home.cache)
    name, fault = _compiled(folder, everybodys)
    if fault:
        raise UserError(f"{folder}: {fault}; mend it before you share it (prep check {folder})")
    files = _files(folder)
    if files is None:
        raise UserError(f"{folder}: a file in it cannot be read as text")
    if why := _unfit(name, json.dumps(files)):
        raise UserError(f"{folder}: cannot be shared: {why}")
    return Shared(name, files)


def share(connection: Connection, pack: Shared) -> None:
    """Put a pack there for the cohort, or a newer one in its place. Raises UserError when the name is another's."""
    digest, files = digest_of(pack.files), json.dumps(pack.files, ensure_ascii=False)
    changed = connection.execute(
        f"UPDATE prep.pack SET digest = %s, files = %s, at = now() WHERE name = %s AND {MINE}".encode(),
        (digest, files, pack.name),
    ).rowcount
    if changed:
        return
    try:
        query = "INSERT INTO prep.pack (name, digest, files) VALUES (%s, %s, %s)"
        connection.execute(query, (pack.name, digest, files))
    except psycopg.errors.UniqueViolation:
        raise UserError(f'there is a pack "{pack.name}" of somebody else; give yours another id in {HEAD}') from None


def unshare(connection: Connection, name: str) -> None:
    """Take back a pack; who has it keeps it, and its name stays the learner's.

    Raises UserError when the learner shares no such pack.
    """
    query = "UPDATE prep.pack SET digest = NULL, files = NULL WHERE digest IS NOT NULL AND name = %s AND "
    if not connection.execute(query.encode() + MINE.encode(), (name,)).rowcount:
        raise UserError(f'you share no pack "{printable(name)}"')


def bring(connection: Connection, home: Home) -> Brought:
    """Bring in what the cohort shares, into the learner's folder of packs."""
    came, left = [], []
    query = f"SELECT name, digest, {MINE} FROM prep.pack WHERE digest IS NOT NULL ORDER BY name"
    for name, digest, own in connection.execute(query.encode()).fetchall():
        shown = printable(str(name))[:80]
        if not _is_name(name, PACK_NAME):
            left.append(f'shared pack "{shown}" was left out: its name could lead anywhere')
            continue
        place = home.packs / name
        held = _files(place) if place.is_dir() else None
        if held is not None and digest_of(held) == digest:
            continue
        if os.path.lexists(place) and not _untouched(place, held):
            remedy = "share it again to renew it for the others" if own else "move it away to get the shared one"
            left.append(f'shared pack "{shown}" was left out: {place} is your own or was edited; {remedy}')
            continue
        if why := _install(connection, home, name, digest):
            left.append(f'shared pack "{shown}" was left out: {why}')
        else:
            came.append(name)
    return Brought(tuple(came), tuple(left))


def digest_of(files: Files) -> str:
    return blake2b(json.dumps(files, sort_keys=True).encode(), digest_size=20).hexdigest()


def _files(folder: Path) -> Files | None:
    """The YAML files in a folder; None where one cannot be read as text."""
    try:
        return {one.path.name: one.raw.decode() for one in snapshot(folder).files if not one.fault}
    except UnicodeDecodeError:
        return None


def _untouched(place: Path, held: Files | None) -> bool:
    """Whether a folder is just as sync left it."""
    try:
        return not place.is_symlink() and held is not None and (place / MARK).read_text() == digest_of(held)
    except (OSError, UnicodeDecodeError):
        return False


def _install(connection: Connection, home: Home, name: str, digest: str) -> str | None:
    """Put a shared pack in its place once it is found to be sound. Returns why not, in a few words."""
    query = "SELECT files FROM prep.pack WHERE name = %s AND octet_length(files) <= %s"
    row = connection.execute(query, (name, LARGEST_PACK)).fetchone()
    if row is None:
        return "it is gone or too large"
    if why := _unfit(name, row[0]):
        return why
    files: Files = json.loads(row[0])
    if digest_of(files) != digest:
        return "its files are not those that were shared"
    place, staged = home.packs / name, home.packs / f".{name}.incoming"
    try:
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        for file, text in files.items():
            (staged / file).write_bytes(text.encode())  # as it is: no line ending changes
        (staged / MARK).write_text(digest)
        told, fault = _compiled(staged, library_for(home))
        if fault or told != name:
            return fault or "it says that it is another pack"
        _swap(staged, place)
    except OSError as error:
        return f"it cannot be written to {home.packs} ({error.strerror})"
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return None


def _swap(staged: Path, place: Path) -> None:
    """Put `staged` in the place of what is there. Cut short it leaves no pack, and the next sync brings it again."""
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    staged.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def _compiled(folder: Path, others: Library) -> tuple[str, str]:
    """The id of the pack in a folder, and why prep would not take it beside the others, if it would not."""
    library = load_library([folder])
    for problem in library.problems:
        message = printable(problem.message).splitlines()[0]
        return "", f"{problem.file.name}:{problem.line}:{problem.column}: {message}"
    if not library.packs:
        return "", "it is empty"
    name = library.packs[0].id
    held = [question for question in others.questions.values() if question.pack != name]
    taken = {question.id for question in held} | {card.id for question in held for card in question.cards}
    clash = next((known for known in (*library.questions, *library.cards) if known in taken), None)
    return name, f'another pack has "{clash}" too' if clash else ""


def _unfit(name: str, text: str) -> str | None:
    """Why a pack's name or files cannot be kept on any disk that prep runs on, if they cannot."""
    if not _is_name(name, PACK_NAME):
        return "its name could lead anywhere"
    try:
        files = json.loads(text)
    except (ValueError, RecursionError):
        return "its files make no sense"
    if not isinstance(files, dict) or not all(isinstance(body, str) for body in files.values()):
        return "its files make no sense"
    if len(text.encode()) > LARGEST_PACK or len(files) > MOST_FILES:
        return f"it is larger than {LARGEST_PACK >> 20} MiB or {MOST_FILES} files"
    if HEAD not in files or not all(_is_name(file, FILE_NAME) for file in files):
        return "it holds something else than YAML files"
    if len({file.casefold() for file in files}) < len(files):
        return "two of its files have the same name on some disks"
    try:
        fits = all(len(body.encode()) <= MAX_BYTES for body in files.values())
    except UnicodeEncodeError:
        return "its files make no sense"
    return None if fits else f"a file in it is larger than {MAX_BYTES >> 10} KiB"


def _is_name(name: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(name, str) and bool(pattern.match(name)) and not DEVICE.match(name) and not name.endswith(".")
