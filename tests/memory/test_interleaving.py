"""Whatever is done in whatever order, by two windows, with crashes in between: what stands is what the journal says."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from prep_app.content.model import CardId
from prep_app.memory.schedule import PARAMETERS
from prep_app.memory.store import Memory
from prep_app.memory.types import DemoNote, Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.conftest import DAY

MINUTE = 60_000
STEPS = 60
CARDS = [CardId(name) for name in ("a", "b", "c")]
CHANGES = ["bury", "suspend", "unsuspend", "reset", "mark", "unmark"]


def everything(memory: Memory) -> Any:
    folds = [(memory.state(card), memory.state(card, 2), memory.flags(card), memory.answers(card)) for card in CARDS]
    sums = (memory.spaced_reviews(), memory.seconds_per_card(), memory.empty(), memory.last_session())
    reviews = memory.reviews()
    assert sum(answers for answers, _ in memory.days().values()) == len(reviews)
    assert sum(right for _, right in memory.days().values()) == sum(one.rating > Rating.AGAIN for one in reviews)
    begun = [memory.introduced_on(day) for day in memory.days()]
    return folds, sums, memory.proofs(), memory.parameters, memory.days(), begun, reviews


class Windows:
    """Two windows on one folder, and a plain list of what they acknowledged."""

    def __init__(self, root: Path, seed: int) -> None:
        self.home = Home(root)
        self.chance = random.Random(seed)
        self.memories = [self.open(), self.open()]
        self.at = 1_770_000_000_000
        self.done: list[tuple[str, str]] = []  # what an undo takes back next, last: kind and id
        self.reviews: set[str] = set()

    def open(self) -> Memory:
        return Memory.open(self.home, Settings())

    def step(self) -> None:
        pick = self.chance.choice
        # Sometimes the clock is set back.
        self.at += pick([0, 0, 1, MINUTE, 3 * MINUTE, DAY, 5 * DAY, 60 * DAY, -2 * DAY])
        window = pick([0, 1])
        memory = self.memories[window]
        match pick(["answer"] * 8 + ["change"] * 3 + ["undo"] * 3 + ["refresh", "session", "demo", "fit"] + ["reopen", "crash", "no cache", "bad cache"]):  # fmt: skip
            case "answer":
                self.answer(memory)
            case "change":
                kind = pick(CHANGES)
                getattr(memory, kind)(pick(CARDS), self.at)
                self.done.append((kind, ""))
            case "undo":
                self.undo(memory)
            case "refresh":
                memory.refresh()
            case "session":
                memory.note_session({"waiting": [pick(CARDS)], "done": 1}, self.at)
            case "demo":
                passed = pick([True, False])
                memory.note_demo(DemoNote("merge", passed, {}, {}, {"exact": passed}, "cpu", 0.5), self.at)
            case "fit":
                parameters = [*PARAMETERS[:20], pick([0.1, 0.2, 0.5])]
                memory.note_fit({"parameters": parameters, "kept": pick([True, False]), "reviews": 400}, self.at)
            case "reopen":
                memory.close()
                self.memories[window] = self.open()
            case "crash":  # nothing goes into the snapshot
                self.memories[window] = self.open()
            case "no cache":
                for suffix in ("", "-wal", "-shm"):
                    self.home.cache.with_name(self.home.cache.name + suffix).unlink(missing_ok=True)
            case "bad cache":
                self.home.cache.write_bytes(b"garbage" * 100)

    def answer(self, memory: Memory) -> None:
        pick = self.chance.choice
        done = memory.answer(
            pick(CARDS),
            pick(list(Rating)),
            at=self.at - pick([0, 0, 0, MINUTE, 3 * DAY, 50 * DAY]),  # some are entered late
            seconds=pick([None, 2.5]),
            revision=pick([1, 1, 1, 2]),
            practice=pick([False, False, True]),
        )
        self.done.append(("review", done.entry))
        self.reviews.add(done.entry)

    def undo(self, memory: Memory) -> None:
        undone = memory.undo(self.at)
        if not self.done:
            assert undone is None
            return
        kind, ident = self.done.pop()
        assert undone is not None
        assert undone.kind == kind
        assert undone.entry == ident or not ident
        self.reviews.discard(undone.entry)

    def agree(self, elsewhere: Path) -> None:
        """Both windows, one opened now, and one that has nothing but the journal say the same."""
        for memory in self.memories:
            memory.refresh()
        held = everything(self.memories[0])
        assert {review.entry for review in held[-1]} == self.reviews
        assert everything(self.memories[1]) == held
        elsewhere.mkdir()
        copy = Home(elsewhere)
        with closing(sqlite3.connect(self.home.journal)) as source, closing(sqlite3.connect(copy.journal)) as target:
            source.backup(target)
        rebuilt, reopened = Memory.open(copy, Settings()), self.open()
        assert everything(rebuilt) == held
        assert everything(reopened) == held
        rebuilt.close()
        reopened.close()


@pytest.mark.parametrize("seed", range(10))
def test_the_cache_always_equals_a_rebuild_from_the_journal(seed: int, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    windows = Windows(tmp_path / "home", seed)
    for number in range(STEPS):
        windows.step()
        if number % 20 == 19:
            windows.agree(tmp_path / f"copy {number}")
    for memory in windows.memories:
        memory.close()
