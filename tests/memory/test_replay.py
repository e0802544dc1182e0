"""All folded at once gives exactly what entry by entry gave, in a small journal and in a large one."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from prep_app.content.model import CardId
from prep_app.errors import UserError
from prep_app.memory import card_columns, card_entries, replay
from prep_app.memory.card_columns import fold_columns
from prep_app.memory.card_entries import Unusual, read_entries
from prep_app.memory.card_table import CardTable
from prep_app.memory.fold import CardFold
from prep_app.memory.journal import Entry, Journal
from prep_app.memory.replay import fold_cards, fold_one_by_one
from prep_app.memory.schedule import PARAMETERS, Parameters
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.conftest import DAY, Clock

OTHERS: Parameters = (0.05, 0.15, 0.4, 1.0, *PARAMETERS[4:20], 0.3)
MINUTE = 60_000
ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"]


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every journal is a large one, and is read and folded in many parts."""
    monkeypatch.setattr(replay, "LARGE", 1)
    monkeypatch.setattr(card_entries, "AT_ONCE", 37)
    monkeypatch.setattr(card_columns, "AT_ONCE", 53)


@pytest.fixture
def journal(home: Home) -> Iterator[Journal]:
    with closing(Journal(home.journal, home.backups)) as journal:
        yield journal


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


def folds_of(table: CardTable) -> dict[str, CardFold]:
    return {card: CardFold.from_row(row) for card, *row in table.rows()}


