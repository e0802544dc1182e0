"""Memory: the journal and everything folded from it, kept in step."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from prep_app.cache import open_cache
from prep_app.content.model import CardId
from prep_app.memory import schedule
from prep_app.memory.days import study_day
from prep_app.memory.fold import FOLD_VERSION, CardFold, fold_card, fold_entry
from prep_app.memory.journal import Entry, Journal
from prep_app.memory.types import (
    CardMemory,
    DemoNote,
    Flags,
    New,
    Preview,
    Proof,
    Rating,
    Reviewed,
    ReviewRecord,
    Undone,
)
from prep_app.paths import Home
from prep_app.settings import Settings

DEFAULT_SECONDS = 30.0  # a card's cost before the learner's own has been measured
_UNDOABLE = ("review", "bury", "suspend", "unsuspend", "reset", "mark", "unmark")


class Memory:
    """What one learner did and what stands now. Safe to use from several threads."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._journal = Journal(home.journal, home.backups)
        self._cache_path = home.cache
        self._cards: dict[str, CardFold] = {}
        self._proofs: dict[tuple[str, str], Proof] = {}
        self._session: dict[str, Any] | None = None
        self._seq = 0
        self._saved_seq = 0
        self._load_cache()
        self.refresh()

    @classmethod
    def open(cls, home: Home, settings: Settings) -> Memory:
        """Open a learner's memory. Raises UserError when the journal cannot be used."""
        return cls(home, settings)

    # What stands now

    def state(self, card: CardId, revision: int = 1) -> CardMemory:
        fold = self._cards.get(card)
        return New() if fold is None or fold.revision < revision else fold.memory

    def answers(self, card: CardId) -> int:
        """How often a card was answered in all, practice too."""
        fold = self._cards.get(card)
        return 0 if fold is None else fold.answers

    def flags(self, card: CardId, at: int | None = None) -> Flags:
        """Marked, suspended, and buried on the study day of `at` (default: the day it was buried)."""
        fold = self._cards.get(card)
        if fold is None:
            return Flags()
        day = fold.buried_day if at is None else study_day(at, self.settings.rollover_hour)
        return Flags(fold.marked, bool(fold.buried_day) and fold.buried_day == day, fold.suspended)

    def preview(self, card: CardId, revision: int, at: int) -> dict[Rating, Preview]:
        return schedule.preview(self.state(card, revision), at, self.settings)

    def introduced_on(self, day: int) -> int:
        """How many cards were first answered on a study day."""
        hour = self.settings.rollover_hour
        with self._lock:
            times = [fold.introduced_ms for fold in self._cards.values()]
        return sum(1 for at in times if at is not None and study_day(at, hour) == day)

    def seconds_per_card(self) -> float:
        with self._lock:
            timed = sum(fold.timed for fold in self._cards.values())
            total = sum(fold.seconds for fold in self._cards.values())
        return total / timed if timed else DEFAULT_SECONDS

    def proofs(self) -> dict[tuple[str, str], Proof]:
        """How each (demo, check) last came out on this machine."""
        with self._lock:
            return dict(self._proofs)

    def predictions(self) -> list[Mapping[str, Any]]:
        """Every prediction made before a demo ran, and what came, in the order they happened."""
        return [entry.data for entry in self._journal.of_kind("prediction")]

    def last_session(self) -> dict[str, Any] | None:
        return self._session

    def reviews(self) -> list[ReviewRecord]:
        """Every review that stands, in the order they happened."""
        entries = self._journal.of_kind("review", "undo")
        undone = {entry.data.get("undone") for entry in entries if entry.kind == "undo"}
        return [_record(entry) for entry in entries if entry.kind == "review" and entry.id not in undone]

    def empty(self) -> bool:
        """True until the first answer."""
        with self._lock:
            return all(isinstance(fold.memory, New) and not fold.timed for fold in self._cards.values())

    # What the learner does

    def answer(
        self,
        card: CardId,
        rating: Rating,
        *,
        at: int,
        seconds: float | None = None,
        revision: int = 1,
        practice: bool = False,
    ) -> Reviewed:
        """Record a review; it is on disk when this returns. Practice leaves the schedule alone."""
        before = self.state(card, revision)
        data: dict[str, Any] = {"rating": int(rating), "revision": revision}
        if seconds is not None:
            data["seconds"] = round(seconds, 3)
        if practice:
            data["practice"] = True
        data["was"] = "new" if isinstance(before, New) else "learning" if before.learning else "review"
        entry = self._append("review", at, card, data)
        after = self.state(card, revision)
        if isinstance(after, New):  # practice on a card that was never learned
            after = schedule.next_memory(after, rating, at, self.settings)
        return Reviewed(entry.id, card, after)

    def undo(self, at: int) -> Undone | None:
        """Take back the last thing the learner did to a card."""
        last = self._journal.last_not_undone(*_UNDOABLE)
        if last is None or last.card is None:
            return None
        self._append("undo", at, last.card, {"undone": last.id})
        return Undone(last.id, last.kind, CardId(last.card))

    def bury(self, card: CardId, at: int) -> None:
        self._append("bury", at, card)

    def suspend(self, card: CardId, at: int) -> None:
        self._append("suspend", at, card)

    def unsuspend(self, card: CardId, at: int) -> None:
        self._append("unsuspend", at, card)

    def reset(self, card: CardId, at: int) -> None:
        """Make the card new again; its reviews stay in the journal."""
        self._append("reset", at, card)

    def mark(self, card: CardId, at: int) -> None:
        self._append("mark", at, card)

    def unmark(self, card: CardId, at: int) -> None:
        self._append("unmark", at, card)

    def note_session(self, data: Mapping[str, Any], at: int) -> None:
        """Keep where a session stands, so that it can be resumed after a quit."""
        self._append("session", at, None, data)

    def note_demo(self, data: DemoNote, at: int) -> None:
        """Keep how a demo's checks came out."""
        self._append("demo", at, None, asdict(data))

    def note_prediction(self, data: Mapping[str, Any], at: int) -> None:
        """Keep what was predicted of a demo, and what came."""
        self._append("prediction", at, None, data)

    def backup_if_due(self, at: int) -> Path | None:
        return self._journal.backup_if_due(at)

    # Keeping in step

    def refresh(self) -> bool:
        """Fold what arrived since the last look, from this process or another. True when there was any."""
        with self._lock:
            entries = self._journal.since(self._seq)
            again: set[str] = set()
            for entry in entries:
                self._seq = entry.seq
                if entry.card is None:
                    self._fold_other(entry)
                    continue
                fold = self._cards.get(entry.card, CardFold())
                if entry.kind == "undo" or (entry.at, entry.id) < (fold.last_at, fold.last_id):
                    again.add(entry.card)  # the past changed: fold this card anew
                elif entry.card not in again:
                    self._cards[entry.card] = fold_entry(fold, entry, self.settings)
            for card in again:
                self._cards[card] = fold_card(self._journal.of_card(card), self.settings)
            return bool(entries)

    def close(self) -> None:
        self._save_cache()
        self._journal.close()

    def _append(self, kind: str, at: int, card: str | None = None, data: Mapping[str, Any] | None = None) -> Entry:
        with self._lock:
            entry = self._journal.append(kind, at, card, data)
            self.refresh()
            return entry

    def _fold_other(self, entry: Entry) -> None:
        if entry.kind == "session":
            self._session = {**entry.data, "at": entry.at}
        elif entry.kind == "demo":
            data = entry.data
            device, seconds = data.get("device", ""), data.get("seconds", 0.0)  # not kept before 0.2
            for check, held in data["checks"].items():
                self._proofs[data["name"], check] = Proof(held, device, seconds, entry.at)

    # The cache

    def _stamp(self) -> list[Any]:
        """A cache with another stamp was folded from something else, or in another way."""
        settings = self.settings
        return [FOLD_VERSION, settings.desired_retention, settings.rollover_hour, self._journal.identity()]

    def _load_cache(self) -> None:
        try:
            cache = open_cache(self._cache_path)
            try:
                row = cache.execute("SELECT body FROM memory WHERE key = 'fold'").fetchone()
            finally:
                cache.close()
        except (sqlite3.Error, OSError):
            return  # without a cache everything is folded from the journal
        if row is None:
            return
        try:
            body = json.loads(row[0])
            if body["stamp"] != self._stamp() or body["seq"] > self._journal.last_seq():
                return
            cards = {card: CardFold.from_json(fold) for card, fold in body["cards"].items()}
            proofs = {(demo, check): Proof(**proof) for demo, check, proof in body["proofs"]}
            session, seq = body["session"], body["seq"]
        except (ValueError, KeyError, TypeError):
            return
        self._cards, self._proofs, self._session = cards, proofs, session
        self._seq = self._saved_seq = seq

    def _save_cache(self) -> None:
        with self._lock:
            if self._seq == self._saved_seq:
                return
            body = {
                "stamp": self._stamp(),
                "seq": self._seq,
                "cards": {card: fold.to_json() for card, fold in self._cards.items()},
                "proofs": [[*key, asdict(proof)] for key, proof in self._proofs.items()],
                "session": self._session,
            }
            self._saved_seq = self._seq
        try:
            cache = open_cache(self._cache_path)
            try:
                cache.execute("INSERT OR REPLACE INTO memory VALUES ('fold', ?)", (json.dumps(body),))
            finally:
                cache.close()
        except (sqlite3.Error, OSError):
            return  # a cache that cannot be written costs time at the next start, nothing else


def _record(entry: Entry) -> ReviewRecord:
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
    )
