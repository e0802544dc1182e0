"""Packs on disk: which folders hold one, and the bytes of their files, read once."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from prep_app.errors import UserError

MAX_BYTES = 1 << 20  # of one file; no question comes near it
HEAD = "pack.yaml"


@dataclass(frozen=True, slots=True)
class Held:
    """One file as it was read, or why it could not be."""

    path: Path
    raw: bytes = b""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A pack's YAML files at one moment: what is hashed is what is compiled, whatever an editor saves meanwhile."""

    folder: Path
    files: tuple[Held, ...] = ()
    fault: str = ""  # why the folder itself could not be listed


class Stamp(NamedTuple):
    """What tells a file from what it was, without opening it."""

    path: str
    written: int = 0  # ns
    changed: int = 0  # ns; no program can set it
    size: int = 0
    file: int = 0


def snapshot(folder: Path) -> Snapshot:
    """Read every YAML file in `folder`, in order of name. Never raises: what cannot be read says why."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith((".yaml", ".yml")))
    except OSError as error:
        return Snapshot(folder, fault=f"cannot be read: {error.strerror}")
    return Snapshot(folder, tuple(_read(folder / name) for name in names))


def folders_in(parent: Path) -> list[Path]:
    """The folders in `parent` that should each hold a pack; none when there is no `parent`."""
    try:
        names = sorted(os.listdir(parent))
    except FileNotFoundError:
        return []
    except OSError:
        return [parent]  # so that reading it reports why it cannot be read
    return [parent / name for name in names if not name.startswith(("_", ".")) and _may_hold(parent / name)]


def pack_folders(path: Path) -> list[Path]:
    """The pack at `path` (a folder or a file in one), or the packs in it. Raises UserError when there is none."""
    if not path.exists():
        raise UserError(f"{path}: no such file or folder")
    if path.is_file():
        path = path.parent
    if (path / HEAD).exists():
        return [path]
    inside = sorted(found.parent for found in path.glob(f"*/{HEAD}"))
    if not inside:
        raise UserError(f"{path}: no pack here; a pack is a folder with a {HEAD}")
    return inside


def every(snapshots: Iterable[Snapshot]) -> Iterable[bytes]:
    """Everything that what is compiled from `snapshots` depends on, in pieces to hash."""
    for taken in snapshots:
        yield from (os.fsencode(taken.folder), taken.fault.encode())
        for held in taken.files:
            yield from (os.fsencode(held.path.name), held.fault.encode(), held.raw)


def stamp(folders: Iterable[Path]) -> tuple[Stamp, ...]:
    """What stands in the folders: it changes when a file is written, added, put in another's place or taken away."""
    found = []
    for folder in folders:
        found.append(stamp_of(folder))
        try:
            names = sorted(name for name in os.listdir(folder) if name.endswith((".yaml", ".yml")))
        except OSError:
            continue
        found += [stamp_of(os.path.join(folder, name)) for name in names]
    return tuple(found)


def stamp_of(path: Path | str) -> Stamp:
    name = os.fspath(path)
    try:
        status = os.stat(name)
    except OSError:
        return Stamp(name)
    # A folder's own times change with what an editor keeps beside the files; only its being there counts.
    if stat.S_ISDIR(status.st_mode):
        return Stamp(name, file=status.st_ino)
    return Stamp(name, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


def _may_hold(path: Path) -> bool:
    """Whether `path` is a folder, or a link that leads nowhere: someone meant a pack there and should be told."""
    return os.path.isdir(path) or (os.path.islink(path) and not os.path.exists(path))


def _read(path: Path) -> Held:
    try:
        # A pipe or a device would keep the reader waiting for ever, so the kind is asked before anything is opened.
        if not stat.S_ISREG(path.stat().st_mode):
            return Held(path, fault="not a file")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        return Held(path, fault=f"cannot be read: {error.strerror}")
    if len(raw) > MAX_BYTES:
        return Held(path, fault=f"larger than {MAX_BYTES >> 10} KiB; split it into one file a question")
    return Held(path, raw)
