"""Memory: the journal and everything folded from it, kept in step."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from prep_app.content.model import CardId
from prep_app.memory import schedule, snapshot
from prep_app.memory.days import day_start, offset_at, study_day
from prep_app.memory.fold import CardFold, fold_card, fold_entry, review_record, standing
from prep_app.memory.journal import Entry, Journal, NewRow
from prep_app.memory.parameters import BEFORE_ANY, newest_kept
from prep_app.memory.replay import fold_all
from prep_app.memory.schedule import Parameters
from prep_app.memory.snapshot import Snapshot
from prep_app.memory.types import (
    CardMemory,
    DemoNote,
    Flags,
    InterviewPlan,
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

FEW = 500  # entries that came since the last look: more than come by hand
RECENT = 1000  # entries: enough to tell a pace by
DEFAULT_SECONDS = 30.0  # a card's cost before the learner's own has been measured
_NO_FLAGS = Flags()
_UNDOABLE = ("review", "bury", "suspend", "unsuspend", "reset", "mark", "unmark")


class Memory:
    """What one learner did and what stands now. Safe to use from several threads."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._journal = Journal(home.journal, home.backups)
        self._cache_path = home.cache
        self._changed: set[str] = set()  # cards folded since the snapshot was kept
        self._saved_seq = 0
        try:
            self._fit = newest_kept(self._journal.of_kind("parameters"), BEFORE_ANY)
            self._held = self._nothing()
            self._load()
            self.refresh()
        except BaseException:
            self._journal.close()
            raise

    @classmethod
    def open(cls, home: Home, settings: Settings) -> Memory:
        """Open a learner's memory. Raises UserError when the journal cannot be used."""
        return cls(home, settings)

    @property
    def parameters(self) -> Parameters:
        """FSRS's parameters for this learner."""
        return self._fit.parameters

    # What stands now

    def state(self, card: CardId, revision: int = 1) -> CardMemory:
        fold = self._held.cards.get(card)
        return New() if fold is None or fold.revision < revision else fold.memory

    def answers(self, card: CardId) -> int:
        """How often a card was answered in all, practice too."""
        fold = self._held.cards.get(card)
        return 0 if fold is None else fold.answers

    def flags(self, card: CardId, at: int | None = None) -> Flags:
        """Marked, suspended, and buried on the study day of `at` (default: the day it was buried)."""
        fold = self._held.cards.get(card)
        if fold is None:
            return _NO_FLAGS
        if not (fold.marked or fold.buried_day or fold.suspended):
            return _NO_FLAGS
        day = fold.buried_day if at is None else study_day(at, self.settings.rollover_hour)
        return Flags(fold.marked, bool(fold.buried_day) and fold.buried_day == day, fold.suspended)

    def preview(self, card: CardId, revision: int, at: int) -> dict[Rating, Preview]:
        return schedule.preview(self.state(card, revision), at, self.settings, self.parameters)

    def introduced_on(self, day: int) -> int:
        """How many cards were first answered on a study day."""
        first, end = (day_start(day + more, self.settings.rollover_hour) for more in (0, 1))
        return sum(first <= (fold.introduced_ms or 0) < end for fold in self._folds())

    def seconds_per_card(self) -> float:
        folds = self._folds()
        timed = sum(fold.timed for fold in folds)
        return sum(fold.seconds for fold in folds) / timed if timed else DEFAULT_SECONDS

    def proofs(self) -> dict[tuple[str, str], Proof]:
        """How each (demo, check) last came out on this machine."""
        with self._lock:
            return dict(self._held.proofs)

    def predictions(self) -> list[Mapping[str, Any]]:
        """Every prediction made before a demo ran, and what came, in the order they happened."""
        return [entry.data for entry in self._journal.of_kind("prediction")]

    def mocks(self) -> list[Mapping[str, Any]]:
        """Every mock interview that was marked, in the order they happened."""
        return [entry.data for entry in self._journal.of_kind("mock")]

    def last_session(self) -> dict[str, Any] | None:
        return self._held.session

    def reviews(self) -> list[ReviewRecord]:
        """Every review that stands, in the order they happened."""
        return [review_record(entry) for entry in standing(self._journal.of_kind("review", "undo"))]

    def spaced_reviews(self) -> int:
        """How many reviews FSRS's parameters can be fitted to."""
        return sum(fold.spaced for fold in self._folds())

    def history(self) -> list[Entry]:
        """All entries that bear on card memory, in the order they happened."""
        return self._journal.of_kind("review", "reset", "undo")

    def entries(self) -> list[Entry]:
        """The whole journal, in order of arrival."""
        return self._journal.since(0)

    def last_fit(self) -> Mapping[str, Any] | None:
        """What the journal says of the newest fit of parameters, whether they were kept or not."""
        fits = self._journal.of_kind("parameters")
        return fits[-1].data if fits else None

    def plan(self) -> InterviewPlan | None:
        """The interview studied towards; None before the first plan and once it was cleared."""
        plans = self._journal.of_kind("plan")
        day = plans[-1].data["date"] if plans else None
        return None if day is None else InterviewPlan(date.fromisoformat(day), plans[-1].data["minutes"])

    def recent_reviews(self) -> list[ReviewRecord]:
        """The reviews among the newest entries, in order of arrival; those taken back took their time too."""
        newest = self._journal.since(self._held.seq - RECENT)
        return [review_record(entry) for entry in newest if entry.kind == "review"]

    def empty(self) -> bool:
        """True until the first answer."""
        return all(isinstance(fold.memory, New) and not fold.timed for fold in self._folds())

    def _folds(self) -> list[CardFold]:
        with self._lock:
            return list(self._held.cards.values())

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
        was = "new" if isinstance(before, New) else "learning" if before.learning else "review"
        data = {"rating": int(rating), "revision": revision, "offset": offset_at(at), "was": was}
        data |= {} if seconds is None else {"seconds": round(seconds, 3)}
        data |= {"practice": True} if practice else {}
        entry = self._append("review", at, card, data)
        after = self.state(card, revision)
        if isinstance(after, New):  # practice on a card that was never learned
            after = schedule.next_memory(after, rating, at, self.settings, self.parameters)
        return Reviewed(entry.id, card, after)

    def undo(self, at: int) -> Undone | None:
        """Take back the last thing the learner did to a card."""
        last = self._journal.last_not_undone(*_UNDOABLE)
        if last is None or last.card is None:
            return None
        self._append("undo", at, last.card, {"undone": last.id})
        return Undone(last.id, last.kind, CardId(last.card))

    def bury(self, card: CardId, at: int) -> None:
        self._append("bury", at, card, {"offset": offset_at(at)})

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

    def note_mock(self, data: Mapping[str, Any], at: int) -> None:
        """Keep a mock interview that was marked; it leaves the schedule alone."""
        self._append("mock", at, None, data)

    def note_fit(self, data: Mapping[str, Any], at: int) -> None:
        """Keep how parameters were fitted; if they were kept, they hold from now on."""
        self._append("parameters", at, None, data)

    def note_plan(self, day: date | None, minutes: int, at: int) -> None:
        """Keep the day of the interview, from now on studied towards for so many minutes a day; None: no interview."""
        self._append("plan", at, None, {"date": day and day.isoformat(), "minutes": minutes})

    def add(self, rows: Iterable[NewRow]) -> int:
        """Take in entries made elsewhere, all or none; returns how many were not here yet. See Journal.add."""
        with self._lock:
            added = self._journal.add(rows)
            self.refresh()
            return added

    def backup_if_due(self, at: int) -> Path | None:
        return self._journal.backup_if_due(at)

    # Keeping in step

    def refresh(self) -> bool:
        """Fold what arrived since the last look, from this process or another. True when there was any."""
        with self._lock:
            arrived = self._journal.tip()[0] - self._held.seq
            if self._held.seq and arrived < max(FEW, self._held.seq // 4):
                entries = self._journal.since(self._held.seq)
                self._fit = newest_kept(entries, self._fit)
                if self._held.stamp == self._nothing().stamp:
                    return self._fold(entries)
            # The first look, or so much came at once that all of it is folded faster than that one by one, or what
            # holds for all that was ever answered has changed: parameters, or the time zone.
            self._fit = newest_kept(self._journal.of_kind("parameters"), BEFORE_ANY)
            self._held, self._saved_seq = fold_all(self._journal, self.settings, self.parameters), 0
            return self._held.seq > 0

    def close(self) -> None:
        with self._lock:
            if self._held.seq != self._saved_seq:
                snapshot.save(self._cache_path, self._held, self._changed, self._saved_seq)
            self._journal.close()

    def _fold(self, entries: list[Entry]) -> bool:
        held, again = self._held, set()
        try:
            for entry in entries:
                if entry.card is None:
                    held.fold_other(entry)
                    continue
                fold = held.cards.get(entry.card, CardFold())
                self._changed.add(entry.card)
                late = (entry.at, entry.id) < (fold.last_at, fold.last_id)
                if entry.kind == "undo" or late or fold.awaits:
                    again.add(entry.card)  # the past changed: fold this card anew
                elif entry.card not in again:
                    held.cards[entry.card] = fold_entry(fold, entry, self.settings, self.parameters)
            for card in again:
                whole = self._journal.of_card(card, entries[-1].seq)
                held.cards[card] = fold_card(whole, self.settings, self.parameters)
        except BaseException:
            self._held, self._saved_seq = self._nothing(), 0  # half of it was folded
            raise
        if entries:
            held.seq, held.tip = entries[-1].seq, entries[-1].id
        return bool(entries)

    def _append(self, kind: str, at: int, card: str | None = None, data: Mapping[str, Any] | None = None) -> Entry:
        with self._lock:
            entry = self._journal.append(kind, at, card, data)
            self.refresh()
            return entry

    # The snapshot

    def _nothing(self) -> Snapshot:
        return Snapshot(snapshot.stamp(self.settings, self.parameters))

    def _load(self) -> None:
        """Start from the snapshot. Raises UserError where it was folded from entries that the journal has no more."""
        seq, tip = snapshot.seen(self._cache_path)
        if seq and self._journal.id_at(seq) != tip:
            last = self._journal.tip()[0]
            raise self._journal.damaged(f"entry {seq} was there and is gone; the journal now ends with entry {last}")
        kept = snapshot.load(self._cache_path, self._held.stamp) if seq else None
        if kept is not None and self._journal.id_at(kept.seq) == kept.tip:
            self._held, self._saved_seq = kept, kept.seq
