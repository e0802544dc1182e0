"""All card memory rebuilt from the journal, against the pure-Python `fsrs` replaying the same reviews.

    python benchmarks/rebuild.py [--reviews 1000000] [--per-card 10] [--odd 0.05] [--runs 3]

The journal lies on disk as prep writes it; a share of the cards (--odd) also has a review that was undone, a mark and a
late practice. "prep, folded" is reading every entry, its JSON, study days, FSRS, due dates and sums, up to a table that
has all fields of all cards as Python values. "prep, opened" is Memory.open without its cache, which makes an object of
each card too. "prep, opened and kept" closes it as well, which writes all that into cache.db. Importing NumPy and
msgspec, which nothing but a large rebuild needs, is counted with each of the three.

What the peer does is `Scheduler.review_card` on objects that are in memory already, for a sample whose results are
compared with prep's. `fsrs.Card()` without an id sleeps for a millisecond, so that the time it takes for its id is its
own; so the peer is shown as its README uses it, and with ids given. fsrs-rs, the engine of both prep and Anki, is shown
by itself, replaying items that are made already. The fastest of all runs counts for each. prep reads with two or more
threads; the column "processor" is what all of them take together, and what stays the same on a busy machine.

The goal is 100 times the peer as its README uses it. 100 times the peer with ids given is out of reach for anything
that begins with a file: SQLite alone takes 0.2 µs of processor time to hand over an entry, when it hands over thousands
in one text, and that is three times what such a goal would leave for everything.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import fsrs
from fsrs_rs_python import DEFAULT_PARAMETERS, FSRS, FSRSItem, FSRSReview

from prep_app.cache import discard_cache, no_garbage
from prep_app.content.model import CardId
from prep_app.memory.days import DAY
from prep_app.memory.journal import Journal
from prep_app.memory.journal_file import entry_id
from prep_app.memory.replay import fold_cards
from prep_app.memory.schedule import PARAMETERS
from prep_app.memory.store import Memory
from prep_app.memory.types import New
from prep_app.paths import Home
from prep_app.settings import Settings

GOAL = 100  # times the peer as its README uses it
SAMPLE = 1000  # cards that the peer replays
START = datetime(2020, 1, 1, 12, tzinfo=UTC)
SETTINGS = Settings(rollover_hour=0)
README, GIVEN, ENGINE = "fsrs, Card() as in its README", "fsrs, ids given", "fsrs-rs, items made already"
PREP = FOLDED, OPENED, KEPT = "prep, folded", "prep, opened", "prep, opened and kept"
History = list[tuple[int, int]]  # rating, days since the review before
Row = tuple[str, int, str, str, str]  # id, at, kind, card, data


class Spent(NamedTuple):
    """Seconds by the clock, and of all processors."""

    wall: float
    processor: float

    @staticmethod
    def now() -> Spent:
        return Spent(time.perf_counter(), time.process_time())

    def until_now(self) -> Spent:
        wall, processor = Spent.now()
        return Spent(wall - self.wall, processor - self.processor)

    def and_then(self, other: Spent) -> Spent:
        return Spent(self.wall + other.wall, self.processor + other.processor)

    def for_each_of(self, reviews: int) -> Spent:
        """The same in µs for one review."""
        return Spent(self.wall / reviews * 1e6, self.processor / reviews * 1e6)


def histories(cards: int, per_card: int) -> list[History]:
    chance = random.Random(0)
    ratings = chance.choices((1, 2, 3, 4), (10, 10, 70, 10), k=cards * per_card)
    days = chance.choices(range(1, 60), k=cards * per_card)
    return [
        [(ratings[at], days[at] if at > first else 0) for at in range(first, first + per_card)]
        for first in range(0, cards * per_card, per_card)
    ]


def rows(held: list[History], odd: float) -> Iterator[Row]:
    """The entries of a journal in the order of time, as prep writes them: every card begun on the first day."""
    chance = random.Random(1)
    moments = []
    for number, history in enumerate(held):
        day = 0
        for rating, gone in history:
            day += gone
            moments.append((day, number, rating))
    moments.sort(key=lambda moment: moment[:2])
    start = int(START.timestamp() * 1000)
    for day, number, rating in moments:
        yield row(start + day * DAY, number, "review", answer(rating, chance))
    for number in chance.sample(range(len(held)), round(odd * len(held))):
        undone = row(start + (day + 1) * DAY, number, "review", answer(1, chance))
        yield undone
        yield row(start + (day + 1) * DAY + 1000, number, "undo", {"undone": undone[0]})
        yield row(start + (day + 1) * DAY + 2000, number, "mark", {})
        yield row(start + DAY // 2, number, "review", {**answer(3, chance), "practice": True})


def answer(rating: int, chance: random.Random) -> dict[str, Any]:
    seconds = round(chance.lognormvariate(3, 0.7), 3)
    return {"rating": rating, "revision": 1, "offset": 0, "was": "review", "seconds": seconds}


def row(at: int, number: int, kind: str, body: dict[str, Any]) -> Row:
    card, data = f"card-{number}", json.dumps(body)
    return entry_id(at, kind, card, data), at, kind, card, data


class Prep:
    """prep, with a journal of all these reviews."""

    def __init__(self, root: Path, held: list[History], odd: float) -> None:
        self.home = Home(root)
        self.cards = [CardId(f"card-{number}") for number in range(min(SAMPLE, len(held)))]
        Journal(self.home.journal, self.home.backups).close()
        with closing(sqlite3.connect(self.home.journal)) as journal:
            journal.executemany("INSERT INTO entry (id, at, kind, card, data) VALUES (?, ?, ?, ?, ?)", rows(held, odd))
            journal.commit()
            self.entries = journal.execute("SELECT count(*) FROM entry").fetchone()[0]

    def folded(self) -> Spent:
        """What a table of all cards takes."""
        with closing(Journal(self.home.journal, self.home.backups)) as journal, no_garbage():
            start = Spent.now()
            fold_cards(journal, self.entries, SETTINGS, PARAMETERS)
            return start.until_now()

    def opened(self) -> tuple[Spent, Spent, list[float]]:
        """What it takes until the memory is open, and until it is kept too; the stabilities of the sample."""
        discard_cache(self.home.cache)
        start = Spent.now()
        memory = Memory.open(self.home, SETTINGS)
        opened = start.until_now()
        states = [memory.state(card) for card in self.cards]
        start = Spent.now()
        memory.close()
        stabilities = [state.stability for state in states if not isinstance(state, New)]
        return opened, opened.and_then(start.until_now()), stabilities


def imported() -> Spent:
    """What it takes to import what a large rebuild needs and nothing else does."""
    start = Spent.now()
    importlib.import_module("prep_app.memory.card_columns")
    return start.until_now()


def by_fsrs(held: list[History], ids: bool) -> tuple[Spent, list[float]]:
    scheduler = fsrs.Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
    stabilities = []
    start = Spent.now()
    for number, history in enumerate(held):
        card = fsrs.Card(card_id=number) if ids else fsrs.Card()
        at = START
        for rating, days in history:
            at += timedelta(days=days)
            card, _ = scheduler.review_card(card, fsrs.Rating(rating), at)
        stabilities.append(card.stability or 0.0)
    return start.until_now(), stabilities


def by_fsrs_rs(held: list[History]) -> Spent:
    items = [FSRSItem([FSRSReview(rating, days) for rating, days in history]) for history in held]
    engine = FSRS(DEFAULT_PARAMETERS)
    start = Spent.now()
    engine.memory_state_batch(items)
    return start.until_now()


def measure(reviews: int, per_card: int, odd: float, runs: int) -> int:
    imports = imported()
    held = histories(reviews // per_card, per_card)
    sample = held[:SAMPLE]
    spent: dict[str, list[Spent]] = {name: [] for name in (README, GIVEN, FOLDED, OPENED, KEPT, ENGINE)}
    with tempfile.TemporaryDirectory() as folder:
        prep = Prep(Path(folder), held, odd)
        for _ in range(runs):
            as_in_readme, theirs = by_fsrs(sample, ids=False)
            opened, kept, ours = prep.opened()
            spent[README].append(as_in_readme)
            spent[GIVEN].append(by_fsrs(sample, ids=True)[0])
            spent[FOLDED].append(imports.and_then(prep.folded()))
            spent[OPENED].append(imports.and_then(opened))
            spent[KEPT].append(imports.and_then(kept))
            spent[ENGINE].append(by_fsrs_rs(sample))
    apart = max(abs(one / other - 1) for one, other in zip(ours, theirs, strict=True))
    print(f"{prep.entries:,} entries of {len(held):,} cards; stabilities are {apart:.0e} apart at most")
    print(f"{FOLDED}: {min(spent[FOLDED]).wall:.2f} s, of which imports {imports.wall:.2f} s\n")
    count, few = len(held) * per_card, len(sample) * per_card
    each = {name: min(runs).for_each_of(count if name in PREP else few) for name, runs in spent.items()}
    print(f"{'µs a review':<34}{'time':>8}{'processor':>11}{'× README':>11}{'× ids given':>13}")
    for name, (wall, processor) in each.items():
        print(
            f"{name:<34}{wall:>8.2f}{processor:>11.2f}{each[README].wall / wall:>11.1f}{each[GIVEN].wall / wall:>13.1f}"
        )
    met = each[FOLDED].wall * GOAL <= each[README].wall
    print(f"\ngoal: {FOLDED} at {GOAL} × {README}: {'met' if met else 'missed'}")
    return 0 if met and apart < 1e-3 else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=int, default=1_000_000)
    parser.add_argument("--per-card", type=int, default=10)
    parser.add_argument("--odd", type=float, default=0.05)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    return measure(options.reviews, options.per_card, options.odd, options.runs)


if __name__ == "__main__":
    sys.exit(main())
