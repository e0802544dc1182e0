"""Any number of machines, any order, interrupted anywhere: the same state everywhere, nothing lost or doubled."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from prep_app.cache import discard_cache
from prep_app.content.model import CardId
from prep_app.errors import UserError
from prep_app.interop.sync.connection import connected
from prep_app.memory.fold import fold_card
from prep_app.memory.journal import Journal
from prep_app.memory.journal_file import entry_id, file_damage
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.conftest import Clock
from tests.interop.sync.conftest import Database, ids, sync

CARDS = [CardId(name) for name in ("a", "b", "c")]
EACH = 6000  # entries: more than one batch


def test_a_server_killed_again_and_again_loses_and_doubles_nothing(database: Database, tmp_path: Path) -> None:
    role = database.learner()
    homes = [Home(tmp_path / f"{number}") for number in range(3)]
    for number, home in enumerate(homes):
        home.root.mkdir()
        card, data = f"card-{number}", '{"rating": 3}'
        journal = Journal(home.journal, home.backups)
        journal.add([(entry_id(at, "review", card, data), at, "review", card, data) for at in range(EACH)])
        journal.close()
    server = database.server
    cut, over = threading.Event(), threading.Event()

    def keep_syncing(home: Home) -> None:
        while not over.wait(0.02):
            try:
                with connected(database.address(role)) as connection:
                    sync(home, connection)
            except UserError:
                cut.set()

    threads = [threading.Thread(target=keep_syncing, args=(home,)) for home in homes]
    for thread in threads:
        thread.start()
    for rows_there in (1, EACH, 2 * EACH):  # killed with more of it there each time
        with database.admin() as admin:
            count = "SELECT count(*) FROM prep.entry WHERE learner = %s"
            while admin.execute(count, [role]).fetchone() < (rows_there,):
                time.sleep(0.01)
        cut.clear()
        server.kill()
        cut.wait()
        server.start()
    over.set()
    for thread in threads:
        thread.join()
    for home in homes:
        with connected(database.address(role)) as connection:
            sync(home, connection)
    assert database.one("SELECT count(*) FROM prep.entry WHERE learner = %s", role) == 3 * EACH
    assert [len(set(ids(home))) for home in homes] == [3 * EACH] * 3
    assert [file_damage(home.journal) for home in homes] == [None] * 3


class Fused(psycopg.Connection[tuple[Any, ...]]):
    """A connection that ends after so many statements: the server hangs up, or the learner presses Ctrl+C."""

    fuse = 1 << 30
    by_learner = False
    database: Database

    def execute(self, *words: Any, **options: Any) -> Any:
        done = super().execute(*words, **options)
        self.fuse -= 1
        if self.fuse == 0 and self.by_learner:
            raise KeyboardInterrupt
        if self.fuse == 0:
            self.database.one("SELECT pg_terminate_backend(%s, 5000)", self.info.backend_pid)
        return done


class Machines(RuleBasedStateMachine):
    """Three machines of one learner, whose clocks are off, do things and sync as it comes."""

    database: Database

    @initialize()
    def begin(self) -> None:
        self.role = self.database.learner()
        self.folder = Path(tempfile.mkdtemp())
        self.homes = [Home(self.folder / str(number)) for number in range(3)]
        for home in self.homes:
            home.root.mkdir()
        self.memories = [Memory.open(home, Settings()) for home in self.homes]
        self.now = Clock()

    def at(self, which: int) -> int:
        """Each machine has an hour of its own."""
        self.now.pass_seconds(40_000)
        return self.now() + (0, -7, 90)[which] * 3_600_000

    which = st.integers(0, 2)
    card = st.sampled_from(CARDS)

    @rule(which=which, card=card, rating=st.sampled_from(list(Rating)))
    def answer(self, which: int, card: CardId, rating: Rating) -> None:
        self.memories[which].answer(card, rating, at=self.at(which), seconds=3.0)

    @rule(which=which)
    def undo(self, which: int) -> None:
        self.memories[which].undo(self.at(which))

    @rule(which=which, card=card, what=st.sampled_from(["reset", "suspend", "unsuspend", "mark", "bury"]))
    def change(self, which: int, card: CardId, what: str) -> None:
        getattr(self.memories[which], what)(card, self.at(which))

    @rule(which=which, fuse=st.integers(1, 14), by_learner=st.booleans())
    def sync_cut_short(self, which: int, fuse: int, by_learner: bool) -> None:
        try:
            self.sync(which, fuse, by_learner)
        except (psycopg.OperationalError, KeyboardInterrupt):
            pass  # as it was meant

    @rule(which=which)
    def sync(self, which: int, fuse: int = 1 << 30, by_learner: bool = False) -> None:
        with closing(Fused.connect(self.database.url(self.role), autocommit=True)) as connection:
            connection.database, connection.fuse, connection.by_learner = self.database, fuse, by_learner
            sync(self.homes[which], connection)

    @rule(which=which)
    def lose_the_cache(self, which: int) -> None:
        self.memories[which].close()
        discard_cache(self.homes[which].cache)
        self.memories[which] = Memory.open(self.homes[which], Settings())

    @rule(back=st.integers(1, 6))
    def put_the_server_back(self, back: int) -> None:
        with self.database.admin() as admin:
            admin.execute(
                "DELETE FROM prep.entry WHERE learner = %s AND seq > "
                "(SELECT coalesce(max(seq), 0) FROM prep.entry WHERE learner = %s) - %s",
                [self.role, self.role, back],
            )

    def teardown(self) -> None:
        for which in (0, 1, 2, 0, 1, 2):
            self.sync(which)
        union = ids(self.homes[0])
        with self.database.admin() as admin:
            rows = admin.execute("SELECT id FROM prep.entry WHERE learner = %s ORDER BY id", [self.role]).fetchall()
        assert [row[0] for row in rows] == union
        folds = []
        for home, memory in zip(self.homes, self.memories, strict=True):
            assert ids(home) == union
            memory.refresh()
            folds.append({card: memory.fold(card) for card in CARDS})
            with closing(Journal(home.journal, home.backups)) as journal:
                anew = {card: journal.of_card(card, journal.tip()[0]) for card in CARDS}
            assert {card: fold_card(anew[card], Settings(), memory.parameters) for card in CARDS} == folds[-1]
            memory.close()
        assert folds[0] == folds[1] == folds[2]
        shutil.rmtree(self.folder)


def test_any_machines_in_any_order_interrupted_anywhere_come_to_the_same(database: Database) -> None:
    Machines.database = database
    run_state_machine_as_test(
        Machines,
        settings=settings(
            max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
