"""A real server, a database on it, learners with a role each, and machines with a home each."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from prep_app.cli import run
from prep_app.content.library import library_for
from prep_app.content.model import CardId
from prep_app.interop.sync.connection import Address, address_for
from prep_app.interop.sync.exchange import Exchanged, exchange
from prep_app.interop.sync.schema import set_up
from prep_app.memory.journal import Journal
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.interop.sync.postgres import Postgres, programs

PASSWORD = "s3cret&w0rd"
NUMBERS = count()


@dataclass(frozen=True)
class Database:
    server: Postgres
    name: str

    def learner(self) -> str:
        """A new learner's role."""
        role = f"learner_{next(NUMBERS)}"
        with self.server.admin() as admin:
            admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}' IN ROLE prep_learner")
        return role

    def url(self, role: str) -> str:
        return self.server.url(role, "s3cret%26w0rd", self.name)

    def address(self, role: str) -> Address:
        return address_for(self.url(role), Settings())

    def admin(self) -> psycopg.Connection[tuple[Any, ...]]:
        return self.server.admin(self.name)

    def one(self, query: str, *values: Any) -> Any:
        with self.admin() as admin:
            row = admin.execute(query, values).fetchone()
        return row and row[0]


@dataclass
class Machine:
    """One of a learner's machines: prep on it, with a home of its own."""

    home: Home
    url: str
    capsys: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch
    said: str = field(default="", init=False)

    def prep(self, *words: str, status: int = 0) -> Any:
        """Run a command with --json; returns what it printed, and keeps in `said` what went to stderr."""
        self.patch.setenv("PREP_HOME", str(self.home.root))
        self.patch.setenv("PREP_SYNC_URL", self.url)
        got = run([*words, "--json"])
        out, self.said = self.capsys.readouterr()
        assert got == status, self.said
        return json.loads(out) if out else None

    def sync(self, *words: str, status: int = 0) -> Any:
        return self.prep("sync", *words, status=status)

    def answer(self, card: str) -> None:
        memory = self.memory()
        memory.answer(CardId(card), Rating.GOOD, at=1_700_000_000_000)
        memory.close()

    def memory(self) -> Memory:
        return Memory.open(self.home, Settings())


def sync(home: Home, connection: Any) -> Exchanged:
    """Sync a machine's journal over a connection of the test's own."""
    with closing(Journal(home.journal, home.backups)) as journal:
        return exchange(journal, connection, home.cache, lambda doing: None)


def ids(home: Home) -> list[str]:
    """The ids of all that is synced, in no order that matters."""
    with closing(sqlite3.connect(home.journal)) as journal:
        return sorted(row[0] for row in journal.execute("SELECT id FROM entry WHERE kind NOT IN ('session', 'demo')"))


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    if programs() is None:
        reason = "no PostgreSQL server here; on Debian and Ubuntu: apt-get install postgresql"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    held = Postgres()
    try:
        held.start()
        yield held
    finally:
        held.stop()


def new_database(server: Postgres) -> Database:
    name = f"prep_{next(NUMBERS)}"
    with server.admin() as admin:
        admin.execute(f"CREATE DATABASE {name}")
    set_up(address_for(server.admin_url(name), Settings()))
    return Database(server, name)


@pytest.fixture(scope="module")
def database(server: Postgres) -> Database:
    """Shared by the tests of a module; each has learners of its own."""
    return new_database(server)


@pytest.fixture
def cohort(server: Postgres) -> Database:
    """A database for one test alone: everybody in it sees the packs and the board."""
    return new_database(server)


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache.db with the built-in packs compiled, so that not every machine compiles them anew."""
    home = Home(tmp_path_factory.mktemp("compiled"))
    library_for(home)
    with closing(sqlite3.connect(home.cache)) as cache:
        cache.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return home.cache


@pytest.fixture
def machine(
    tmp_path: Path, compiled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Machine]:
    """Make a machine that syncs to an address."""

    def new(url: str) -> Machine:
        root = tmp_path / f"machine_{next(NUMBERS)}"
        root.mkdir(mode=0o700)
        shutil.copy(compiled, root / "cache.db")
        return Machine(Home(root), url, capsys, monkeypatch)

    return new
