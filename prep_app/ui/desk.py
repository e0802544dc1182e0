"""Everything the screens work with, opened once off the event loop."""

from __future__ import annotations

from dataclasses import dataclass

from prep_app.content.model import Library
from prep_app.content.watch import Watch
from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.settings import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    home: Home
    settings: Settings
    library: Library
    memory: Memory


def open_desk(home: Home, settings: Settings, watch: Watch) -> Desk:
    """Open the packs and the learner's memory. Reads files: call it in a thread.

    Raises UserError where the journal cannot be used.
    """
    return Desk(home, settings, watch.read(), Memory.open(home, settings))
