"""All that the journal says about cards, as NumPy columns: what a rebuild reads where the journal is large.

SQLite puts many entries into one text, in threads; msgspec and NumPy take the text apart. What prep writes is read in
no other way than entry by entry; what it would never write is not read at all.
"""

from __future__ import annotations

import os
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from prep_app.memory.journal_file import read_only

Ints = NDArray[np.int64]

AT_ONCE = 4000  # entries: what is taken apart while it is still in the processor's cache
HEAD, ID = 24, 33  # characters of an id before its checksum, and in all; before 0.2 there were 32

_CHUNK = """
SELECT group_concat(id), group_concat(at),
    group_concat(CASE WHEN kind = 'review' AND card IS NOT NULL THEN data ELSE '{}' END)
FROM entry NOT INDEXED WHERE seq > ? AND seq <= ?"""  # which is in order of arrival
_CARDS = """
SELECT json_group_array(card), group_concat(entries) FROM (
    SELECT card, count(*) AS entries FROM entry WHERE card IS NOT NULL AND seq <= ? GROUP BY card
)"""
_BY_CARD = """
SELECT group_concat(place) FROM (
    SELECT seq - 1 AS place FROM entry INDEXED BY entry_by_card WHERE card IS NOT NULL AND seq <= ? ORDER BY card, seq
)"""
_OTHERS = """
SELECT seq - 1, kind, card, data FROM entry
WHERE (kind < 'review' OR kind > 'review') AND card IS NOT NULL AND seq <= ? ORDER BY at, id"""
_UNDONE = """
SELECT undone.seq - 1 FROM entry AS undo
JOIN entry AS undone ON undone.id = json_extract(undo.data, '$.undone') AND undone.card = undo.card
WHERE undo.kind = 'undo' AND undo.seq <= ?1 AND undone.seq <= ?1"""

_AWAITED = """
SELECT DISTINCT card FROM entry AS undo WHERE kind = 'undo' AND card IS NOT NULL AND seq <= ?1 AND NOT EXISTS (
    SELECT 1 FROM entry WHERE id = json_extract(undo.data, '$.undone') AND card = undo.card AND seq <= ?1
)"""


class Unusual(Exception):
    """The journal holds something that prep does not write: each entry must be looked at by itself."""


class Columns(NamedTuple):
    """A value for each entry of the journal, in order of arrival."""

    id: NDArray[np.bytes_]
    at: Ints  # UTC ms
    rating: NDArray[np.uint8]  # 0: not a card's review
    practice: NDArray[np.bool_]
    revision: NDArray[np.int32]
    offset: NDArray[np.float64]  # minutes east of UTC; NaN: not known
    seconds: NDArray[np.float64]  # NaN: not timed


_TYPES = (f"S{ID}", np.int64, np.uint8, np.bool_, np.int32, np.float64, np.float64)


class Other(NamedTuple):
    """An entry about a card that is no review; `place` is its place in the columns."""

    place: int
    kind: str
    card: str
    offset: int | None  # minutes east of UTC


@dataclass(frozen=True, slots=True)
class CardEntries:
    """`places` are those in the columns of what is about cards, sorted by card and then by arrival."""

    columns: Columns
    cards: list[str]  # sorted
    counts: Ints  # how many entries are about each
    places: Ints
    others: list[Other]  # in the order they happened
    undone: list[int]  # places of what was taken back
    awaiting: set[str]  # cards of which something was taken back that is not there


class _Place(msgspec.Struct, gc=False):
    """What is read of the JSON of any entry."""

    offset: int | None = None


class _Review(_Place, gc=False):
    """What is read of the JSON of a review; in the columns all else is {}."""

    rating: int = 0
    revision: int = 1
    seconds: float | None = None
    practice: bool = False


_an_id = re.compile(f"[0-9a-f]{{{HEAD}}}-[0-9a-f]{{8}}|[0-9a-f]{{32}}").fullmatch
_reviews = msgspec.json.Decoder(list[_Review])
_names = msgspec.json.Decoder(list[str])
_place = msgspec.json.Decoder(_Place)


