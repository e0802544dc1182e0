"""An Anki deck's file, looked over before anything reads it: what is in it, how large it is, and what its files are.

A deck comes from anyone. Anki's own reader then gets a copy that holds what was looked at and nothing else.
"""

from __future__ import annotations

import json
import re
import sqlite3
import stat
import zipfile
import zlib
from contextlib import closing
from pathlib import Path
from typing import IO

import zstandard
from anki.collection import import_export_pb2
from google.protobuf.message import DecodeError

from prep_app.errors import UserError
from prep_app.text import printable

MOST_FILES = 50_000
MOST_UNPACKED = 2 << 30  # bytes of all files together
MOST_COLLECTION = 512 << 20  # bytes of one database
MOST_MEDIA_LIST = 16 << 20  # bytes
MOST_RATIO = 200  # unpacked to packed; text comes to about 20
ALWAYS_FINE = 64 << 20  # bytes unpacked that no ratio matters below

_COLLECTION = re.compile(r"collection\.anki2(1b?)?\Z")
_KNOWN = re.compile(r"meta\Z|media\Z|collection\.anki2(1b?)?\Z|[0-9]{1,9}\Z")
_ZSTD = b"\x28\xb5\x2f\xfd"
_AT_ONCE = 1 << 20  # bytes


class _Refused(Exception):
    """Why the file is not taken, as the end of a sentence."""


def checked_copy(path: Path, folder: Path) -> Path:
    """Copy the deck at `path` into `folder`, file by file, as far as it is sound; returns the copy.

    Raises UserError where it is no deck, damaged, or made to do harm.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    target = folder / f"checked{path.suffix.lower()}"
    try:
        with zipfile.ZipFile(path) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as copy:
            _look_at_names(archive.infolist())
            budget = _Budget(path.stat().st_size)
            for member in archive.infolist():
                with archive.open(member) as source, copy.open(member.filename, "w", force_zip64=True) as sink:
                    budget.copy(source, sink, _most(member.filename))
        with zipfile.ZipFile(target) as copy:
            _look_inside(copy, folder, budget)
    except _Refused as refused:
        raise UserError(f"{path}: not imported: {refused}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        said = printable(str(error)).splitlines()
        raise UserError(f"{path}: not an Anki deck, or damaged ({said[0] if said else 'cut off'})") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read or copied ({error.strerror or error})") from None
    return target


class _Budget:
    """Counts what is unpacked: in all, and against the size of the file."""

    def __init__(self, packed: int) -> None:
        self._most = max(ALWAYS_FINE, packed * MOST_RATIO)
        self._unpacked = 0

    def copy(self, source: IO[bytes], sink: IO[bytes] | None, most: int) -> int:
        """Copy at most so many bytes; raises _Refused when there are more."""
        read = 0
        while chunk := source.read(_AT_ONCE):
            read += len(chunk)
            self._unpacked += len(chunk)
            if read > most or self._unpacked > MOST_UNPACKED:
                raise _Refused(f"it unpacks to more than {min(most, MOST_UNPACKED) >> 20} MiB")
            if self._unpacked > self._most:
                raise _Refused(f"it unpacks to more than {MOST_RATIO} times its size")
            if sink is not None:
                sink.write(chunk)
        return read


def _look_at_names(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_FILES:
        raise _Refused(f"it holds more than {MOST_FILES:,} files")
    names = [member.filename for member in members]
    for member in members:
        # Names as ../x, /etc/x or C:\x are none of these.
        if not _KNOWN.match(member.filename):
            raise _Refused(f'it holds a file "{_shown(member.filename)}", which no deck of Anki has')
        if stat.S_ISLNK(member.external_attr >> 16):
            raise _Refused(f'"{member.filename}" in it is a link')
        if member.flag_bits & 0x1:
            raise _Refused("it is encrypted")
    if len(set(names)) < len(names):
        raise _Refused("it holds two files of the same name")
    if not any(_COLLECTION.match(name) for name in names):
        raise _Refused("there is no collection in it; export it from Anki as a deck package (.apkg)")


def _most(name: str) -> int:
    return (
        MOST_COLLECTION if _COLLECTION.match(name) else MOST_MEDIA_LIST if name in ("media", "meta") else MOST_UNPACKED
    )


def _look_inside(copy: zipfile.ZipFile, folder: Path, budget: _Budget) -> None:
    """Unpack what Zstandard packed, to count it, and look at the databases and at the names of the media."""
    for name in copy.namelist():
        if _COLLECTION.match(name):
            database = folder / "looked-at.db"
            with _unpacked(copy, name) as source, database.open("wb") as sink:
                budget.copy(source, sink, MOST_COLLECTION)
            _look_at_database(database)
            database.unlink()
        elif name == "media":
            with _unpacked(copy, name) as source:
                for media in _media_names(source.read(MOST_MEDIA_LIST)):
                    if _leads_away(media):
                        raise _Refused(f'its list of media names "{_shown(media)}", which is not a plain file name')
        elif _is_zstd(copy, name):
            with _unpacked(copy, name) as source:
                budget.copy(source, None, MOST_UNPACKED)


def _is_zstd(copy: zipfile.ZipFile, name: str) -> bool:
    with copy.open(name) as file:
        return file.read(len(_ZSTD)) == _ZSTD


def _unpacked(copy: zipfile.ZipFile, name: str) -> IO[bytes]:
    if not _is_zstd(copy, name):
        return copy.open(name)
    reader = zstandard.ZstdDecompressor().stream_reader(copy.open(name), read_across_frames=True)
    return _Unpacking(reader)  # type: ignore[return-value]


class _Unpacking:
    """A Zstandard stream whose faults read like a damaged archive's."""

    def __init__(self, stream: zstandard.ZstdDecompressionReader) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except (zstandard.ZstdError, MemoryError) as error:
            raise zipfile.BadZipFile(str(error)) from None

    def __enter__(self) -> _Unpacking:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def _media_names(raw: bytes) -> list[str]:
    """The names in the list of media: JSON in older decks, a protobuf in newer ones."""
    try:
        listed = json.loads(raw)
        if isinstance(listed, dict):
            return [str(name) for name in listed.values()]
    except (ValueError, RecursionError):
        pass
    try:
        return [entry.name for entry in import_export_pb2.MediaEntries.FromString(raw).entries]
    except DecodeError:
        raise _Refused("its list of media cannot be read") from None


