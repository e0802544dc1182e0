"""Search in a library of many cards: each kind of query against a plain scan for the same letters, in the same run.

    python benchmarks/browse.py [--cards 100000] [--rounds 15]

The cards are synthetic and always the same: words drawn as often as in English prose (Zipf's law), and each term
of the field in a sixth of the cards. The peer holds the same texts in a plain SQLite table and counts the rows that are
`LIKE '%…%'`, as an app without an index would. Each search also lists the best 200 cards, as the screen does. The goal
is 50 ms at the 95th percentile, whatever is typed.
"""

from __future__ import annotations

import argparse
import random
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

from prep_app.content.body import KeyPoint, Numeric, Recall
from prep_app.content.model import Card, CardId, DemoLink, Library, Pack, Question, QuestionId
from prep_app.content.search import open_index, texts
from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.practice.browse import SHOWN, Browse
from prep_app.settings import Settings

GOAL = 0.050  # seconds
AT = 1_767_225_600_000  # a moment in UTC ms; which one makes no difference
TERMS = re.findall(
    r"\S+",
    "LoRA QLoRA rank=16 NF4 bf16 α λ Fisher EWC merging adapters catastrophic forgetting prefix DoRA IA3 gradient "
    "perplexity softmax rehearsal",
)
SYLLABLES = re.findall("..", "tarinosevelomugaprediensubatonelacirostelaniorediningquiwhoghisucomperten")
# (what is typed, what the scan looks for); without the latter there is no peer
QUERIES: list[tuple[str, tuple[str, ...]]] = [
    ("catastrophic", ("catastrophic",)),
    ("rank=16", ("rank=16",)),
    ("q4-α", ("q4-α",)),
    ('"catastrophic forgetting"', ("catastrophic forgetting",)),
    ("lora merging", ("lora", "merging")),
    ("lora kind:numeric", ("lora", "numeric")),
    ("lora -fisher", ("lora", "-fisher")),
    ("question:Q4999", ("q4999",)),
    ("is:new topic:ewc", ()),
    ("no such word", ("no", "such", "word")),
    ("l", ("l",)),
    ("e", ("e",)),
    ("lo", ("lo",)),
    ("e a t", ("e", "a", "t")),
    ("l kind:numeric -is:marked", ("l", "numeric")),
]


def library(count: int) -> Library:
    """`count` cards, twenty to a question."""
    draw = random.Random(4)
    words = sorted({"".join(draw.choices(SYLLABLES, k=draw.randint(1, 4))) for _ in range(30_000)})
    draw.shuffle(words)
    often = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
    stream = draw.choices(words, cum_weights=often, k=1_000_000)

    def prose(length: int, *terms: str) -> str:
        start = draw.randrange(len(stream) - length)
        said = stream[start : start + length]
        for term in terms:
            said.insert(draw.randrange(length), term)
        return " ".join(said)

    def card(number: int) -> Card:
        body = Numeric((), "1", "", prose(8)) if number % 7 == 0 else Recall((KeyPoint(prose(10)), KeyPoint(prose(10))))
        return Card(
            id=CardId(f"q{number // 20}-{draw.choice(TERMS).lower()}-{number}"),
            question=QuestionId(f"Q{number // 20}"),
            topic=draw.choice(TERMS),
            prompt=prose(12, draw.choice(TERMS)),
            answer=prose(60, draw.choice(TERMS)),
            body=body,
            hint=prose(6),
            demo=DemoLink("lora_merge") if number % 10 == 0 else None,
            tags=("trap",) if number % 9 == 0 else (),
        )

    questions = tuple(
        Question(
            id=QuestionId(f"Q{first // 20}"),
            pack="synthetic",
            title="",
            ask="",
            short="",
            full="",
            key_points=(),
            mistakes=(),
            follow_ups=(),
            claims=(),
            demos=(),
            sources=(),
            cards=tuple(card(number) for number in range(first, min(count, first + 20))),
        )
        for first in range(0, count, 20)
    )
    return Library((Pack("synthetic", "Synthetic", "", questions),))


def plain_table(cards: tuple[Card, ...]) -> sqlite3.Connection:
    plain = sqlite3.connect(":memory:")
    plain.execute("CREATE TABLE plain (text TEXT)")
    plain.executemany("INSERT INTO plain VALUES (?)", ((" ".join(texts(card)),) for card in cards))
    return plain


def timed(work: Callable[[], object], rounds: int) -> list[float]:
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return times[1:]  # the first one warms up


def measure(count: int, rounds: int, folder: Path) -> int:
    cards = library(count)
    home = Home(folder)
    start = time.perf_counter()
    index = open_index(cards, home.cache)
    built = time.perf_counter() - start
    start = time.perf_counter()
    open_index(cards, home.cache).close()
    again = time.perf_counter() - start
    plain = plain_table(index.cards)
    megabytes = sum(len(" ".join(texts(card)).encode()) for card in index.cards) / 1e6
    size = home.cache.stat().st_size / 1e6
    print(f"{count:,} cards, {megabytes:.0f} MB of text; the index is made in {built:.1f} s and has {size:.0f} MB")
    print(f"an index that stands already is opened in {again:.2f} s")

    memory = Memory.open(home, Settings())
    browse = Browse(cards, memory, Settings(), index)
    start = time.perf_counter()
    browse.find("is:due", AT)
    states = 1000 * (time.perf_counter() - start)
    print(f"how every card stands is looked at in {states:.0f} ms, at most twice a minute\n")
    met = True
    print(f"{'query':<28}{'cards':>8}{'median ms':>11}{'95 % ms':>9}{'LIKE ms':>9}{'of LIKE':>9}")
    for typed, letters in QUERIES:
        found = browse.find(typed, AT)
        assert len(found.cards) == min(SHOWN, found.total)
        times = timed(lambda typed=typed: browse.find(typed, AT), rounds)
        median, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        met &= p95 <= GOAL
        row = f"{typed:<28}{found.total:>8,}{1000 * median:>11.1f}{1000 * p95:>9.1f}"
        if letters:
            tests = ["text NOT LIKE ?" if part.startswith("-") else "text LIKE ?" for part in letters]
            sql = f"SELECT count(*) FROM plain WHERE {' AND '.join(tests)}"
            values = [f"%{part.removeprefix('-')}%" for part in letters]
            scan = statistics.median(timed(lambda sql=sql, values=values: plain.execute(sql, values).fetchall(), 3))
            row += f"{1000 * scan:>9.0f}{median / scan:>9.3f}"
        print(row, flush=True)
    memory.close()
    browse.close()
    print(f"\ngoal: 95 % ≤ {1000 * GOAL:.0f} ms for every query: {'met' if met else 'missed'}")
    return 0 if met else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cards", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return measure(options.cards, options.rounds, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