def read_entries(journal: Path, until: int) -> CardEntries:
    """Read entries 1 … `until` (at least one) of the journal at a path. Raises Unusual."""
    columns = Columns(*(np.empty(until, kind) for kind in _TYPES))
    try:
        with ThreadPoolExecutor() as pool:
            by_card, counted = (pool.submit(_rows, journal, query, until) for query in (_BY_CARD, _CARDS))
            list(pool.map(lambda span: _fill(columns, journal, span), _spans(until)))
        rest = _rows(journal, _OTHERS, until)
        others = [Other(place, kind, card, _place.decode(data).offset) for place, kind, card, data in rest]
        undone = [place for (place,) in _rows(journal, _UNDONE, until)]
        awaiting = {card for (card,) in _rows(journal, _AWAITED, until)}
        [[places]], [[cards, counts]] = by_card.result(), counted.result()
        held = CardEntries(columns, _names.decode(cards), _ints(counts), _ints(places), others, undone, awaiting)
    except (sqlite3.Error, msgspec.MsgspecError, ValueError, TypeError, OverflowError) as error:
        raise Unusual from error
    _look_over(held)
    return held


def _rows(journal: Path, query: str, until: int) -> list[Any]:
    with closing(read_only(journal)) as connection:
        return connection.execute(query, (until,)).fetchall()


def _spans(until: int) -> list[range]:
    """Split entries 1 … `until` among threads."""
    each = -(-until // min(4, os.cpu_count() or 1))
    return [range(first, min(first + each, until)) for first in range(0, until, each)]


def _fill(columns: tuple[NDArray[Any], ...], journal: Path, places: range) -> None:
    with closing(read_only(journal)) as connection:
        for first in places[::AT_ONCE]:
            last = min(first + AT_ONCE, places.stop)
            parts: tuple[NDArray[Any], ...] = _parsed(*connection.execute(_CHUNK, (first, last)).fetchone())
            if any(len(part) != last - first for part in parts):
                raise Unusual  # an entry is missing, or one of its values
            for column, part in zip(columns, parts, strict=True):
                column[first:last] = part


def _parsed(ids: str, at: str, bodies: str) -> Columns:
    """Take apart what SQLite put together of many entries."""
    reviews = _reviews.decode(f"[{bodies}]")
    return Columns(
        id=_ids(ids, len(reviews)),
        at=_ints(at),
        rating=np.frombuffer(bytes([review.rating for review in reviews]), np.uint8),
        practice=np.frombuffer(bytes([review.practice for review in reviews]), np.bool_),
        revision=np.array([review.revision for review in reviews], np.int32),
        offset=np.array([review.offset for review in reviews], np.float64),
        seconds=np.array([review.seconds for review in reviews], np.float64),
    )


def _ints(text: str | None) -> Ints:
    return np.fromstring(text or "", np.int64, sep=",")


def _ids(text: str, count: int) -> NDArray[np.bytes_]:
    if len(text) == count * (ID + 1) - 1:
        lines = np.frombuffer(f"{text},".encode(), np.uint8).reshape(count, ID + 1)
        if (lines[:, [HEAD, ID]] == [ord("-"), ord(",")]).all():
            return lines.view(f"S{ID + 1}")[:, 0].astype(f"S{ID}")
    ids = text.split(",")
    if not all(_an_id(ident) for ident in ids):
        raise Unusual
    return np.array(ids, np.bytes_)


def _look_over(held: CardEntries) -> None:
    """The index by card and the entries must tell of the same reviews."""
    rating, places = held.columns.rating, held.places
    if held.counts.sum() != len(places) or places.min(initial=0) < 0 or places.max(initial=0) >= len(rating):
        raise Unusual
    listed = np.zeros(len(rating), np.bool_)
    listed[places] = True
    listed[[other.place for other in held.others]] = False
    if not np.array_equal(listed, rating > 0) or rating.max(initial=0) > 4:
        raise Unusual
