"""The journal, and what is folded from it, in step: with this process, with other windows, with what a crash left."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from prep_app.cache import discard_cache, no_garbage
from prep_app.errors import UserError
from prep_app.memory.fold import CardFold, answers_by_day, fold_card, fold_entry, stamp, standing
from prep_app.memory.folded import Folded, Head
from prep_app.memory.journal import Entry, Journal, NewRow
from prep_app.memory.parameters import BEFORE_ANY, newest_kept
from prep_app.memory.proofs import Proofs, proofs_of
from prep_app.memory.replay import fold_cards
from prep_app.settings import Settings

FEW = 500  # entries that came since the last look: more than come by hand
MOST_NEAR = 200  # cards
T = TypeVar("T")


class InStep:
    """What is folded follows the journal, which stays the only truth. Safe to use from several threads.

    An answer waits for the journal alone: what it makes of its card is held near, and goes into the tables when they
    are asked. Where the cache cannot be used, or another window keeps it for other settings, they are held in memory.
    """

    def __init__(self, journal: Journal, cache: Path, settings: Settings) -> None:
        """Fold what the cache has not yet.

        Raises UserError where it was folded from entries that the journal has no more.
        """
        self.settings = settings
        self._journal = journal
        self._cache_path = cache
        self._lock = threading.RLock()
        self._head: Head | None = None  # what was taken in here, `_near` too
        self._near: dict[str, CardFold] = {}  # folded since the tables were written: they have time
        self._in_hand: tuple[str, CardFold] | None = None  # looked up last
        self._folded = self._open_cache()
        try:
            self._refuse_loss()
            self.refresh()
        except BaseException:
            self._folded.close()
            raise

    def fold(self, card: str) -> CardFold:
        with self._lock:
            if card in self._near:
                return self._near[card]
            if self._in_hand is None or self._in_hand[0] != card:
                self._in_hand = card, self._sure(lambda folded: folded.fold(card))
            return self._in_hand[1]

    def refresh(self) -> bool:
        """Fold what arrived since the last look, from this process or another. True when there was any."""
        with self._lock:
            before = self._head
            self._sure(self._catch_up)
            return self.head.seq > (before.seq if before is not None else 0)

    def close(self) -> None:
        with self._lock:
            with suppress(sqlite3.Error, UserError):  # the next start does it
                self._write_out(self._folded)
            self._folded.close()

    def append(self, kind: str, at: int, card: str | None = None, data: Mapping[str, Any] | None = None) -> Entry:
        with self._lock:
            entry = self._journal.append(kind, at, card, data)
            if not self._take_in(entry):
                self._sure(self._catch_up)
            return entry

    def add(self, rows: Iterable[NewRow]) -> int:
        with self._lock:
            added = self._journal.add(rows)
            self.refresh()
            return added

    @property
    def head(self) -> Head:
        """Up to where all is taken in."""
        assert self._head is not None, "asked before anything was folded"
        return self._head

    def ask(self, work: Callable[[Folded], T]) -> T:
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
        head = self.head
        if entry.card is None or entry.kind == "undo" or entry.seq != head.seq + 1 or not self._holds(head):
            return False
        before = self.fold(entry.card)
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
        arrived = self._journal.tip()[0] - head.seq
        if arrived >= max(FEW, head.seq // 4):  # to fold all of it anew is faster then than entry by entry
            head = self._fold_all(folded)
        elif arrived:
            head = self._fold_more(folded)
        self._head, self._in_hand = head, None
        self._near.clear()

    def _holds(self, head: Head) -> bool:
        """Whether what was folded depends on what stands here too."""
        return head.stamp == stamp(self.settings, head.fit.parameters)

    def _fold_all(self, folded: Folded) -> Head:
        fit, known = None, newest_kept(self._journal.of_kind("parameters"), BEFORE_ANY)
        while fit != known:  # as long as another window is choosing parameters
            fit, (seq, tip) = known, self._journal.tip()
            with no_garbage():
                cards = fold_cards(self._journal, seq, self.settings, fit.parameters)
            known = newest_kept(self._journal.of_kind("parameters"), BEFORE_ANY)
        proofs: Proofs = {}
        for entry in sorted(self._journal.of_kind("demo"), key=lambda entry: entry.seq):
            proofs |= proofs_of(entry) if entry.seq <= seq else {}
        head = Head(seq, tip, stamp(self.settings, known.parameters), known)
        return folded.begin_anew(head, cards, proofs)

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
