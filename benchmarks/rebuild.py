"""All card memory rebuilt from the journal, against the pure-Python `fsrs` replaying the same reviews.

    python benchmarks/rebuild.py [--reviews 1000000] [--per-card 10]

What prep does is opening a journal on disk without its cache: reading every entry, its JSON, FSRS, due dates, sums.
What the peer does is `Scheduler.review_card` on objects that are in memory already, for a sample whose results are
compared with prep's. `fsrs.Card()` without an id sleeps for a millisecond, so that the time it takes for its id is its
own; so the peer is shown as its README uses it, and with ids given, which is what replaying really takes. fsrs-rs, the
engine of both prep and Anki, is shown by itself, replaying items that are made already.

The goal is 100 times the peer with ids given. fsrs-rs by itself reaches it. A rebuild cannot: the peer takes about 8 µs
a review, and SQLite and Python alone take 0.8 µs to hand over a row and 0.6 µs to read its JSON.
"""

from __future__ import annotations

import argparse
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

import fsrs
from fsrs_rs_python import DEFAULT_PARAMETERS, FSRS, FSRSItem, FSRSReview

from prep_app.content.model import CardId
from prep_app.memory.journal import Journal
from prep_app.memory.journal_file import entry_id
from prep_app.memory.store import Memory
from prep_app.memory.types import New
from prep_app.paths import Home
from prep_app.settings import Settings

GOAL = 100  # times the peer
SAMPLE = 1000  # cards that the peer replays
START = datetime(2020, 1, 1, 12, tzinfo=UTC)
History = list[tuple[int, int]]  # rating, days since the review before


def histories(cards: int, per_card: int) -> list[History]:
    chance = random.Random(0)
    ratings = chance.choices((1, 2, 3, 4), (10, 10, 70, 10), k=cards * per_card)
    days = chance.choices(range(1, 60), k=cards * per_card)
    return [
        [(ratings[at], days[at] if at > first else 0) for at in range(first, first + per_card)]
        for first in range(0, cards * per_card, per_card)
    ]


def rows(held: list[History]) -> Iterator[tuple[str, int, str, str, str]]:
    """The entries of a journal in the order of time, as prep writes them: every card begun on the first day."""
    moments = []
    for number, history in enumerate(held):
        day = 0
        for rating, gone in history:
            day += gone
            moments.append((day, number, rating))
    moments.sort(key=lambda moment: moment[:2])
    start = int(START.timestamp() * 1000)
    for day, number, rating in moments:
        at, card = start + day * 86_400_000, f"card-{number}"
        body = {"rating": rating, "revision": 1, "offset": 0, "was": "review", "seconds": round(5 + number % 50 / 7, 3)}
        data = json.dumps(body)
        yield entry_id(at, "review", card, data), at, "review", card, data


def by_prep(held: list[History], root: Path) -> tuple[float, list[float]]:
    """Seconds for a rebuild, and the stabilities of the sample."""
    home = Home(root)
    Journal(home.journal, home.backups).close()
    with closing(sqlite3.connect(home.journal)) as journal:
        journal.executemany("INSERT INTO entry (id, at, kind, card, data) VALUES (?, ?, ?, ?, ?)", rows(held))
        journal.commit()
    start = time.perf_counter()
    memory = Memory.open(home, Settings(rollover_hour=0))
    taken = time.perf_counter() - start
    states = [memory.state(CardId(f"card-{number}")) for number in range(min(SAMPLE, len(held)))]
    memory.close()
    return taken, [state.stability for state in states if not isinstance(state, New)]


def by_fsrs(held: list[History], ids: bool) -> tuple[float, list[float]]:
    scheduler = fsrs.Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
    stabilities = []
    start = time.perf_counter()
    for number, history in enumerate(held):
        card = fsrs.Card(card_id=number) if ids else fsrs.Card()
        at = START
        for rating, days in history:
            at += timedelta(days=days)
            card, _ = scheduler.review_card(card, fsrs.Rating(rating), at)
        stabilities.append(card.stability or 0.0)
    return time.perf_counter() - start, stabilities


def by_fsrs_rs(held: list[History]) -> float:
    items = [FSRSItem([FSRSReview(rating, days) for rating, days in history]) for history in held]
    engine = FSRS(DEFAULT_PARAMETERS)
    start = time.perf_counter()
    engine.memory_state_batch(items)
    return time.perf_counter() - start


def measure(reviews: int, per_card: int) -> int:
    held = histories(reviews // per_card, per_card)
    sample = held[:SAMPLE]
    with tempfile.TemporaryDirectory() as folder:
        ours, stabilities = by_prep(held, Path(folder))
    as_in_readme, theirs = by_fsrs(sample, ids=False)
    with_ids, _ = by_fsrs(sample, ids=True)
    apart = max(abs(one / other - 1) for one, other in zip(stabilities, theirs, strict=True))
    count, few = len(held) * per_card, len(sample) * per_card
    rates = {
        "fsrs, Card() as in its README": few / as_in_readme,
        "fsrs, ids given": few / with_ids,
        "prep, from the journal on disk": count / ours,
        "fsrs-rs, items made already": few / by_fsrs_rs(sample),
    }
    print(f"{count:,} reviews of {len(held):,} cards; stabilities are {apart:.0e} apart at most\n")
    print(f"{'':<34}{'reviews a second':>18}{'× README':>11}{'× ids given':>13}")
    for name, rate in rates.items():
        readme, given = list(rates.values())[:2]
        print(f"{name:<34}{rate:>18,.0f}{rate / readme:>11.1f}{rate / given:>13.1f}")
    goal = GOAL * rates["fsrs, ids given"]
    print(f"\ngoal: {GOAL} × fsrs, ids given")
    for name in list(rates)[2:]:
        print(f"  {name}: {'met' if rates[name] >= goal else 'missed'}")
    return 0 if rates["prep, from the journal on disk"] >= goal and apart < 1e-3 else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=int, default=1_000_000)
    parser.add_argument("--per-card", type=int, default=10)
    options = parser.parse_args()
    return measure(options.reviews, options.per_card)


if __name__ == "__main__":
    sys.exit(main())