def a_life(journal: Journal, seed: int, entries: int = 300) -> None:
    """Write all that can happen to cards, some of it late, at the same moment, or by a clock that was set back."""
    chance = random.Random(seed)
    pick = chance.choice
    at, cards, held = 1_770_000_000_000, [f"card-{number}" for number in range(25)], list[Entry]()
    for _ in range(entries):
        at += pick([0, 0, 1, MINUTE, DAY // 3, DAY, 5 * DAY, -2 * DAY])
        card, kind = pick(cards), pick(["review"] * 24 + ["undo"] * 2 + ["mark", "unmark", "suspend", "unsuspend", "bury", "reset", "demo"])  # fmt: skip
        data: dict[str, Any] = {}
        if kind == "review":
            data |= {"rating": pick([1, 2, 3, 3, 4]), "revision": pick([1] * 20 + [2, 3])}
            data |= pick([{}, {"offset": 120}, {"offset": -300}, {"offset": 345}])
            data |= pick([{}, {"seconds": 3}, {"seconds": round(30 * chance.random(), 3)}])
            data |= pick([{}] * 9 + [{"practice": True}])
        elif kind == "bury":
            data |= pick([{}, {"offset": 60}])
        elif kind == "undo":
            if not held:
                continue
            undone = pick(held)
            card, data = undone.card or "", {"undone": pick([undone.id] * 9 + ["elsewhere"])}
        elif kind == "demo":
            journal.append(kind, at, None, {"name": "merge", "checks": {}})
            continue
        done = journal.append(kind, at - pick([0, 0, 0, MINUTE, 3 * DAY]), card, data)
        if kind != "undo":
            held.append(done)


@pytest.mark.usefixtures("large")
def test_columns_give_exactly_what_entry_by_entry_gives(zone: str, journal: Journal) -> None:
    seed = ZONES.index(zone)
    a_life(journal, seed)
    settings = Settings(rollover_hour=seed, desired_retention=0.8 + seed / 50)
    for until in (journal.tip()[0], 217, 1):
        one_by_one = fold_one_by_one(journal, until, settings, OTHERS)
        in_columns = fold_columns(read_entries(journal.path, until), settings, OTHERS)
        assert repr(list(in_columns.rows())) == repr(list(one_by_one.rows()))  # not 1 for 1.0 either
        assert in_columns.days == one_by_one.days


@pytest.mark.parametrize(
    ("parameters", "settings"), [(PARAMETERS, Settings()), (OTHERS, Settings(desired_retention=0.8, rollover_hour=0))]
)
@pytest.mark.parametrize("size", ["small", "large"])
def test_a_rebuild_is_what_answer_by_answer_gave(
    parameters: Parameters, settings: Settings, size: str, home: Home, clock: Clock, request: pytest.FixtureRequest
) -> None:
    if size == "large":
        request.getfixturevalue("large")
    memory = Memory.open(home, settings)
    memory.note_fit({"parameters": list(parameters), "kept": True, "reviews": 0}, clock())
    chance = random.Random(3)
    cards = [CardId(f"card-{number}") for number in range(40)]
    for _ in range(400):
        clock.at += chance.choice([0, 60_000, 6 * 60_000, DAY // 3, DAY, 5 * DAY])
        card = chance.choice(cards)
        seconds = chance.choice([None, 2.5, 17.1])
        memory.answer(card, Rating(chance.choice([1, 2, 2, 3, 3, 4])), at=clock.at, seconds=seconds)
    memory.mark(cards[0], clock())
    held = [(memory.state(card), memory.answers(card), memory.flags(card)) for card in cards]
    sums = memory.spaced_reviews(), memory.seconds_per_card()
    memory.close()
    home.cache.unlink()
    rebuilt = Memory.open(home, settings)
    assert [(rebuilt.state(card), rebuilt.answers(card), rebuilt.flags(card)) for card in cards] == held
    assert (rebuilt.spaced_reviews(), rebuilt.seconds_per_card()) == pytest.approx(sums)
    rebuilt.close()


@pytest.mark.usefixtures("large")
def test_ids_from_before_0_2_are_read_beside_newer_ones(journal: Journal) -> None:
    for number in range(3):
        journal.append("review", DAY * (number + 9), "card", {"rating": 3})
    write(
        journal,
        "INSERT INTO entry (id, at, kind, card, data) VALUES (?, ?, 'review', 'card', '{\"rating\": 3}')",
        "a" * 32,
        40 * DAY,
    )
    folds = folds_of(fold_columns(read_entries(journal.path, 4), Settings(), PARAMETERS))
    assert folds == folds_of(fold_one_by_one(journal, 4, Settings(), PARAMETERS))
    assert folds["card"].last_id == "a" * 32


def write(journal: Journal, query: str, *values: object) -> None:
    """Write into the file as no prep does."""
    with closing(sqlite3.connect(journal.path)) as connection:
        connection.execute("DROP TRIGGER entry_never_changes")
        connection.execute(query, values)
        connection.commit()


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    "change",
    [
        "at = 'noon'",
        "at = 9e99",
        "data = 'null'",
        "data = '{\"rating\": 3'",
        "data = replace(data, '3', '9')",
        "data = replace(data, '3', '\"3\"')",
        "data = CAST(x'7bff7d' AS TEXT)",
        'data = \'{"rating": 3}, {"rating": 3}\'',
        "id = 7",
        "id = substr(id, 2)",
        "card = x'00'",
    ],
)
def test_what_prep_never_wrote_is_told_with_the_entry_that_holds_it(change: str, journal: Journal) -> None:
    for number in range(60):
        journal.append("review", DAY * (number + 9), f"card-{number % 7}", {"rating": 3, "offset": 0})
    write(journal, f"UPDATE entry SET {change} WHERE seq = 41")
    with pytest.raises(UserError, match=r"entry 41 .*prep doctor|cannot be read \(.*prep doctor"):
        fold_cards(journal, 60, Settings(), PARAMETERS)


@pytest.mark.usefixtures("large")
def test_an_answer_of_the_year_3000_is_left_to_folding_one_by_one(journal: Journal) -> None:
    journal.append("review", DAY * 9, "card", {"rating": 3, "offset": 0})
    journal.append("review", DAY * 365 * 1030, "card", {"rating": 1, "offset": 0})
    with pytest.raises(Unusual):
        fold_columns(read_entries(journal.path, 2), Settings(), PARAMETERS)
    folds = folds_of(fold_cards(journal, 2, Settings(), PARAMETERS))
    assert folds["card"].answers == 2


def test_a_small_journal_is_folded_without_numpy(home: Home, journal: Journal) -> None:
    a_life(journal, 0, 200)
    program = (
        "import sys; from pathlib import Path; from prep_app.paths import Home; from prep_app.settings import Settings; "
        "from prep_app.memory.store import Memory; memory = Memory.open(Home(Path(sys.argv[1])), Settings()); "
        "assert not memory.empty(); print('numpy' in sys.modules, 'msgspec' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program, home.root], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False"]