def _leads_away(name: str) -> bool:
    """Whether writing a file of this name could put it anywhere but in its folder."""
    return name in ("", ".", "..") or printable(name) != name or bool(re.search(r"[/\\]|^[A-Za-z]:|\n", name))


def _look_at_database(path: Path) -> None:
    """Anki's databases hold tables and indexes; anything that computes was put there for another purpose."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            for kind, sql in connection.execute("SELECT type, sql FROM sqlite_master"):
                if kind not in ("table", "index") or str(sql).lstrip().upper().startswith("CREATE VIRTUAL"):
                    raise _Refused(f"its database has a {kind} that Anki does not make")
            connection.create_collation("unicase", _unicase)
            said = [str(found) for (found,) in connection.execute("PRAGMA quick_check(20)")]
    except (sqlite3.Error, UnicodeDecodeError, MemoryError) as error:
        raise _Refused(f"its database is damaged ({_shown(error)})") from None
    wrong = [one for one in said if one != "ok" and "KEY order" not in one]  # the order is Anki's own
    if wrong:
        raise _Refused(f"its database is damaged ({_shown(wrong[0])})")


def _unicase(one: str, other: str) -> int:
    """Nearly the order that Anki keeps names in."""
    one, other = one.casefold(), other.casefold()
    return (one > other) - (one < other)


def _shown(said: object) -> str:
    """What the file itself says, fit for a line."""
    line = " ".join(printable(str(said)).split())
    line = line.encode("utf-8", "replace").decode("utf-8")
    return line if len(line) <= 80 else line[:79] + "…"
