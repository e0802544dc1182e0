"""What `fold` makes of one card's entries, for all cards at once: columns in, columns out.

A spell is a card's answers since it was new: since its first one, a reset, or a raised revision. Only its last spell
bears on what FSRS, the engine itself, says of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from math import isnan
from typing import Any

import numpy as np
from fsrs_rs_python import FSRSItem, FSRSReview
from numpy.typing import NDArray

from prep_app.memory.card_entries import CardEntries, Columns, Ints, Unusual
from prep_app.memory.card_table import FIELDS, CardTable
from prep_app.memory.day_columns import Here
from prep_app.memory.days import DAY, MINUTE, study_day
from prep_app.memory.schedule import LATEST_DAY, Parameters, engine, step_due
from prep_app.memory.types import Rating
from prep_app.settings import Settings

Flags = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]

AT_ONCE = 20_000  # entries: few enough to stay in the processor's cache
# What lies beyond is damage, or comes of a clock that was never set.
EARLIEST, LATEST, FARTHEST = DAY, 130 * 366 * DAY, DAY // MINUTE
AGAIN, HARD, GOOD = int(Rating.AGAIN), int(Rating.HARD), int(Rating.GOOD)


def fold_columns(held: CardEntries, settings: Settings, parameters: Parameters) -> CardTable:
    """Fold every card. Raises Unusual where an entry is of a time or place that this does not reckon with."""
    here, standing, resets = Here(settings.rollover_hour), _standing(held), _of_kind(held, "reset")
    parts = []
    for cards, places in _blocks(held.counts):
        entries = _entries(held, cards, places, standing, resets)
        parts.append(_folded(entries, here, settings, parameters))
    columns = _flags(held, standing, settings.rollover_hour)
    for name in set(FIELDS) - set(columns):
        columns[name] = list(chain.from_iterable(part[name] for part in parts))
    return CardTable(held.cards, columns, _answers_by_day(held.columns, standing, here))


# Entries


@dataclass(frozen=True, slots=True)
class _Entries:
    """The entries that stand of some cards, sorted by card and then by when they happened."""

    cards: int  # how many there are, some perhaps without an entry that stands
    card: Ints  # 0 … cards - 1
    at: Ints
    rating: Bytes
    offset: Floats
    seconds: Floats
    revision: Ints  # the card's, with each entry
    resets: Ints  # so far
    scheduled: Ints  # indices of the answers that FSRS counts: not practice, nor to an older revision
    ends: Ints  # the index of each card's last entry
    last_id: NDArray[np.str_]  # parallel to `ends`


def _standing(held: CardEntries) -> Flags:
    """Return for each place in the columns whether there is something about a card that was not taken back."""
    standing = np.zeros(len(held.columns.at), np.bool_)
    standing[held.places] = True
    standing[held.undone] = False
    return standing & ~_of_kind(held, "undo")


def _of_kind(held: CardEntries, kind: str) -> Flags:
    found = np.zeros(len(held.columns.at), np.bool_)
    found[[other.place for other in held.others if other.kind == kind]] = True
    return found


def _blocks(counts: Ints) -> Iterator[tuple[slice, slice]]:
    """Yield slices of the cards, and of their entries."""
    ends = np.cumsum(counts)
    card = place = 0
    while card < len(counts):
        last = max(card + 1, int(np.searchsorted(ends, place + AT_ONCE, side="right")))
        yield slice(card, last), slice(place, int(ends[last - 1]))
        card, place = last, int(ends[last - 1])


def _entries(held: CardEntries, cards: slice, places: slice, standing: Flags, resets: Flags) -> _Entries:
    columns, counts, place = held.columns, held.counts[cards], held.places[places]
    kept = standing[place]
    place, card = place[kept], np.repeat(np.arange(len(counts)), counts)[kept]
    place = _in_time(columns, place, card)
    at, offset = columns.at[place], columns.offset[place]
    if (at < EARLIEST).any() or (at > LATEST).any() or (abs(offset) > FARTHEST).any():
        raise Unusual
    rating, given = columns.rating[place], columns.revision[place]
    asked = (rating > 0) & ~columns.practice[place]
    # The largest revision so far, and 1 before any; it starts anew with each card, since that counts for more.
    revision = np.maximum.accumulate(card << 32 | np.where(asked, np.maximum(given, 1), 1)) & 0xFFFFFFFF
    ends = _ends(_begins(card), len(card))
    return _Entries(
        cards=len(counts),
        card=card,
        at=at,
        rating=rating,
        offset=offset,
        seconds=columns.seconds[place],
        revision=revision,
        resets=np.cumsum(resets[place]),
        scheduled=np.flatnonzero(asked & (given == revision)),
        ends=ends,
        last_id=columns.id[place[ends]].astype(np.str_),
    )


def _in_time(columns: Columns, place: Ints, card: Ints) -> Ints:
    """Sort the places of each card, which are in order of arrival, by when it happened; mostly they are already."""
    at = columns.at[place]
    late = card[1:][(card[1:] == card[:-1]) & (at[1:] <= at[:-1])]
    if len(late):
        moved = np.flatnonzero(np.isin(card, late))
        some = place[moved]
        place[moved] = some[np.lexsort((columns.id[some], columns.at[some], card[moved]))]
    return place


def _flags(held: CardEntries, standing: Flags, rollover_hour: int) -> dict[str, list[Any]]:
    """Return the columns that follow from what is no review."""
    marked, suspended, buried = [False] * len(held.cards), [False] * len(held.cards), [0] * len(held.cards)
    for place, kind, name, offset in held.others:
        if not standing[place]:
            continue
        card = bisect_left(held.cards, name)
        match kind:
            case "mark" | "unmark":
                marked[card] = kind == "mark"
            case "suspend" | "unsuspend":
                suspended[card] = kind == "suspend"
            case "bury":
                buried[card] = study_day(int(held.columns.at[place]), rollover_hour, offset)
    awaits = [card in held.awaiting for card in held.cards]
    return {"marked": marked, "suspended": suspended, "buried_day": buried, "awaits": awaits}


def _answers_by_day(columns: Columns, standing: Flags, here: Here) -> dict[tuple[int, bool], int]:
    at, rating = columns.at, columns.rating
    passed, failed = (at[standing & chosen] for chosen in (rating > AGAIN, rating == AGAIN))
    days = {(day, True): count for day, count in here.count(passed)}
    return days | {(day, False): count for day, count in here.count(failed)}


# Cards


def _folded(entries: _Entries, here: Here, settings: Settings, parameters: Parameters) -> dict[str, list[Any]]:
    """Return all columns but those of `_flags`."""
    answers = _answers(entries, here)
    count, ends, learned = entries.cards, entries.card[entries.ends], answers.card[answers.last]
    memory = _memory(answers, here, settings, parameters)
    timed = ~np.isnan(entries.seconds)
    return {
        "revision": _spread(entries.revision[entries.ends], ends, count, 1),
        "introduced_ms": _spread(answers.at[answers.first], learned, count),
        "answers": np.bincount(entries.card[entries.rating > 0], minlength=count).tolist(),
        "spaced": np.bincount(answers.card[answers.elapsed > 0], minlength=count).tolist(),
        "seconds": np.bincount(entries.card[timed], entries.seconds[timed], count).astype(float).tolist(),
        "timed": np.bincount(entries.card[timed], minlength=count).tolist(),
        "last_at": _spread(entries.at[entries.ends], ends, count, 0),
        "last_id": _spread(entries.last_id, ends, count, ""),
        **{name: _spread(column, learned, count) for name, column in memory.items()},
    }


@dataclass(frozen=True, slots=True)
class _Answers:
    """The answers that FSRS counts, sorted as before."""

    card: Ints
    at: Ints
    day: Ints
    rating: Bytes
    offset: Floats
    elapsed: Ints  # study days since the answer before; 0 for the first of a spell
    begins: Ints  # the index of each spell's first answer
    first: Ints  # the same of spells that stand: each card's last, unless a reset has ended it
    last: Ints  # of each spell that stands


def _answers(entries: _Entries, here: Here) -> _Answers:
    kept = entries.scheduled
    card, resets = entries.card[kept], entries.resets[kept]
    at, offset = entries.at[kept], entries.offset[kept]
    day = here.days_lived(at, offset)
    begins = _begins(card, resets, entries.revision[kept])
    elapsed = np.maximum(0, np.diff(day, prepend=0))
    elapsed[begins] = 0
    latest = _ends(_begins(card[begins]), len(begins))
    first = begins[latest]
    in_all = np.zeros(entries.cards, np.int64)  # resets
    in_all[entries.card[entries.ends]] = entries.resets[entries.ends]
    stands = resets[first] == in_all[card[first]]
    return _Answers(
        card=card,
        at=at,
        day=day,
        rating=entries.rating[kept],
        offset=offset,
        elapsed=elapsed,
        begins=begins,
        first=first[stands],
        last=_ends(begins, len(card))[latest][stands],
    )


def _memory(answers: _Answers, here: Here, settings: Settings, parameters: Parameters) -> dict[str, Any]:
    """Return the columns of Learned for the spells that stand."""
    first, last, model = answers.first, answers.last, engine(parameters)
    rating, at = answers.rating[last], answers.at[last]
    states = model.memory_state_batch(_items(answers))
    stability = [state.stability for state in states]
    interval = [
        model.next_interval(days, settings.desired_retention, final)
        for days, final in zip(stability, rating.tolist(), strict=True)
    ]
    learning, lapses = _learning(answers)
    due = np.minimum(LATEST_DAY, answers.day[last] + np.maximum(1, np.rint(interval).astype(np.int64)))
    steps = np.array([0, *(step_due(value, 0) for value in Rating)])
    return {
        "stability": stability,
        "difficulty": [state.difficulty for state in states],
        "last_ms": at,
        "due_ms": np.where(learning, at + steps[rating], here.starts(due)),
        "interval_days": interval,
        "learning": learning,
        "reviews": last - first + 1,
        "lapses": lapses,
        "decay": [parameters[20]] * len(last),
        "offset": [None if isnan(minutes) else int(minutes) for minutes in answers.offset[last].tolist()],
    }


def _items(answers: _Answers) -> list[FSRSItem]:
    """Return the history of each spell that stands; most of its reviews are like others."""
    code = answers.elapsed << 3 | answers.rating
    made = np.empty(code.max(initial=0) + 1, object)
    for value in np.flatnonzero(np.bincount(code)).tolist():
        made[value] = FSRSReview(value & 7, value >> 3)
    reviews = made[code].tolist()
    spells = zip(answers.first.tolist(), (answers.last + 1).tolist(), strict=True)
    return [FSRSItem(reviews[start:end]) for start, end in spells]


def _learning(answers: _Answers) -> tuple[Flags, Ints]:
    """Return whether each spell that stands ended in learning, and how often it fell back into it.

    Again leads into learning, good and easy lead out of it, and hard leaves it as it is.
    """
    rating = answers.rating
    decides = rating != HARD
    decides[answers.begins] = True  # where hard leaves it in learning
    passed = (rating >= GOOD)[np.maximum.accumulate(np.where(decides, np.arange(len(rating)), 0))]
    lapsed = rating == AGAIN
    lapsed[1:] &= passed[:-1]
    lapsed[answers.begins] = False
    lapses = np.cumsum(lapsed)
    return ~passed[answers.last], lapses[answers.last] - lapses[answers.first]


# Columns


def _begins(*columns: Ints) -> Ints:
    """Return where a run of the same values begins."""
    changes = np.ones(len(columns[0]), np.bool_)
    changes[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return np.flatnonzero(changes)


def _ends(begins: Ints, count: int) -> Ints:
    """Return where the runs end, of which the last ends with `count` values."""
    return np.append(begins, count)[1:] - 1


def _spread(values: Any, at: Ints, count: int, otherwise: Any = None) -> list[Any]:
    """Return `count` values: those given in their places, and otherwise what no card has had yet."""
    if len(at) == count:
        return values if type(values) is list else values.tolist()
    column = np.full(count, otherwise, object)
    column[at] = values
    return column.tolist()
