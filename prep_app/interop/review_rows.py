"""A review as a row of a table, and back to the very entry of the journal it came from."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from hashlib import blake2b
from typing import Any, TypeGuard

from prep_app.content.model import CardId, Library
from prep_app.memory.days import now
from prep_app.memory.fold import CardFold, fold_entry, review_record, standing
from prep_app.memory.journal import Entry, NewRow
from prep_app.memory.journal_file import entry_id, row_damage
from prep_app.memory.store import Memory
from prep_app.memory.types import Learned, Rating
from prep_app.settings import Settings

Cell = str | int | float | bool | None
Row = dict[str, Cell]
COLUMNS = (
    "id",
    "time",
    "card",
    "question",
    "topic",
    "rating",
    "grade",
    "seconds",
    "revision",
    "practice",
    "was",
    "utc_offset",
    "stability",
    "difficulty",
    "data",
)
NEEDED = ("time", "card")  # and rating or grade
WAS = ("new", "learning", "review")
LONGEST = 86_400  # seconds
FARTHEST = 24 * 60  # minutes from UTC
DAY = 86_400_000
EARLIEST = 946_684_800_000  # the year 2000: an earlier time is a slip


class RowFault(Exception):
    """What is wrong with a row, in words."""


def review_rows(library: Library, memory: Memory, settings: Settings) -> Iterator[Row]:
    """Every review that stands, in the order they happened, and the card's memory after it."""
    folds: dict[str, CardFold] = {}
    for entry in standing(memory.history()):
        name = entry.card or ""
        folds[name] = fold_entry(folds.get(name, CardFold()), entry, settings, memory.parameters)
        if entry.kind != "review":
            continue
        card, review, after = library.cards.get(CardId(name)), review_record(entry), folds[name].memory
        yield {
            "id": entry.id,
            "time": iso(entry.at),
            "card": name,
            "question": card.question if card else None,
            "topic": card.topic if card else None,
            "rating": review.rating.name.lower(),
            "grade": int(review.rating),
            "seconds": review.seconds,
            "revision": review.revision,
            "practice": review.practice,
            "was": entry.data.get("was"),
            "utc_offset": review.offset,
            "stability": round(after.stability, 4) if isinstance(after, Learned) else None,
            "difficulty": round(after.difficulty, 4) if isinstance(after, Learned) else None,
            "data": None if entry.data == _data(entry.data) else _text(entry.data),
        }


class Reader:
    """Reads rows back, each into an entry for the journal; what the journal holds already is recognised."""

    def __init__(self, library: Library, memory: Memory) -> None:
        held = [entry for entry in memory.history() if entry.kind == "review"]
        self._cards = library.cards
        self._by_id = {entry.id: entry for entry in held}
        self._by_time = {(entry.card, entry.at): entry for entry in held}
        self._latest = now() + DAY

    def read(self, row: Mapping[str, object]) -> NewRow | None:
        """Return the row's entry, None where the journal has it. Raises RowFault saying what is wrong."""
        told = self._told(row)
        before = self._by_id.get(told.id) if told.id else self._by_time.get((told.card, told.at))
        if before is not None:
            _refuse_change(told, before)
            return None
        new = _given_back(told, _said(row, "data")) if told.id else self._own(told)
        entry = Entry(0, new[0], new[1], "review", new[3], json.loads(new[4]))
        self._by_id[entry.id] = self._by_time[entry.card, entry.at] = entry
        return new

    def _told(self, row: Mapping[str, object]) -> Entry:
        """The entry as the columns tell it."""
        card = _said(row, "card")
        if not card:
            raise RowFault("card is empty")
        known = self._cards.get(CardId(card))
        data = {
            "rating": int(_rating(row)),
            "revision": _whole(row, "revision", 1, 1_000_000) or (known.revision if known else 1),
            "offset": _whole(row, "utc_offset", -FARTHEST, FARTHEST),
            "was": _one_of(row, "was", WAS),
            "seconds": _seconds(row),
            "practice": _flag(row, "practice"),
        }
        return Entry(0, _said(row, "id"), _moment(_said(row, "time")), "review", card, _data(data))

    def _own(self, told: Entry) -> NewRow:
        """A review that no prep wrote: its id follows from what it says, so that it is the same each time."""
        if told.card not in self._cards:
            close = get_close_matches(told.card or "", list(self._cards), 1)
            raise RowFault(f'there is no card "{told.card}"' + (f'; did you mean "{close[0]}"?' if close else ""))
        if not EARLIEST <= told.at <= self._latest:
            raise RowFault(f"{iso(told.at)} is no time for a review")
        text = _text(told.data)
        head = f"{told.at:012x}{blake2b(f'{told.card} {text}'.encode(), digest_size=6).hexdigest()}"
        return entry_id(told.at, "review", told.card, text, head), told.at, "review", told.card, text


