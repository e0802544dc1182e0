"""Full-text search over every card: an FTS5 index in the disposable cache, made anew whenever a card's text changes.

The index holds no text, only where each word stands; a row's number is the card's place in the library.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence, ValuesView
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from typing import overload

from prep_app.cache import open_cache
from prep_app.content.body import Body, Choice, Cloze, Code, Compare, Gap, Numeric, Order, Recall
from prep_app.content.model import Card, CardId, Library
from prep_app.content.query import Filter, Query, unquoted

Facet = Mapping[str, set[int]]  # the places of the cards that have each value of a filter
Watch = Callable[[int, int], bool]  # told how many cards of how many are in the index; False gives it up
WEIGHTS = {"id": 10, "question": 3, "topic": 4, "tags": 4, "kind": 1, "prompt": 6, "answer": 1, "rest": 2}
HEAD = "{id prompt}"  # the columns that come first where there is too much to rank
RANKED = 20_000  # matches that are put in order of relevance; of more than that, none stands out
BUSY_MS = 2_000  # how long to wait for another process to let go of the cache
STEP = 1_000  # cards between two calls of a Watch

# Letters and digits make a word, accents or not: `r=16` is the words r and 16 side by side, as a query means it too.
# Prefixes of three letters and fewer have an index of their own, so that the first key pressed is answered at once.
_TABLE = f"""CREATE VIRTUAL TABLE search USING fts5(
    {", ".join(WEIGHTS)}, content='', prefix='1 2 3', tokenize="unicode61 remove_diacritics 2")"""
_INSERT = f"INSERT INTO search(rowid, {', '.join(WEIGHTS)}) VALUES (?{', ?' * len(WEIGHTS)})"
_RANK = f"bm25(search, {', '.join(map(str, WEIGHTS.values()))})"


class Abandoned(Exception):
    """Nobody waits for the index any more."""


class Another(sqlite3.DatabaseError):
    """The cache holds the index of another library by now."""


@dataclass(frozen=True, slots=True)
class Found:
    """The places of the cards found, best first, as many as were asked for; and how many there are in all."""

    rows: tuple[int, ...] = ()
    total: int = 0


def open_index(library: Library, path: Path | None, watch: Watch = lambda done, total: True) -> Index:
    """Return the index of `library`, from the cache at `path` where it stands there; in memory where none can be kept.

    Takes seconds for a hundred thousand cards when it has to be made: call it in a thread. Raises Abandoned when
    `watch` says so.
    """
    index = Index(library)
    try:
        index.open(path, watch)
    except BaseException:
        index.close()
        raise
    return index


class Index:
    """Finds cards. Safe to use from several threads, one at a time."""

    def __init__(self, library: Library) -> None:
        self.cards: Sequence[Card] = _InPlaces(library.cards)
        self._library = library
        self._facets = _facets(library)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._key = ""

    def open(self, path: Path | None, watch: Watch) -> None:
        self._key = f"{self._library.digest} {blake2b(_TABLE.encode(), digest_size=8).hexdigest()}"
        if path is not None:
            with suppress(sqlite3.Error, OSError):
                self._connection = open_cache(path)
                self._connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
                _build(self._connection, self._key, self._library.cards.values(), watch)
                return
        self._in_memory(watch)

    def close(self) -> None:
        with self._lock:
            self._key = ""
            if self._connection is not None:
                self._connection.close()

    # Finding

    def find(self, query: Query, limit: int, states: Facet | None = None) -> Found:
        """Return the cards that `query` asks for; `states` says which cards each value of an `is:` filter means."""
        kept = self._kept(query, states or {})
        with self._lock:
            if not self._key:
                return Found()  # closed meanwhile
            try:
                return self._snapshot(query, limit, kept)
            except sqlite3.Error:  # the cache was thrown away, or is another library's now
                self._in_memory(lambda done, total: True)
                return self._snapshot(query, limit, kept)

    def values(self, name: str) -> dict[str, int]:
        """The values a filter can have, and how many cards have each."""
        return {value: len(rows) for value, rows in self._facets[name].items()}

    def _kept(self, query: Query, states: Facet) -> set[int] | None:
        """The cards that the filters leave; None for all."""
        kept: set[int] | None = None
        for wanted in sorted(query.filters, key=lambda wanted: wanted.without):
            rows = matching(wanted, states if wanted.name == "is" else self._facets[wanted.name])
            if wanted.without:
                kept = (set(range(len(self.cards))) if kept is None else kept) - rows
            else:
                kept = rows if kept is None else kept & rows
        return kept

    def _snapshot(self, query: Query, limit: int, kept: set[int] | None) -> Found:
        """Look at the index as it is at one moment, whatever another process makes of the cache meanwhile."""
        assert self._connection is not None
        self._connection.execute("BEGIN")
        try:
            if self._connection.execute("SELECT key FROM search_key").fetchone() != (self._key,):
                raise Another
            return self._found(query, limit, kept)
        finally:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    def _found(self, query: Query, limit: int, kept: set[int] | None) -> Found:
        if not query.match:
            rows: Sequence[int] = range(len(self.cards)) if kept is None else sorted(kept)
            if query.unwanted:
                gone = set(self._rows(query.unwanted))
                rows = [row for row in rows if row not in gone]
            return Found(tuple(rows[:limit]), len(rows))
        without = f" NOT ({query.unwanted})" if query.unwanted else ""
        match = f"({query.match}){without}"
        matched = next(self._rows(match, what="count(*)"))
        if matched <= RANKED:
            best = self._rows(match, order=f"ORDER BY {_RANK}, rowid")
        else:
            best = chain(self._rows(f"{HEAD}: ({query.match}){without}"), self._rows(match))
        if kept is None:
            total, wanted = matched, best
        else:
            total, wanted = len(kept.intersection(self._rows(match))), filter(kept.__contains__, best)
        rows = tuple(dict.fromkeys(islice(wanted, 2 * limit)))  # a row among the heads comes once more behind them
        return Found(rows[: min(limit, total)], total)

    def _rows(self, match: str, *, what: str = "rowid", order: str = "") -> Iterator[int]:
        assert self._connection is not None
        found = self._connection.execute(f"SELECT {what} FROM search WHERE search MATCH ? {order}", (match,))
        return chain.from_iterable(found)

    def _in_memory(self, watch: Watch) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        _build(self._connection, self._key, self._library.cards.values(), watch)


def matching(wanted: Filter, held: Facet) -> set[int]:
    """The cards with a filter's value: the very one, or those with a word that begins so."""
    value = unquoted(wanted.value).casefold()
    chosen = [name for name in held if unquoted(name).casefold() == value]
    if not wanted.exact and (not chosen or wanted.name == "topic"):
        chosen = [name for name in held if _begins(name.casefold(), value)]
    return held[chosen[0]] if len(chosen) == 1 else set().union(*(held[name] for name in chosen))


