"""From entries to what stands now. Folding one entry more gives exactly what folding all of them anew gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any

from prep_app.content.model import CardId
from prep_app.memory.days import study_day, zone
from prep_app.memory.journal import Entry
from prep_app.memory.schedule import Parameters, next_memory
from prep_app.memory.types import CardMemory, Learned, New, Rating, ReviewRecord
from prep_app.settings import Settings

FOLD_VERSION = 5  # raise it when the same entries would fold to something else
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
    spaced: int = 0  # reviews on a later day than the one before: what FSRS can be fitted to
    seconds: float = 0.0  # over all timed reviews
    timed: int = 0
    last_at: int = 0
    last_id: str = ""
    awaits: bool = False  # something was undone that has not arrived here yet

    def row(self) -> tuple[Any, ...]:
        """What a row of the table `fold` holds behind the card's id."""
        memory, *rest = _fold_values(self)
        return (*rest, *(_NOTHING if isinstance(memory, New) else _memory_values(memory)))

    @staticmethod
    def from_row(row: Sequence[Any]) -> CardFold:
        revision, introduced_ms, marked, suspended, buried_day, answers, spaced, seconds, timed, *last = row[:11]
        last_at, last_id = last
        memory: CardMemory = _NEW
        if row[12] is not None:
            stability, difficulty, last_ms, due_ms, interval_days, learning, reviews, lapses, decay, offset = row[12:22]
            memory = Learned(
                stability, difficulty, last_ms, due_ms, interval_days, bool(learning), reviews, lapses, decay, offset
            )
        return CardFold(
            memory,
            revision,
            introduced_ms,
            bool(marked),
            bool(suspended),
            buried_day,
            answers,
            spaced,
            seconds,
            timed,
            last_at,
            last_id,
            bool(row[11]),
        )

    def of(self, revision: int) -> CardMemory:
        """What stands for a revision of the card: nothing as long as only an earlier one was answered."""
        return _NEW if self.revision < revision else self.memory


_fold_values = attrgetter(*(item.name for item in fields(CardFold)))
_memory_values = attrgetter(*(item.name for item in fields(Learned)))
_NOTHING = (None,) * len(fields(Learned))


def standing(entries: Iterable[Entry]) -> list[Entry]:
    """Leave out undos and what they took back."""
    held = list(entries)
    undone = {entry.data.get("undone") for entry in held if entry.kind == "undo"}
    return [entry for entry in held if entry.kind != "undo" and entry.id not in undone]


def stamp(settings: Settings, parameters: Parameters) -> list[Any]:
    """What card memory depends on besides the journal."""
    return [FOLD_VERSION, settings.desired_retention, settings.rollover_hour, list(parameters), zone()]


def fold_card(entries: Iterable[Entry], settings: Settings, parameters: Parameters) -> CardFold:
    """Fold all of one card's entries, given in the order they happened; undone ones do not count."""
    held = list(entries)
    fold = CardFold()
    for entry in standing(held):
        fold = fold_entry(fold, entry, settings, parameters)
    return replace(fold, awaits=awaits(held))


def awaits(entries: Collection[Entry]) -> bool:
    """Whether something was undone that is not among a card's entries."""
    undone = {entry.data.get("undone") for entry in entries if entry.kind == "undo"}
    return bool(undone - {entry.id for entry in entries})


def fold_entry(fold: CardFold, entry: Entry, settings: Settings, parameters: Parameters) -> CardFold:
    """Fold one more entry, which must not be an undo and must not be earlier than the last."""
    changes: dict[str, Any] = {"last_at": entry.at, "last_id": entry.id}
    match entry.kind:
        case "review":
            changes |= _reviewed(fold, entry, settings, parameters)
        case "mark" | "unmark":
            changes["marked"] = entry.kind == "mark"
        case "suspend" | "unsuspend":
            changes["suspended"] = entry.kind == "suspend"
        case "reset":
            changes |= {"memory": _NEW, "introduced_ms": None}
        case "bury":
            changes["buried_day"] = study_day(entry.at, settings.rollover_hour, entry.data.get("offset"))
    return replace(fold, **changes)


def _reviewed(fold: CardFold, entry: Entry, settings: Settings, parameters: Parameters) -> dict[str, Any]:
    """What an answer changes."""
    data = entry.data
    changes: dict[str, Any] = {"answers": fold.answers + 1}
    if data.get("seconds") is not None:
        changes |= {"seconds": fold.seconds + data["seconds"], "timed": fold.timed + 1}
    revision, offset, before = data.get("revision", 1), data.get("offset"), fold.memory
    if data.get("practice") or revision < fold.revision:
        return changes
    if revision > fold.revision:  # the author asked for it to be learned again
        changes["revision"], before = revision, _NEW
    if isinstance(before, New):
        changes["introduced_ms"] = entry.at
    else:
        hour = settings.rollover_hour
        later = study_day(entry.at, hour, offset) > study_day(before.last_ms, hour, before.offset)
        changes["spaced"] = fold.spaced + later
    changes["memory"] = next_memory(before, Rating(data["rating"]), entry.at, settings, parameters, offset)
    return changes


def answers_by_day(entries: Iterable[Entry], rollover_hour: int) -> Counter[tuple[int, bool]]:
    """How many of these entries are answers on each study day, by whether they were not failed."""
    reviews = (entry for entry in entries if entry.kind == "review")
    return Counter((study_day(one.at, rollover_hour), one.data["rating"] > Rating.AGAIN) for one in reviews)


def review_record(entry: Entry) -> ReviewRecord:
    """Read an entry of kind "review"."""
    data = entry.data
    return ReviewRecord(
        entry=entry.id,
        at=entry.at,
        card=CardId(entry.card or ""),
        rating=Rating(data["rating"]),
        seconds=data.get("seconds"),
        revision=data.get("revision", 1),
        practice=bool(data.get("practice")),
        was_new=data.get("was") == "new",
        was_learning=data.get("was") == "learning",
        offset=data.get("offset"),
    )
