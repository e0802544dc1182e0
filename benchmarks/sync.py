"""Syncing through PostgreSQL: rows a second against psycopg's COPY, and many machines with the server killed meanwhile.

    python benchmarks/sync.py [--machines 100] [--reviews 10000] [--learners 25] [--at-once 4] [--rows 50000] [--runs 3]

* send: what `prep sync` needs to send a journal of ROWS reviews: read and checked here, in transactions of 5000 there.
  The limit is one COPY … FROM STDIN of the same rows into a table with the same indexes and checks, but without
  row-level security, which COPY … FROM does not go with.
* receive: what it needs to get them into an empty journal, checked and durable (SQLite, synchronous=FULL). The limit is
  COPY … TO STDOUT of the same rows, read by psycopg and dropped.
  Both take turns in each run, on one connection each; the median of the runs is shown.
* machines: MACHINES journals of REVIEWS reviews each, of LEARNERS learners, sync AT-ONCE at a time until every machine
  has all of its learner's. Once half of all reviews are there the server is killed (SIGKILL) and started again. Then
  every journal is compared with the union, id by id, and so is the server.

The server is a real one of its own, from the distribution's package, with its settings left as they are (fsync=on).
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from prep_app.errors import UserError  # noqa: E402
from prep_app.interop.sync.connection import Connection, address_for, connected  # noqa: E402
from prep_app.interop.sync.exchange import exchange  # noqa: E402
from prep_app.interop.sync.schema import set_up  # noqa: E402
from prep_app.memory.journal import Journal, NewRow  # noqa: E402
from prep_app.memory.journal_file import entry_id  # noqa: E402
from prep_app.paths import Home  # noqa: E402
from prep_app.settings import Settings  # noqa: E402
from tests.interop.sync.postgres import Postgres  # noqa: E402

DATABASE = "prep"
FIRST = 1_700_000_000_000  # UTC ms
CARDS = 500
COLUMNS = "seq, push, id, at, kind, card, data"


def reviews(count: int, seed: int) -> list[NewRow]:
    draw = random.Random(seed)
    rows: list[NewRow] = []
    for number in range(count):
        at, card = FIRST + number * 20_000, f"card-{draw.randrange(CARDS):06}"
        data = f'{{"rating": {draw.randint(1, 4)}, "revision": 1, "offset": 60, "was": "review", "seconds": 12.345}}'
        rows.append((entry_id(at, "review", card, data), at, "review", card, data))
    return rows


def url_of(server: Postgres, learner: int) -> str:
    return server.url(f"learner_{learner}", "benchmark", DATABASE)


def new_learner(server: Postgres, learner: int) -> str:
    with server.admin() as admin:
        admin.execute(f"CREATE ROLE learner_{learner} LOGIN PASSWORD 'benchmark' IN ROLE prep_learner")
    return url_of(server, learner)


def new_home(folder: Path, rows: list[NewRow]) -> Home:
    folder.mkdir(parents=True)
    home = Home(folder)
    with closing(Journal(home.journal, home.backups)) as journal:
        if rows:
            journal.add(rows)
    return home


def sync(home: Home, connection: Connection) -> None:
    with closing(Journal(home.journal, home.backups)) as journal:
        exchange(journal, connection, home.cache, lambda doing: None)


# Rows a second


def copy_in(connection: Any, rows: list[NewRow]) -> None:
    with connection.cursor().copy(f"COPY copied ({COLUMNS}) FROM STDIN".encode()) as copy:
        for number, row in enumerate(rows, 1):
            copy.write_row((number, 1, *row))


def copy_out(connection: Any) -> None:
    with connection.cursor().copy("COPY (SELECT id, at, kind, card, data FROM copied) TO STDOUT") as copy:
        for _ in copy.rows():
            pass


def rate(count: int, work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)


def measure_rates(server: Postgres, folder: Path, count: int, runs: int) -> None:
    rates: dict[str, list[float]] = {name: [] for name in ("COPY in", "send", "COPY out", "Journal.add", "receive")}
    for run in range(runs):
        rows = reviews(count, run)
        url = new_learner(server, 1_000 + run)
        full, empty = (new_home(folder / f"{run}-{name}", held) for name, held in (("full", rows), ("empty", [])))
        with server.admin(DATABASE) as plain, connected(address_for(url, Settings())) as ours:
            plain.execute("DROP TABLE IF EXISTS copied; CREATE TABLE copied (LIKE prep.entry INCLUDING ALL)")
            for name, work in (
                ("COPY in", partial(copy_in, plain, rows)),
                ("send", partial(sync, full, ours)),
                ("COPY out", partial(copy_out, plain)),
                ("Journal.add", partial(new_home, folder / f"{run}-added", rows)),
                ("receive", partial(sync, empty, ours)),
            ):
                rates[name].append(rate(count, work))
    middle = {name: statistics.median(held) for name, held in rates.items()}
    print(f"\n{count} reviews, median of {runs} runs{'':<14}{'rows/s':>10}{'of COPY':>9}{'lowest':>10}{'highest':>10}")
    for name, held in rates.items():
        limit = middle["COPY in" if name in ("COPY in", "send") else "COPY out"]
        share = f"{middle[name]:>10.0f}{middle[name] / limit:>9.2f}"
        print(f"  {name:<40}{share}{min(held):>10.0f}{max(held):>10.0f}")


# Many machines


@dataclass(frozen=True)
class Task:
    home: Home
    url: str


def until_synced(task: Task) -> int:
    """Sync as often as the server makes it necessary; returns how often it was cut short."""
    cut = 0
    while True:
        try:
            with connected(address_for(task.url, Settings())) as connection:
                sync(task.home, connection)
            return cut
        except UserError:
            cut += 1
            time.sleep(0.2)


def fill(place: tuple[Path, int, int]) -> Home:
    folder, count, seed = place
    return new_home(folder, reviews(count, seed))


def digest(home: Home) -> tuple[int, str]:
    """How many entries a journal has, and what tells their ids from any others."""
    with closing(Journal(home.journal, home.backups)) as journal:
        held = sorted(row[0] for row in journal.rows("SELECT id FROM entry"))
    return len(held), of_ids(held)


def of_ids(ids: list[str]) -> str:
    return blake2b("\n".join(ids).encode(), digest_size=16).hexdigest()


def many_machines(server: Postgres, folder: Path, options: argparse.Namespace) -> bool:
    total = options.machines * options.reviews
    urls = [new_learner(server, learner) for learner in range(options.learners)]
    with multiprocessing.Pool(options.at_once) as pool:
        places = [(folder / f"machine-{number}", options.reviews, number) for number in range(options.machines)]
        homes = pool.map(fill, places, chunksize=1)
        tasks = [Task(home, urls[number % options.learners]) for number, home in enumerate(homes)]
        print(f"\n{options.machines} machines of {options.learners} learners have {total} reviews; now they sync")
        begun = time.perf_counter()
        first = pool.map_async(until_synced, tasks, chunksize=1)
        while there(server) < total // 2 and not first.ready():
            time.sleep(0.1)
        at_kill = there(server)
        server.kill()
        server.start()
        cut = sum(first.get())
        cut += sum(pool.map(until_synced, tasks, chunksize=1))  # what others sent after a machine's first sync
        seconds = time.perf_counter() - begun
        held = pool.map(digest, homes, chunksize=1)
    received = sum(count for count, _ in held) - total
    with server.admin(DATABASE) as admin:
        unions = [
            of_ids(sorted(row[0] for row in admin.execute("SELECT id FROM prep.entry WHERE learner = %s", [learner])))
            for learner in (f"learner_{number}" for number in range(options.learners))
        ]
    same = all(found == unions[number % options.learners] for number, (_, found) in enumerate(held))
    whole = there(server) == total
    print(f"  {seconds:.0f} s; {total} sent and {received} received: {(total + received) / seconds:.0f} rows/s in all")
    print(f"  killed with {at_kill} of {total} there; {cut} syncs were cut short and done again")
    print(f"  the server has {there(server)}: {'nothing lost, nothing doubled' if whole else 'WRONG'}")
    print(f"  every journal is its learner's union: {'yes' if same else 'NO'}")
    return whole and same


def there(server: Postgres) -> int:
    with server.admin(DATABASE) as admin:
        row: Any = admin.execute("SELECT count(*) FROM prep.entry WHERE learner !~ '_1[0-9]{3}$'").fetchone()
    return int(row[0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--machines", type=int, default=100)
    parser.add_argument("--reviews", type=int, default=10_000, help="on each machine")
    parser.add_argument("--learners", type=int, default=25, help="whose machines they are, in equal parts")
    parser.add_argument("--at-once", type=int, default=4, help="machines that sync at the same time")
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    server = Postgres("fsync=on")
    try:
        server.start()
        with server.admin() as admin:
            admin.execute(f"CREATE DATABASE {DATABASE}")
        set_up(address_for(server.admin_url(DATABASE), Settings()))
        with tempfile.TemporaryDirectory() as folder:
            measure_rates(server, Path(folder, "rates"), options.rows, options.runs)
            sound = many_machines(server, Path(folder, "machines"), options)
    finally:
        server.stop()
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
