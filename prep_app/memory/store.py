"""Memory: the journal and everything folded from it, kept in step."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from prep_app.content.kept import listed_from
from prep_app.content.model import CardId, Library, Listed
from prep_app.memory import schedule
from prep_app.memory.days import day_start, offset_at, study_day
from prep_app.memory.fold import CardFold, review_record, standing
from prep_app.memory.folded import Folded, Values
from prep_app.memory.in_step import InStep
from prep_app.memory.journal import Entry, Journal, NewRow
from prep_app.memory.schedule import Parameters
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
AT_ONCE = 1000  # cards
# For `Memory.beside`: the rows of `fold` whose card is in the library as it was learned, looked up in this order.
LEARNED = "fold f CROSS JOIN deck d ON d.id = f.card AND d.revision <= f.revision"
# Every card, beside its row of `fold` where it was learned as it is.
ALL = "deck d LEFT JOIN fold f ON f.card = d.id AND f.revision >= d.revision AND f.stability IS NOT NULL"
_EACH = (
    "SELECT d.place, d.id, d.question, d.topic, d.kind, d.revision, d.difficulty, d.needs, d.tags, d.demo, d.turn, f.* "
    "FROM deck d LEFT JOIN fold f ON f.card = d.id"
)
_NO_FLAGS = Flags()
_UNDOABLE = ("review", "bury", "suspend", "unsuspend", "reset", "mark", "unmark")


class Memory:
    """What one learner did and what stands now. Safe to use from several threads."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self.settings = settings
        self._journal = Journal(home.journal, home.backups)
        try:
            self._step = InStep(self._journal, home.cache, settings)
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
        return self._step.head.fit.parameters

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
        return self._step.fold(card)

    def beside(self, library: Library, query: str, values: Values = ()) -> list[Any]:
        """Ask SQL about a library's cards in the table `deck`, beside the table `fold` of what is remembered.

        Those that were not learned as they are stand in `fresh` as well.
        """
        return self._step.ask(lambda folded: folded.beside(library, query, values))

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
        return int(self._step.ask(lambda folded: folded.rows(query, (first, end)))[0][0])

    def seconds_per_card(self) -> float:
        head = self._step.head
        return head.milliseconds / 1000 / head.timed if head.timed else DEFAULT_SECONDS

    def proofs(self) -> dict[tuple[str, str], Proof]:
        """How each (demo, check) last came out on this machine."""
        return self._step.ask(Folded.proofs)

    def days(self) -> dict[int, tuple[int, int]]:
        """Each study day with an answer: how many there were, and how many of them were not failed."""
        rows = self._step.ask(lambda folded: folded.rows("SELECT day, answers, passed FROM day WHERE answers"))
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
        return self._step.head.spaced

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
        newest = self._journal.since(self._step.head.seq - RECENT)
        return [review_record(entry) for entry in newest if entry.kind == "review"]

    def empty(self) -> bool:
        """True until the first answer."""
        query = "SELECT 1 FROM fold WHERE stability IS NOT NULL OR timed LIMIT 1"
        return not self._step.ask(lambda folded: folded.rows(query))

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

    # What changes a card's flags returns the id of its entry, by which it can be taken back.

    def undo(self, at: int, entry: str | None = None) -> Undone | None:
        """Take back `entry`, or the last thing done to a card in any window; None where there is nothing to."""
        last = self._journal.not_undone(entry) if entry else self._journal.last_not_undone(*_UNDOABLE)
        if last is None or last.card is None:
            return None
        self._append("undo", at, last.card, {"undone": last.id})
        return Undone(last.id, last.kind, CardId(last.card))

    def bury(self, card: CardId, at: int) -> str:
        return self._append("bury", at, card, {"offset": offset_at(at)}).id

    def suspend(self, card: CardId, at: int) -> str:
        return self._append("suspend", at, card).id

    def unsuspend(self, card: CardId, at: int) -> str:
        return self._append("unsuspend", at, card).id

    def reset(self, card: CardId, at: int) -> str:
        """Make the card new again; its reviews stay in the journal."""
        return self._append("reset", at, card).id

    def mark(self, card: CardId, at: int) -> str:
        return self._append("mark", at, card).id

    def unmark(self, card: CardId, at: int) -> str:
        return self._append("unmark", at, card).id

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
        return self._step.add(rows)

    def backup_if_due(self, at: int) -> Path | None:
        return self._journal.backup_if_due(at)

    # Keeping in step

    def refresh(self) -> bool:
        """Fold what arrived since the last look, from this process or another. True when there was any."""
        return self._step.refresh()

    def close(self) -> None:
        self._step.close()
        self._journal.close()

    def _append(self, kind: str, at: int, card: str | None = None, data: Mapping[str, Any] | None = None) -> Entry:
        return self._step.append(kind, at, card, data)


def _pair(row: Sequence[Any]) -> tuple[Listed, CardFold]:
    return listed_from(row[1:11]), CardFold() if row[11] is None else CardFold.from_row(row[12:])
