"""What the journal folded to, in tables: of cache.db, or of a database in memory where that cannot be used.

A start then folds only what is new, and what is due is looked up, not looked for. It may be lost at any time.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prep_app.cache import no_garbage, open_cache
from prep_app.content.kept import listed_row
from prep_app.content.model import Library
from prep_app.memory.card_table import CardTable
from prep_app.memory.fold import CardFold
from prep_app.memory.parameters import Chosen
from prep_app.memory.proofs import Proofs
from prep_app.memory.schedule import recall_at
from prep_app.memory.types import Proof

_FOLD = f"INSERT OR REPLACE INTO fold VALUES (?{', ?' * 22})"
_NOT_LEARNED = "f.stability IS NULL OR f.revision < d.revision"
_DECK = """CREATE TEMP TABLE deck (
    place INTEGER PRIMARY KEY, id TEXT UNIQUE, question TEXT, topic TEXT, kind TEXT, revision INTEGER,
    difficulty INTEGER, needs TEXT, tags TEXT, demo TEXT, turn INTEGER UNIQUE)"""
Values = Sequence[Any] | Mapping[str, Any]
Days = Mapping[tuple[int, bool], int]  # study day, and whether it was not failed -> answers


@dataclass(frozen=True, slots=True)
class Head:
    """Up to which entry was folded, what else that depends on, and sums over all cards (of what CardFold has)."""

    seq: int
    tip: str
    stamp: list[Any]
    fit: Chosen
    milliseconds: int = 0
    timed: int = 0
    spaced: int = 0

    def with_card(self, before: CardFold, after: CardFold) -> Head:
        milliseconds = _milliseconds(after.seconds) - _milliseconds(before.seconds)
        return self.plus(milliseconds, after.timed - before.timed, after.spaced - before.spaced)

    def plus(self, milliseconds: int, timed: int, spaced: int) -> Head:
        sums = self.milliseconds + milliseconds, self.timed + timed, self.spaced + spaced
        return Head(self.seq, self.tip, self.stamp, self.fit, *sums)


def seen(path: Path) -> tuple[int, str]:
    """Return the number and the id of the last entry that was folded into the cache at `path`; (0, "") without one."""
    try:
        with closing(open_cache(path)) as cache:
            return cache.execute("SELECT seq, tip FROM head").fetchone() or (0, "")
    except (sqlite3.Error, OSError):
        return 0, ""


class Folded:
    """The tables. Every method may raise sqlite3.Error; one thread at a time."""

    def __init__(self, path: Path | None) -> None:
        """Open the cache at `path`; without one, tables in memory. Raises sqlite3.Error or OSError."""
        self.kept = path is not None
        self._connection = open_cache(path)
        self._connection.execute("PRAGMA temp_store=MEMORY")
        self._connection.create_function("recall", 4, _recall, deterministic=True)
        self._deck: tuple[Library, int | None] | None = None  # whose cards `deck` holds, and their number here

    def close(self) -> None:
        self._connection.close()

    # Reading

    def head(self) -> Head | None:
        row = self._connection.execute("SELECT * FROM head").fetchone()
        if row is None:
            return None
        seq, tip, stamp, fit, *sums = row
        at, ident, parameters = json.loads(fit)
        return Head(seq, tip, json.loads(stamp), Chosen(at, ident, tuple(parameters)), *sums)

    def fold(self, card: str) -> CardFold:
        row = self._connection.execute("SELECT * FROM fold WHERE card = ?", (card,)).fetchone()
        return CardFold() if row is None else CardFold.from_row(row[1:])

    def proofs(self) -> Proofs:
        rows = self._connection.execute("SELECT * FROM proof")
        return {(demo, claim): Proof(bool(held), *rest) for demo, claim, held, *rest in rows}

    def rows(self, query: str, values: Values = ()) -> list[Any]:
        return self._connection.execute(query, values).fetchall()

    def beside(self, library: Library, query: str, values: Values = ()) -> list[Any]:
        """Ask about the cards of a library, which stand in a table `deck` then, and those not learned in `fresh`."""
        self._lay_out(library)
        return self.rows(query, values)

    # Writing

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing, and nobody else meanwhile."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise

    def begin_anew(self, head: Head, cards: CardTable, proofs: Proofs) -> Head:
        """Put all that stands in the place of what stood, unless another window has; returns what stands now."""
        with no_garbage(), self.writing():
            standing = self.head()
            if standing is not None and standing.stamp == head.stamp and standing.seq >= head.seq:
                return standing
            for table in ("head", "fold", "proof", "day"):
                self._connection.execute(f"DELETE FROM {table}")
            self._connection.execute("UPDATE library SET laid_out = 0")
            self._connection.executemany(_FOLD, cards.rows())
            seconds, timed, spaced = (cards.columns[name] for name in ("seconds", "timed", "spaced"))
            head = head.plus(sum(map(_milliseconds, seconds)), sum(timed), sum(spaced))
            self.write(head, {}, proofs, cards.days)
            return head

    def write(self, head: Head, folds: Mapping[str, CardFold], proofs: Proofs, days: Days) -> None:
        """Write what changed; `days` is added to what they hold."""
        run = self._connection.execute
        fit = json.dumps([head.fit.at, head.fit.id, head.fit.parameters])
        run("DELETE FROM head")
        sums = (head.milliseconds, head.timed, head.spaced)
        run("INSERT INTO head VALUES (?, ?, ?, ?, ?, ?, ?)", (head.seq, head.tip, json.dumps(head.stamp), fit, *sums))
        self._connection.executemany(_FOLD, ((card, *folds[card].row()) for card in sorted(folds)))
        self._keep_up(folds)
        for (demo, claim), proof in proofs.items():
            values = (demo, claim, proof.held, proof.device, proof.seconds, proof.at)
            run("INSERT OR REPLACE INTO proof VALUES (?, ?, ?, ?, ?, ?)", values)
        for (day, passed), answers in days.items():
            run(
                "INSERT INTO day VALUES (?, ?, ?) ON CONFLICT (day) "
                "DO UPDATE SET answers = answers + excluded.answers, passed = passed + excluded.passed",
                (day, answers, answers * passed),
            )

    # A library's cards

    def _lay_out(self, library: Library) -> None:
        """Make `deck` and `fresh` stand for a library: for its rows where they are in this cache, else for copies."""
        number = None
        if library.kept is not None:
            for number, laid_out in self.rows(
                "SELECT number, laid_out FROM library WHERE key = ?", (library.kept.key,)
            ):
                if not laid_out:
                    self._find_new(number)
        if self._deck is not None:
            if self._deck[0] is library and self._deck[1] == number:
                return
            self._connection.execute("DROP VIEW temp.fresh")
            self._connection.execute(f"DROP {'TABLE' if self._deck[1] is None else 'VIEW'} temp.deck")
            self._deck = None
        if number is None:
            self._connection.execute(_DECK)
            rows = ((place, *listed_row(card)) for place, card in enumerate(library.listed()))
            self._connection.executemany("INSERT INTO deck VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            self._connection.execute(
                "CREATE TEMP VIEW fresh AS SELECT d.* FROM deck d LEFT JOIN main.fold f ON f.card = d.id "
                f"WHERE {_NOT_LEARNED}"
            )
        else:
            self._connection.execute(f"CREATE TEMP VIEW deck AS SELECT * FROM main.card WHERE library = {number:d}")
            self._connection.execute(
                "CREATE TEMP VIEW fresh AS SELECT n.turn, d.id, d.question, d.topic, d.needs FROM main.not_begun n "
                f"CROSS JOIN main.card d ON d.library = n.library AND d.turn = n.turn WHERE n.library = {number:d}"
            )
        self._deck = library, number

    def _find_new(self, number: int) -> None:
        """Look through a library once; from then on `write` keeps up with what is learned of it."""
        with self.writing():
            self._connection.execute("DELETE FROM not_begun WHERE library = ?", (number,))
            self._connection.execute(
                "INSERT INTO not_begun SELECT d.library, d.turn, d.id FROM main.card d "
                f"LEFT JOIN fold f ON f.card = d.id WHERE d.library = ? AND ({_NOT_LEARNED})",
                (number,),
            )
            self._connection.execute("UPDATE library SET laid_out = 1 WHERE number = ?", (number,))

    def _keep_up(self, cards: Iterable[str]) -> None:
        changed = json.dumps(list(cards))
        self._connection.execute("DELETE FROM not_begun WHERE id IN (SELECT value FROM json_each(?))", (changed,))
        self._connection.execute(
            "INSERT INTO not_begun SELECT d.library, d.turn, d.id FROM json_each(?) j CROSS JOIN library l "
            "CROSS JOIN main.card d ON d.library = l.number AND d.id = j.value LEFT JOIN fold f ON f.card = d.id "
            f"WHERE l.laid_out AND ({_NOT_LEARNED})",
            (changed,),
        )


def _recall(stability: float | None, last_ms: int, decay: float, at: int) -> float:
    """`recall` of a card as SQL has it."""
    return 0.0 if stability is None else recall_at(stability, last_ms, decay, at)


def _milliseconds(seconds: float) -> int:
    """A card's seconds as a whole number, so that sums come out the same in whatever order they are made."""
    return round(1000 * seconds)
