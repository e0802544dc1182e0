"""From entries to what stands now. Folding one entry more gives exactly what folding all of them anew gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from prep_app.memory.days import study_day
from prep_app.memory.journal import Entry
from prep_app.memory.schedule import next_memory
from prep_app.memory.types import CardMemory, Learned, New, Rating
from prep_app.settings import Settings

FOLD_VERSION = 3  # raise it when the same entries would fold to something else
_NEW = New()


@dataclass(frozen=True, slots=True)
class CardFold:
    """One card's entries, folded."""

    memory: CardMemory = _NEW
    revision: int = 1
    introduced_ms: int | None = None  # when this revision was first answered
    marked: bool = False
    suspended: bool = False
    buried_day: int = 0  # the study day it sits out
    answers: int = 0  # of every revision, practice too
    seconds: float = 0.0  # over all timed reviews
    timed: int = 0
    last_at: int = 0
    last_id: str = ""

    def to_json(self) -> dict[str, Any]:
        body = asdict(self)
        body["memory"] = None if isinstance(self.memory, New) else asdict(self.memory)
        return body

    @staticmethod
    def from_json(body: dict[str, Any]) -> CardFold:
        memory = body.pop("memory")
        return CardFold(memory=New() if memory is None else Learned(**memory), **body)


def fold_card(entries: Iterable[Entry], settings: Settings) -> CardFold:
    """Fold all of one card's entries, given in the order they happened; undone ones do not count."""
    held = list(entries)
    undone = {entry.data.get("undone") for entry in held if entry.kind == "undo"}
    fold = CardFold()
    for entry in held:
        if entry.kind != "undo" and entry.id not in undone:
            fold = fold_entry(fold, entry, settings)
    return fold


def fold_entry(fold: CardFold, entry: Entry, settings: Settings) -> CardFold:
    """Fold one more entry, which must not be an undo and must not be earlier than the last."""
    fold = replace(fold, last_at=entry.at, last_id=entry.id)
    match entry.kind:
        case "review":
            return _fold_review(fold, entry, settings)
        case "mark" | "unmark":
            return replace(fold, marked=entry.kind == "mark")
        case "suspend" | "unsuspend":
            return replace(fold, suspended=entry.kind == "suspend")
        case "reset":
            return replace(fold, memory=_NEW, introduced_ms=None)
        case "bury":
            return replace(fold, buried_day=study_day(entry.at, settings.rollover_hour))
    return fold


def _fold_review(fold: CardFold, entry: Entry, settings: Settings) -> CardFold:
    fold = replace(fold, answers=fold.answers + 1)
    seconds = entry.data.get("seconds")
    if seconds is not None:
        fold = replace(fold, seconds=fold.seconds + seconds, timed=fold.timed + 1)
    revision = entry.data.get("revision", 1)
    if entry.data.get("practice") or revision < fold.revision:
        return fold
    if revision > fold.revision:  # the author asked for it to be learned again
        fold = replace(fold, memory=New(), revision=revision, introduced_ms=None)
    introduced = entry.at if isinstance(fold.memory, New) else fold.introduced_ms
    memory = next_memory(fold.memory, Rating(entry.data["rating"]), entry.at, settings)
    return replace(fold, memory=memory, introduced_ms=introduced)
