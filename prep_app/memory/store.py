"""Memory: the journal and everything folded from it, kept in step."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from prep_app.cache import discard_cache
from prep_app.content.kept import listed_from
from prep_app.content.model import CardId, Library, Listed
from prep_app.errors import UserError
from prep_app.memory import schedule, snapshot
from prep_app.memory.days import day_start, offset_at, study_day
from prep_app.memory.fold import CardFold, answers_by_day, fold_card, fold_entry, review_record, standing
from prep_app.memory.folded import Days, Folded, Head, Values
from prep_app.memory.journal import Entry, Journal, NewRow
from prep_app.memory.parameters import BEFORE_ANY, newest_kept
from prep_app.memory.replay import fold_all
from prep_app.memory.schedule import Parameters
from prep_app.memory.snapshot import Proofs, proofs_of
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

RECENT = 1000  # entries: enough to tell a pace by
DEFAULT_SECONDS = 30.0  # a card's cost before the learner's own has been measured
QUARTER = 900_000  # ms; every study day begins at one
AT_ONCE = 1000  # cards
MOST_NEAR = 200  # cards
# For `Memory.beside`: the rows of `fold` whose card is in the library as it was learned, looked up in this order.
LEARNED = "fold f CROSS JOIN deck d ON d.id = f.card AND d.revision <= f.revision"
# Every card, beside its row of `fold` where it was learned as it is.
ALL = "deck d LEFT JOIN fold f ON f.card = d.id AND f.revision >= d.revision AND f.stability IS NOT NULL"
_EACH = (
    "SELECT d.place, d.id, d.question, d.topic, d.kind, d.revision, d.difficulty, d.needs, d.tags, d.demo, d.turn, f.* "
    "FROM deck d LEFT JOIN fold f ON f.card = d.id"
)
T = TypeVar("T")
_NO_FLAGS = Flags()
_UNDOABLE = ("review", "bury", "suspend", "unsuspend", "reset", "mark", "unmark")


class Memory:
    """What one learner did and what stands now. Safe to use from several threads."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._journal = Journal(home.journal, home.backups)
        self._cache_path = home.cache
        self._head: Head | None = None  # what was taken in here, `_near` too
        self._near: dict[str, CardFold] = {}  # folded since the tables were written: they have time
        self._in_hand: tuple[str, CardFold] | None = None  # looked up last
        try:
            self._folded = self._open_cache()
            self._refuse_loss()
            self.refresh()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, home: Home, settings: Settings) -> Memory:
        """Open a learner's memory. Raises UserError when the journal cannot be used."""
        return cls(home, settings)

    @property
    def parameters(self) -> Parameters:
        """FSRS's parameters for this learner."""
        return self._taken_in.fit.parameters

    # What stands now

    def state(self, card: CardId, revision: int = 1) -> CardMemory:
        return self.fold(card).of(revision)

    def answers(self, card: CardId) -> int:
        """How often a card was answered in all, practice too."""
        return self.fold(card).answers

    def flags(self, card: CardId, at: int | None = None) -> Flags:
        """Marked, suspended, and buried on the study day of `at` (default: the day it was buried)."""
        return self.flags_of(self.fold(card), at)

    def flags_of(self, fold: CardFold, at: int | None = None) -> Flags:
        if not (fold.marked or fold.buried_day or fold.suspended):
            return _NO_FLAGS
        day = fold.buried_day if at is None else study_day(at, self.settings.rollover_hour)
        return Flags(fold.marked, bool(fold.buried_day) and fold.buried_day == day, fold.suspended)

    def fold(self, card: CardId) -> CardFold:
        """All that is remembered of a card."""
        with self._lock:
            if card in self._near:
                return self._near[card]
            if self._in_hand is None or self._in_hand[0] != card:
                self._in_hand = card, self._sure(lambda folded: folded.fold(card))
            return self._in_hand[1]

    def beside(self, library: Library, query: str, values: Values = ()) -> list[Any]:
        """Ask SQL about a library's cards in the table `deck`, beside the table `fold` of what is remembered.

        Those that were not learned as they are stand in `fresh` as well.
        """
        return self._ask(lambda folded: folded.beside(library, query, values))

    def each(self, library: Library) -> Iterator[tuple[Listed, CardFold]]:
        """Go through a library's cards, each with what is remembered of it, without holding them all."""
        place = -1
        while rows := self.beside(library, f"{_EACH} WHERE d.place > ? ORDER BY d.place LIMIT {AT_ONCE}", (place,)):
            place = rows[-1][0]
            yield from map(_pair, rows)

    def some(self, library: Library, cards: Collection[CardId]) -> dict[CardId, tuple[Listed, CardFold]]:
        """Those of the cards that the library has, each with what is remembered of it."""
        query = f"{_EACH} WHERE d.id IN (SELECT value FROM json_each(?))"
        pairs = map(_pair, self.beside(library, query, (json.dumps(list(cards)),)))
        return {card.id: (card, fold) for card, fold in pairs}

    def preview(self, card: CardId, revision: int, at: int) -> dict[Rating, Preview]:
        return schedule.preview(self.state(card, revision), at, self.settings, self.parameters)

    def introduced_on(self, day: int) -> int:
        """How many cards were first answered on a study day."""
        first, end = (day_start(day + more, self.settings.rollover_hour) for more in (0, 1))
        query = "SELECT count(*) FROM fold WHERE introduced_ms >= ? AND introduced_ms < ?"
        return int(self._ask(lambda folded: folded.rows(query, (first, end)))[0][0])

    def seconds_per_card(self) -> float:
        head = self._taken_in
        return head.milliseconds / 1000 / head.timed if head.timed else DEFAULT_SECONDS

    def proofs(self) -> dict[tuple[str, str], Proof]:
        """How each (demo, check) last came out on this machine."""
        return self._ask(Folded.proofs)

    def days(self) -> dict[int, tuple[int, int]]:
        """Each study day with an answer: how many there were, and how many of them were not failed."""
        rows = self._ask(lambda folded: folded.rows("SELECT day, answers, passed FROM day WHERE answers"))
        return {day: (answers, passed) for day, answers, passed in rows}

    def predictions(self) -> list[Mapping[str, Any]]:
        """Every prediction made before a demo ran, and what came, in the order they happened."""
        return [entry.data for entry in self._journal.of_kind("prediction")]

    def mocks(self) -> list[Mapping[str, Any]]:
        """Every mock interview that was marked, in the order they happened."""
        return [entry.data for entry in self._journal.of_kind("mock")]

    def last_session(self) -> dict[str, Any] | None:
        newest = self._journal.newest("session")
        return None if newest is None else {**newest.data, "at": newest.at, "seq": newest.seq}

    def done_since(self, seq: int) -> list[Entry]:
        """What was done to cards since entry `seq` arrived and stands, in the order it happened."""
        entries = [entry for entry in self._journal.since(seq) if entry.card is not None]
        return standing(sorted(entries, key=lambda entry: (entry.at, entry.id)))

    def reviews(self) -> list[ReviewRecord]:
        """Every review that stands, in the order they happened."""
        return [review_record(entry) for entry in standing(self._journal.of_kind("review", "undo"))]

    def spaced_reviews(self) -> int:
        """How many reviews FSRS's parameters can be fitted to."""
        return self._taken_in.spaced

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
        newest = self._journal.since(self._taken_in.seq - RECENT)
        return [review_record(entry) for entry in newest if entry.kind == "review"]

    def empty(self) -> bool:
        """True until the first answer."""
        query = "SELECT 1 FROM fold WHERE stability IS NOT NULL OR timed LIMIT 1"
        return not self._ask(lambda folded: folded.rows(query))

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
            before = self._head
            self._sure(self._catch_up)
            return self._taken_in.seq > (before.seq if before is not None else 0)

    def close(self) -> None:
        with self._lock:
            if hasattr(self, "_folded"):
                with suppress(sqlite3.Error, UserError):  # the next start does it
                    self._write_out(self._folded)
                self._folded.close()
            self._journal.close()

    def _append(self, kind: str, at: int, card: str | None = None, data: Mapping[str, Any] | None = None) -> Entry:
        with self._lock:
            entry = self._journal.append(kind, at, card, data)
            if not self._take_in(entry):
                self._sure(self._catch_up)
            return entry

    @property
    def _taken_in(self) -> Head:
        assert self._head is not None, "asked before anything was folded"
        return self._head

    def _ask(self, work: Callable[[Folded], T]) -> T:
        """Ask the tables, with all in them that was taken in here."""

        def written_out(folded: Folded) -> T:
            self._write_out(folded)
            return work(self._folded)  # which may be another by now

        return self._sure(written_out)

    def _sure(self, work: Callable[[Folded], T]) -> T:
        """Do something with the tables; where the cache fails, fold the journal in memory and do it there."""
        with self._lock:
            try:
                return work(self._folded)
            except (sqlite3.Error, OSError) as error:
                if isinstance(error, sqlite3.ProgrammingError) or not self._folded.kept:
                    raise
                if not isinstance(error, sqlite3.OperationalError):  # damaged, and of no use to anybody
                    with suppress(OSError):
                        discard_cache(self._cache_path)
                self._leave_cache()
                self._catch_up(self._folded)
                return work(self._folded)

    def _write_out(self, folded: Folded) -> None:
        if self._near:
            self._catch_up(folded)

    def _open_cache(self) -> Folded:
        try:
            return Folded(self._cache_path)
        except (sqlite3.Error, OSError):
            return Folded(None)

    def _leave_cache(self) -> None:
        with suppress(sqlite3.Error):
            self._folded.close()
        self._folded = Folded(None)

    def _refuse_loss(self) -> None:
        """Raise UserError where the cache was folded from entries that the journal has no more."""
        head = self._sure(Folded.head)
        if head is not None and head.seq and self._journal.id_at(head.seq) != head.tip:
            last = self._journal.tip()[0]
            gone = f"entry {head.seq} was there and is gone; the journal now ends with entry {last}"
            raise self._journal.damaged(gone)

    # Folding

    def _take_in(self, entry: Entry) -> bool:
        """Fold one entry more, where no other has to be looked at for that; returns whether it was so."""
        head = self._taken_in
        if entry.card is None or entry.kind == "undo" or entry.seq != head.seq + 1 or not self._holds(head):
            return False
        before = self.fold(CardId(entry.card))
        late = (entry.at, entry.id) < (before.last_at, before.last_id)
        if before.awaits or late or len(self._near) == MOST_NEAR:
            return False
        after = fold_entry(before, entry, self.settings, head.fit.parameters)
        self._near[entry.card] = after
        self._head = replace(head.with_card(before, after), seq=entry.seq, tip=entry.id)
        return True

    def _catch_up(self, folded: Folded) -> None:
        """Fold into the tables what the journal holds more."""
        head = folded.head()
        if head is not None and not self._holds(head) and self._head is not None and folded.kept:
            # Another window keeps the cache for other settings, or the time zone is another: the next start sees to it.
            self._leave_cache()
            folded, head = self._folded, None
        if head is None or not self._holds(head):
            head = self._fold_all(folded)
        if self._journal.tip()[0] > head.seq:
            head = self._fold_more(folded)
        self._head, self._in_hand = head, None
        self._near.clear()

    def _holds(self, head: Head) -> bool:
        """Whether what was folded depends on what stands here too."""
        return head.stamp == snapshot.stamp(self.settings, head.fit.parameters)

    def _fold_all(self, folded: Folded) -> Head:
        fit, known = None, newest_kept(self._journal.of_kind("parameters"), BEFORE_ANY)
        while fit != known:  # as long as another window is choosing parameters
            fit = known
            whole = fold_all(self._journal, self.settings, fit.parameters)
            known = newest_kept(self._journal.of_kind("parameters"), BEFORE_ANY)
        rows = ((card, *fold.row()) for card, fold in sorted(whole.cards.items()))
        head = Head(whole.seq, whole.tip, whole.stamp, known)
        return folded.begin_anew(head, rows, whole.proofs, self._all_days(whole.seq))

    def _fold_more(self, folded: Folded) -> Head:
        """Fold what is new in one transaction, so that windows agree and a crash leaves no half of it."""
        with folded.writing():
            head = folded.head()  # another window may have been here just now
            if head is not None and self._holds(head):
                entries = self._journal.since(head.seq)
                fit = newest_kept(entries, head.fit)
                if fit.parameters == head.fit.parameters:
                    return self._fold(folded, replace(head, fit=fit), entries) if entries else head
        return self._fold_all(folded)  # other parameters hold for all that was ever answered

    def _fold(self, folded: Folded, head: Head, entries: list[Entry]) -> Head:
        before: dict[str, CardFold] = {}
        after: dict[str, CardFold] = {}
        proofs: Proofs = {}
        again, last = set(), entries[-1]
        for entry in entries:
            if entry.card is None:
                proofs |= proofs_of(entry)
                continue
            if entry.card not in before:
                before[entry.card] = after[entry.card] = folded.fold(entry.card)
            fold = after[entry.card]
            late = (entry.at, entry.id) < (fold.last_at, fold.last_id)
            if entry.kind == "undo" or late or fold.awaits:
                again.add(entry.card)  # the past changed: fold this card anew
            elif entry.card not in again:
                after[entry.card] = fold_entry(fold, entry, self.settings, head.fit.parameters)
        hour = self.settings.rollover_hour
        days = answers_by_day((entry for entry in entries if entry.card not in again), hour)
        for card in again:
            whole = self._journal.of_card(card, last.seq)
            after[card] = fold_card(whole, self.settings, head.fit.parameters)
            days.update(answers_by_day(standing(whole), hour))
            days.subtract(answers_by_day(standing(entry for entry in whole if entry.seq <= head.seq), hour))
        head = replace(head, seq=last.seq, tip=last.id)
        for card, fold in after.items():
            head = head.with_card(before[card], fold)
        folded.write(head, after, proofs, days)
        return head

    def _all_days(self, until: int) -> Days:
        """The answers of each day; those of a quarter of an hour are on the same one."""
        query = (
            "SELECT at / ?, count(*), sum(json_extract(data, '$.rating') > 1) FROM entry NOT INDEXED "
            "WHERE kind = 'review' AND seq <= ? AND id NOT IN (SELECT ifnull(json_extract(data, '$.undone'), '') "
            "FROM entry WHERE kind = 'undo' AND seq <= ?) GROUP BY 1"
        )
        days: Counter[tuple[int, bool]] = Counter()
        for quarter, answers, passed in self._journal.rows(query, QUARTER, until, until):
            day = study_day(quarter * QUARTER, self.settings.rollover_hour)
            days[day, True] += passed
            days[day, False] += answers - passed
        return days


def _pair(row: Sequence[Any]) -> tuple[Listed, CardFold]:
    return listed_from(row[1:11]), CardFold() if row[11] is None else CardFold.from_row(row[12:])
