"""What the scripting commands share: the learner's packs and memory, opened and closed."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from prep_app import paths
from prep_app.content.folder import pack_folders
from prep_app.content.library import library_for
from prep_app.content.model import Library
from prep_app.errors import UserError
from prep_app.memory.days import now
from prep_app.memory.store import Memory
from prep_app.settings import Settings, read_settings


@dataclass(frozen=True, slots=True)
class Shelf:
    library: Library
    memory: Memory
    settings: Settings


@contextmanager
def opened(options: Namespace) -> Iterator[Shelf]:
    """The learner's memory, and every pack; or the pack in the folder `options.pack` alone."""
    home = paths.home(options.home)
    pack = getattr(options, "pack", None)
    folders = pack_folders(Path(pack)) if pack else []
    settings = read_settings(home.config)
    memory = Memory.open(home, settings)
    try:
        yield Shelf(library_for(home, folders), memory, settings)
        _backed_up(memory)
    finally:
        memory.close()


def _backed_up(memory: Memory) -> None:
    """Back the journal up if that is due. What was asked for is done already: a backup that fails is only said."""
    try:
        memory.backup_if_due(now())
    except UserError as error:
        print(f"prep: {error}", file=sys.stderr)


def moment(text: str | None) -> int:
    """Return UTC ms for --at: ISO 8601 (local time without an offset) or UTC milliseconds; now when None.

    Raises UserError for anything else.
    """
    if text is None:
        return now()
    try:
        if text.lstrip("-").isdigit() and len(text) > 8:
            datetime.fromtimestamp(int(text) / 1000)  # refuses what no clock can show
            return int(text)
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise UserError(f"--at {text}: write a time as 2026-12-01T09:30 or as UTC milliseconds") from None