def iso(at: int) -> str:
    """UTC milliseconds as 2026-03-02T10:00:00.000Z."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_written(row: Sequence[object]) -> TypeGuard[NewRow]:
    """Whether the journal would take this for an entry that a prep wrote."""
    try:
        return row_damage((0, *row)) is None
    except ValueError:  # half a character, which UTF-8 cannot hold
        return False


# The journal's record of a review


def _data(held: Mapping[str, Any]) -> dict[str, Any]:
    """What the columns hold of a record, in the order in which prep writes it."""
    data = {"rating": held["rating"], "revision": held.get("revision", 1)}
    data |= {name: held[name] for name in ("offset", "was", "seconds") if held.get(name) is not None}
    return data | ({"practice": True} if held.get("practice") else {})


def _text(data: Mapping[str, Any]) -> str:
    return json.dumps(dict(data), ensure_ascii=False, allow_nan=False)


def _given_back(told: Entry, raw: str) -> NewRow:
    """The very entry that was exported, which its id proves."""
    seconds = told.data.get("seconds")
    texts = [raw] if raw else [_text(told.data)]
    if not raw and isinstance(seconds, float) and seconds.is_integer():  # 12 may have become 12.0 on the way
        texts.append(_text({**told.data, "seconds": int(seconds)}))
    for text in texts:
        if as_written((told.id, told.at, "review", told.card, text)):
            _refuse_change(told, replace(told, data=json.loads(text)))
            return told.id, told.at, "review", told.card, text
    raise RowFault("was changed since prep wrote it; leave its id and data empty to import it as a review of your own")


def _refuse_change(told: Entry, kept: Entry) -> None:
    now, then = review_record(replace(told, id=kept.id)), review_record(kept)
    if (now.at, now.card, now.rating) != (then.at, then.card, then.rating):
        raise RowFault(f"the journal has this review as {then.card} {then.rating.name.lower()} at {iso(then.at)}")


# Cells


def _said(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value).strip()


def _moment(text: str) -> int:
    """UTC ms: ISO 8601, UTC without an offset, or the milliseconds themselves."""
    try:
        if text.isdecimal() and len(text) > 8:
            at = int(text)
            datetime.fromtimestamp(at / 1000, UTC)  # refuses what no clock can show
            return at
        read = datetime.fromisoformat(text)
        return round((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise RowFault(f'time "{text[:40]}" is not like 2026-03-02T10:00:00Z') from None


def _rating(row: Mapping[str, object]) -> Rating:
    word, grade = _one_of(row, "rating", [rating.name.lower() for rating in Rating]), _whole(row, "grade", 1, 4)
    told = {Rating[word.upper()]} if word else set()
    told |= {Rating(grade)} if grade else set()
    if not told:
        raise RowFault("rating is empty; write again, hard, good or easy")
    if len(told) > 1:
        raise RowFault(f"rating {word} and grade {grade} are not the same")
    return told.pop()


def _one_of(row: Mapping[str, object], name: str, words: Collection[str]) -> str | None:
    text = _said(row, name).lower()
    if text and text not in words:
        raise RowFault(f'{name} "{text[:40]}" is none of {", ".join(words)}')
    return text or None


def _whole(row: Mapping[str, object], name: str, low: int, high: int) -> int | None:
    value = _number(row, name, low, high)
    if value is not None and not value.is_integer():
        raise RowFault(f"{name} {value:g} is not a whole number")
    return None if value is None else int(value)


def _seconds(row: Mapping[str, object]) -> float | None:
    return _number(row, "seconds", 0, LONGEST)


def _number(row: Mapping[str, object], name: str, low: int, high: int) -> float | None:
    text = _said(row, name)
    try:
        value = float(text) if text else None
    except ValueError:
        raise RowFault(f'{name} "{text[:40]}" is not a number') from None
    if value is not None and not low <= value <= high:
        raise RowFault(f"{name} must be from {low} to {high}, not {text[:40]}")
    return value


def _flag(row: Mapping[str, object], name: str) -> bool:
    return _one_of(row, name, ("true", "false", "1", "0", "1.0", "0.0")) in ("true", "1", "1.0")
