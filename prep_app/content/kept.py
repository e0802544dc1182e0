"""A compiled library in cache.db: its frame is read at once, its cards when they are asked for.

The cache may go at any time. Where it does, or is damaged, the packs are compiled again and held in memory.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence, ValuesView
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar, overload

from prep_app.content.model import Card, CardId, Library, Listed
from prep_app.content.stored import card_from, card_text, frame_from, frame_text

KEPT = 4  # compiled libraries; more than one so that two checkouts do not evict each other
AT_ONCE = 1000  # rows
READ = 256  # cards that stay, so that a card in use is the same wherever it is asked for
UNREADABLE = (sqlite3.Error, ValueError, LookupError, TypeError, AttributeError, RecursionError)
T = TypeVar("T")


def find(cache: sqlite3.Connection, column: str, value: str, again: Callable[[], Library]) -> Library | None:
    """Return the library whose key or stamp is `value`; None where there is none that can be read.

    `again` compiles its packs, should its cards be lost later. The library goes on using the connection.
    """
    row = cache.execute(f"SELECT number, key, digest, body FROM library WHERE {column} = ?", (value,)).fetchone()
    if row is None:
        return None
    number, key, digest, body = row
    try:
        kept = KeptCards(cache, number, key, digest, again)
        library = Library(*frame_from(body, kept.part))
    except UNREADABLE:
        return None
    object.__setattr__(library, "kept", kept)
    weakref.finalize(kept, cache.close)
    return library


def keep(cache: sqlite3.Connection, key: str, stamp: str | None, library: Library) -> None:
    """Write a library into the cache, in the place of an older one."""
    cache.execute("BEGIN IMMEDIATE")
    try:
        old = "SELECT number FROM library WHERE key = ? OR number <= (SELECT max(number) FROM library) - ?"
        for (number,) in cache.execute(old, (key, KEPT - 1)).fetchall():
            _throw_out(cache, number)
        values = (key, stamp, library.digest, frame_text(library))
        number = cache.execute("INSERT INTO library (key, stamp, digest, body) VALUES (?, ?, ?, ?)", values).lastrowid
        cache.executemany(
            "INSERT INTO card VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((number, place, *row) for place, row in enumerate(map(listed_row, library.listed()))),
        )
        cache.executemany(
            "INSERT INTO card_text VALUES (?, ?, ?)",
            ((number, place, card_text(card)) for place, card in enumerate(library.cards.values())),
        )
        cache.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            cache.execute("ROLLBACK")
        raise


def listed_row(card: Listed) -> tuple[str | int, ...]:
    """A row of the table `card`, from the id on."""
    return (*card[:6], json.dumps(card.needs), json.dumps(card.tags), card.demo, card.turn)


def listed_from(row: Sequence[Any]) -> Listed:
    ident, question, topic, kind, revision, difficulty, needs, tags, demo, turn = row
    needs, tags = (tuple(json.loads(text)) if text != "[]" else () for text in (needs, tags))
    return Listed(ident, question, topic, kind, revision, difficulty, needs, tags, demo, turn)


class KeptCards(Mapping[CardId, Card]):
    """The cards of one library. Safe to use from several threads."""

    def __init__(
        self, cache: sqlite3.Connection, number: int, key: str, digest: str, again: Callable[[], Library]
    ) -> None:
        self.key = key
        self.digest = digest
        self.cards = self
        self._cache = cache
        self._number = number
        self._again = again
        self._lock = threading.Lock()
        self._read: dict[CardId, Card] = {}
        self._compiled: Library | None = None  # once the cache was lost

    def listed(self) -> Iterator[Listed]:
        columns = "id, question, topic, kind, revision, difficulty, needs, tags, demo, turn"
        return self._stream(f"{columns} FROM card", listed_from, lambda: self._instead().listed())

    def part(self, first: int, count: int) -> Sequence[Card]:
        """So many cards from a place on."""
        return _Part(self, first, count)

    def read(self, first: int = 0, count: int | None = None) -> Iterator[Card]:
        """Read cards in the order of the packs."""
        cards = self._stream(
            "body FROM card_text", lambda row: card_from(row[0]), lambda: iter(self._instead().cards.values()), first
        )
        return islice(cards, count)

    def __getitem__(self, card: CardId) -> Card:
        found = self._read.get(card)
        if found is None:
            found = self._looked_up(card)
            with self._lock:
                found = self._read.setdefault(card, found)
                if len(self._read) > READ:
                    del self._read[next(iter(self._read))]
        return found

    def _looked_up(self, card: CardId) -> Card:
        query = "SELECT body FROM card JOIN card_text USING (library, place) WHERE library = ? AND id = ?"
        if self._compiled is None:
            try:
                if rows := self._rows(query, card):
                    return card_from(rows[0][0])
                known = self._stands()
            except UNREADABLE:
                known = False
            if known:
                raise KeyError(card)
        return self._instead().cards[card]

    def __contains__(self, card: object) -> bool:
        if self._compiled is None:
            with suppress(*UNREADABLE):
                if self._rows("SELECT 1 FROM card WHERE library = ? AND id = ?", str(card)):
                    return True
                if self._stands():
                    return False
        return card in self._instead().cards

    def __iter__(self) -> Iterator[CardId]:
        return self._stream("id FROM card", lambda row: CardId(row[0]), lambda: iter(self._instead().cards))

    def __len__(self) -> int:
        if self._compiled is None:
            with suppress(*UNREADABLE):
                count: int = self._rows("SELECT count(*) FROM card WHERE library = ?")[0][0]
                if count or self._stands():
                    return count
        return len(self._instead().cards)

    def values(self) -> ValuesView[Card]:
        return _Values(self)

    def _stream(
        self, what: str, made: Callable[[Any], T], instead: Callable[[], Iterator[T]], first: int = 0
    ) -> Iterator[T]:
        place = first
        try:
            query = f"SELECT {what} WHERE library = ? AND place >= ? ORDER BY place LIMIT {AT_ONCE}"
            while self._compiled is None and (rows := self._rows(query, place)):
                for row in rows:
                    one = made(row)
                    place += 1
                    yield one
            if self._compiled is None and self._stands():
                return
        except UNREADABLE:
            pass
        yield from islice(instead(), place, None)

    def _rows(self, query: str, *values: str | int) -> list[Any]:
        with self._lock:
            return self._cache.execute(query, (self._number, *values)).fetchall()

    def _stands(self) -> bool:
        """Whether the library is still in the cache: what is not found is then not there."""
        return bool(self._rows("SELECT 1 FROM library WHERE number = ?"))

    def _instead(self) -> Library:
        with self._lock:
            if self._compiled is None:
                with suppress(sqlite3.Error):  # so that the next start does not rely on it
                    _throw_out(self._cache, self._number)
                self._compiled = self._again()
            return self._compiled


class _Values(ValuesView[Card]):
    def __init__(self, cards: KeptCards) -> None:
        super().__init__(cards)
        self._cards = cards

    def __iter__(self) -> Iterator[Card]:
        return self._cards.read()


class _Part(Sequence[Card]):
    """A question's cards, equal to a tuple of the same."""

    def __init__(self, cards: KeptCards, first: int, count: int) -> None:
        self._cards = cards
        self._first = first
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Card]:
        return self._cards.read(self._first, self._count)

    @overload
    def __getitem__(self, index: int) -> Card: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Card]: ...
    def __getitem__(self, index: int | slice) -> Card | Sequence[Card]:
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _Part) and other._cards.digest == self._cards.digest:
            return (other._first, other._count) == (self._first, self._count)
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]


def _throw_out(cache: sqlite3.Connection, number: int) -> None:
    cache.execute("DELETE FROM library WHERE number = ?", (number,))
    for table in ("card", "card_text", "not_begun"):
        cache.execute(f"DELETE FROM {table} WHERE library = ?", (number,))
