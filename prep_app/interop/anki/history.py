"""Reviews between the journal and Anki's review log, both ways; times are UTC ms on both sides."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from prep_app.content.model import CardId
from prep_app.interop.anki.reader import Review
from prep_app.memory.days import DAY
from prep_app.memory.fold import CardFold, fold_entry
from prep_app.memory.journal import Entry, NewRow
from prep_app.memory.journal_file import entry_id
from prep_app.memory.schedule import AGAIN_STEP, HARD_STEP, Parameters
from prep_app.memory.types import Learned, New, Rating
from prep_app.settings import Settings

LEARN, REVIEW, RELEARN, FILTERED, MANUAL = range(5)  # Anki's kinds of review
SAME = 1_000  # ms: nobody answers one card twice in a second
EARLIEST = 1_136_073_600_000  # Anki is of 2006


@dataclass(frozen=True, slots=True)
class LogRow:
    """A line for Anki's review log but for its card. Intervals are days, or seconds where negative."""

    at: int
    ease: int
    interval: int
    last_interval: int
    factor: int
    took: int
    kind: int


# To Anki


def log_rows(entries: Iterable[Entry], revision: int, settings: Settings, parameters: Parameters) -> list[LogRow]:
    """A card's standing reviews and resets, in order, as Anki would have logged them.

    A raised revision, which Anki does not know, becomes what it knows: the card forgotten by hand.
    """
    fold = CardFold()
    rows: list[LogRow] = []
    for entry in entries:
        after = fold_entry(fold, entry, settings, parameters)
        if entry.kind == "reset":
            rows.append(_forgotten(entry.at))
        else:
            if after.revision > fold.revision and isinstance(fold.memory, Learned):
                rows.append(_forgotten(entry.at - 1))
                fold = CardFold()
            rows.append(_review(entry, fold, after))
        fold = after
    if fold.revision < revision and isinstance(fold.memory, Learned):
        rows.append(_forgotten(fold.last_at + 1))
    return rows


def _review(entry: Entry, before: CardFold, after: CardFold) -> LogRow:
    rating = Rating(entry.data["rating"])
    took = round((entry.data.get("seconds") or 0) * 1000)
    held, now = before.memory, after.memory
    if now is held or isinstance(now, New):  # practice, which Anki calls reviewing ahead in a filtered deck
        return LogRow(entry.at, rating, 0, 0, 0, took, FILTERED)
    kind = LEARN if isinstance(held, New) else REVIEW
    if isinstance(held, Learned) and held.learning:
        kind = RELEARN if held.lapses else LEARN
    # Where FSRS decides, Anki keeps the difficulty here: 1 to 10 as 100 to 1100.
    factor = round(((now.difficulty - 1) / 9 + 0.1) * 1000)
    return LogRow(entry.at, rating, _interval(now, rating), _interval(held, rating), factor, took, kind)


def _forgotten(at: int) -> LogRow:
    return LogRow(at, 0, 0, 0, 0, 0, MANUAL)


def _interval(memory: Learned | New, rating: Rating) -> int:
    if isinstance(memory, New):
        return 0
    if memory.learning:
        return -(AGAIN_STEP if rating is Rating.AGAIN else HARD_STEP) // 1000
    return max(1, round(memory.interval_days))


# From Anki


class Known:
    """The times at which the journal has something of a card: what was taken back is known too."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._times: dict[str, list[int]] = {}
        for entry in entries:  # in the order they happened
            if entry.card is not None and entry.kind in ("review", "reset"):
                self._times.setdefault(entry.card, []).append(entry.at)

    def holds(self, card: str, at: int) -> bool:
        times = self._times.get(card, ())
        place = bisect_left(times, at - SAME)
        return place < len(times) and times[place] <= at + SAME


def journal_rows(card: CardId, revision: int, reviews: Sequence[Review], known: Known, now: int) -> Iterator[NewRow]:
    """What the journal lacks of Anki's log of a card. The same log gives the same entries each time.

    Left out is what no clock can have shown.
    """
    fresh = True  # nothing that counts was answered yet, or it was forgotten since
    for review in reviews:
        if not plausible(review, now):
            continue
        rating = review.ease if 1 <= review.ease <= 4 else 0
        data: Mapping[str, object]
        if rating:
            practice = review.kind == FILTERED and review.factor == 0
            was = "new" if fresh else "learning" if review.kind in (LEARN, RELEARN) else "review"
            data = {"rating": rating, "revision": revision, "was": was}
            data |= {"seconds": review.took / 1000} if 0 < review.took < DAY else {}
            data |= {"practice": True} if practice else {}
            fresh = fresh and practice
            kind = "review"
        elif review.kind == MANUAL and review.factor == 0:
            kind, data, fresh = "reset", {}, True
        else:
            continue  # given another day by hand: nothing was recalled
        if not known.holds(card, review.at):
            yield row(kind, review.at, card, data)


def plausible(review: Review, now: int) -> bool:
    """Anki itself moves what lies ahead of the clock to the moment it is read, so that nothing after `now` is true."""
    return EARLIEST <= review.at <= now


def row(kind: str, at: int, card: CardId, data: Mapping[str, object]) -> NewRow:
    """An entry whose id follows from what it says, so that importing it twice adds it once."""
    body = json.dumps(data)
    head = blake2b(f"{card}\x1f{at}\x1f{kind}\x1f{data.get('rating', '')}".encode(), digest_size=6).hexdigest()
    return entry_id(at, kind, card, body, f"{at:012x}{head}"), at, kind, card, body