def texts(card: Card) -> tuple[str, ...]:
    """What is looked through, a text for each column of the index."""
    rest = "\n".join([card.hint, *_spoken(card.body)])
    return (card.id, card.question, card.topic, " ".join(card.tags), card.body.kind, card.prompt, card.answer, rest)


def _build(connection: sqlite3.Connection, key: str, cards: ValuesView[Card], watch: Watch) -> None:
    """Make the index in one transaction, unless it stands already."""
    connection.execute("CREATE TABLE IF NOT EXISTS search_key (key TEXT NOT NULL)")
    if connection.execute("SELECT key FROM search_key").fetchone() == (key,):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have made it while this one waited.
        if connection.execute("SELECT key FROM search_key").fetchone() != (key,):
            connection.execute("DELETE FROM search_key")
            connection.execute("DROP TABLE IF EXISTS search")
            connection.execute(_TABLE)
            connection.executemany(_INSERT, _numbered(cards, watch))
            connection.execute("INSERT INTO search(search) VALUES ('optimize')")
            connection.execute("INSERT INTO search_key VALUES (?)", (key,))
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _numbered(cards: ValuesView[Card], watch: Watch) -> Iterator[tuple[int | str, ...]]:
    for number, card in enumerate(cards):
        if number % STEP == 0 and not watch(number, len(cards)):
            raise Abandoned
        yield number, *texts(card)


def _facets(library: Library) -> dict[str, dict[str, set[int]]]:
    """For each filter, the places of the cards that have each of its values."""
    facets: dict[str, dict[str, set[int]]] = {name: {} for name in ("kind", "topic", "question", "tag", "demo")}
    for row, card in enumerate(library.listed()):
        held = [("kind", card.kind), ("topic", card.topic), ("question", card.question)]
        held += [("tag", tag) for tag in card.tags] + ([("demo", card.demo)] if card.demo else [])
        for name, value in held:
            facets[name].setdefault(value, set()).add(row)
    return facets


class _InPlaces(Sequence[Card]):
    """A library's cards by their places, each read when it is asked for."""

    def __init__(self, cards: Mapping[CardId, Card]) -> None:
        self._cards = cards
        self._ids = list(cards)

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, place: int) -> Card: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Card]: ...
    def __getitem__(self, place: int | slice) -> Card | Sequence[Card]:
        if isinstance(place, slice):
            return [self._cards[name] for name in self._ids[place]]
        return self._cards[self._ids[place]]


def _begins(text: str, beginning: str) -> bool:
    return text.startswith(beginning) or any(word.startswith(beginning) for word in re.split(r"[\W_]+", text))


def _spoken(body: Body) -> Iterator[str]:
    """Every text in a card's body that a learner reads or may give."""
    match body:
        case Recall(key_points):
            yield from (point.text for point in key_points)
        case Choice(options):
            yield from chain.from_iterable((option.text, option.why) for option in options)
        case Cloze(gaps):
            yield from chain.from_iterable(map(_gap, gaps))
        case Numeric():
            yield from (body.unit, body.worked, *(slip.why for slip in body.slips))
        case Order(steps):
            yield from chain.from_iterable((step.text, step.why) for step in steps)
        case Code():
            yield body.function
        case Compare():
            yield from body.columns
            yield from (row.aspect for row in body.rows)
            for row in body.rows:
                for cell in row.cells:
                    yield from _gap(cell) if isinstance(cell, Gap) else (cell,)


def _gap(gap: Gap) -> Iterator[str]:
    yield from gap.accept
    yield from (wrong.why for wrong in gap.wrong)
