"""prep at 100 000 cards, against Anki's own backend and against itself at 100, in the same run.

    python benchmarks/scale.py --anki PYTHON [--cards 100000] [--few 100] [--answers 50] [--runs 5]

PYTHON is one that has `anki` (python -m venv somewhere, then pip install anki); without it the two rows against Anki
are left out. Both keep the same cards in the same states, FSRS on, and both take turns, so that noise on the machine
meets both.

* answer: the next card with what each grade would do to it, and «good» on disk, in one durable transaction each (WAL,
  synchronous=FULL; what Anki's PRAGMA synchronous is, is asked and printed).
* open: the library, compiled and cached, the learner's memory, and today's queue, in a fresh process that has imported
  all it needs; files are in the page cache. Anki: Collection() and get_queued_cards().
* memory: the resident set of the app, Home filled in and at rest.
* first paint: as in first_paint.py.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import random
import select
import signal
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from first_paint import first_paint

from prep_app.content.library import library_for
from prep_app.content.model import CardId
from prep_app.memory.days import DAY, offset_at, study_day
from prep_app.memory.journal import Journal
from prep_app.memory.journal_file import entry_id
from prep_app.memory.queue import todays_queue
from prep_app.memory.schedule import next_memory
from prep_app.memory.store import Memory
from prep_app.memory.types import Learned, New, Rating
from prep_app.paths import Home
from prep_app.practice.session import Session
from prep_app.settings import Settings

ANSWER_GOAL = OPEN_GOAL = 1.0  # × Anki
MEMORY_GOAL, PAINT_GOAL = 1.5, 1.1  # × few cards
A_QUESTION = 200  # cards
LEARNED = 0.9  # of the cards
AT_REST = 4.0  # seconds from Home's numbers to when memory is read
SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")


# The cards, and what was done with them


def card_id(number: int) -> CardId:
    return CardId(f"card-{number:06}")


def write_packs(home: Home, cards: int) -> None:
    """Recall cards in one pack, a file for each question, as people write them."""
    folder = home.packs / "large"
    folder.mkdir(parents=True)
    (folder / "pack.yaml").write_text("id: large\ntitle: Large\n")
    for first in range(0, cards, A_QUESTION):
        name = first // A_QUESTION
        lines = [
            f"id: L{name}\ntitle: Question {name}\nask: What is {name}?",
            f"answer:\n  short: It is {name}.\n  full: It is {name}.\n  key_points: [a number]\ncards:",
        ]
        lines += [
            f"  - id: {card_id(number)}\n    kind: recall\n    topic: Topic {name}.{number % 5}\n"
            f"    prompt: What does experiment {number} show?\n"
            f"    answer: |\n      {f'That {number} is enough. ' * 4}\n"
            f"    key_points: [that {number} is enough]"
            for number in range(first, min(cards, first + A_QUESTION))
        ]
        (folder / f"q{name:04}.yaml").write_text("\n".join(lines) + "\n")


def write_journal(home: Home, cards: int) -> None:
    """Nine cards in ten, those that come first, were answered «easy» twice, and come due evenly from yesterday on."""
    settings, chance = Settings(), random.Random(0)
    noon = int(time.time() * 1000) - 8 * DAY
    once = next_memory(New(), Rating.EASY, noon, settings)
    twice = next_memory(once, Rating.EASY, once.due_ms + DAY // 3, settings)
    ahead = round(twice.interval_days)
    rows = []
    together = min(cards, A_QUESTION)  # of a question; questions take turns
    for number in (number for number in range(cards) if number % together < together * LEARNED):
        last = int(time.time() * 1000) - chance.randrange(1, ahead + 2) * DAY
        for at, was in ((last - round(once.interval_days) * DAY, "new"), (last, "review")):
            data = {"rating": 4, "revision": 1, "offset": offset_at(at), "was": was, "seconds": 12.5}
            body, card = json.dumps(data), card_id(number)
            rows.append((entry_id(at, "review", card, body), at, "review", card, body))
    rows.sort(key=lambda row: row[1])
    Journal(home.journal, home.backups).close()
    with closing(sqlite3.connect(home.journal)) as journal:
        journal.executemany("INSERT INTO entry (id, at, kind, card, data) VALUES (?, ?, ?, ?, ?)", rows)
        journal.commit()


def write_home(home: Home, cards: int) -> list[list[float] | None]:
    """A learner's folder, compiled and cached. Returns each card's state for Anki, in the order of their numbers."""
    write_packs(home, cards)
    write_journal(home, cards)
    held = len(library_for(home).cards)
    assert held >= cards, f"{held} cards compiled of {cards}"
    at, settings = int(time.time() * 1000), Settings()
    today = study_day(at, settings.rollover_hour)
    memory = Memory.open(home, settings)
    memory.backup_if_due(at)  # once a day, and no part of what is measured
    states: list[list[float] | None] = []
    for number in range(cards):
        state = memory.state(card_id(number))
        if isinstance(state, Learned):
            since, until = (study_day(when, settings.rollover_hour) - today for when in (state.last_ms, state.due_ms))
            states.append([state.stability, state.difficulty, -since, until])
        else:
            states.append(None)
    memory.close()
    return states


# What is measured of prep in processes of its own


class Sitting:
    """prep, open in this process."""

    def __init__(self, root: str) -> None:
        home, settings = Home(Path(root)), Settings()
        start = time.perf_counter()
        library, memory = library_for(home), Memory.open(home, settings)
        queue = todays_queue(library, memory, settings, _now(), plan=memory.plan())
        self.opened = {"seconds": time.perf_counter() - start, "due": queue.due, "new": queue.new}
        self.memory = memory
        self.session = Session.start(library, memory, settings, clock=_now)

    def answer(self, count: int) -> dict[str, object]:
        session, seconds = self.session, []
        for _ in range(count):
            start = time.perf_counter()
            assert session.asked.prompt
            assert session.previews()
            session.grade(Rating.GOOD)
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds}


def serve() -> None:
    """One command a line on stdin, one line of JSON for each; scale_anki.py answers to the same."""
    sitting: Sitting | None = None
    for line in sys.stdin:
        command, *rest = json.loads(line)
        if command == "open":
            sitting = Sitting(*rest)
        assert sitting is not None
        print(json.dumps(sitting.opened if command == "open" else sitting.answer(*rest)), flush=True)
    if sitting is not None:
        sitting.memory.close()


def _now() -> int:
    return time.time_ns() // 1_000_000


class Peer:
    """A process that is asked one thing at a time."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words: object) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args}: gave up")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)


def resident(root: str) -> int:
    """Return the bytes that the app holds once Home is filled in and at rest."""
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PREP_HOME": root}
        os.execvpe(sys.executable, [sys.executable, "-m", "prep_app"], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    seen, end = b"", time.perf_counter() + 60
    filled = 0.0
    try:
        while not filled or time.perf_counter() < filled + AT_REST:
            if select.select([terminal], [], [], 0.1)[0]:
                seen += os.read(terminal, 65536)
            if not filled and b"Question 0" in seen:
                filled = time.perf_counter()
            if time.perf_counter() > end:
                raise SystemExit("Home was not filled in within 60 s")
        status = Path(f"/proc/{pid}/status").read_text()
        return 1024 * int(status.partition("VmRSS:")[2].split()[0])
    finally:
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


# The table


@dataclass(frozen=True, slots=True)
class Row:
    work: str
    ours: float
    theirs: float
    unit: str
    goal: float

    def __str__(self) -> str:
        ratio = self.ours / self.theirs
        verdict = "met" if ratio <= self.goal else "missed"
        figures = f"{self.ours:>11.2f}{self.theirs:>11.2f} {self.unit:<4}{ratio:>8.2f}"
        return f"{self.work:<34}{figures}   ≤ {self.goal} {verdict}"


def against_anki(anki: str, root: Path, states: list[list[float] | None], runs: int, answers: int) -> list[Row]:
    """Open and answer, each in turn, `runs` times."""
    collection, dump = root / "collection.anki2", root / "states.json"
    dump.write_text(json.dumps(states))
    ours = [sys.executable, __file__, "--serve"]
    theirs = [anki, str(Path(__file__).with_name("scale_anki.py"))]
    maker = Peer(theirs)
    maker.ask("make", str(collection), str(dump))
    maker.close()
    opened: tuple[list[float], list[float]] = ([], [])
    answered: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs + 1):
        peers = Peer(ours), Peer(theirs)
        first = [peers[0].ask("open", str(root / "many")), peers[1].ask("open", str(collection))]
        for each, reply in zip(opened, first, strict=True):
            each.append(reply["seconds"])
        for _ in range(4):
            for each, peer in zip(answered, peers, strict=True):
                each.extend(peer.ask("answer", answers)["seconds"])
        for peer in peers:
            peer.close()
    for name, reply in zip(("prep", "Anki"), first, strict=True):
        print(f"{name}: {reply['due']:,} due, {reply['new']} new")
    journal, synchronous = first[1]["journal"], SYNCHRONOUS[first[1]["synchronous"]]
    print(f"Anki: journal_mode={journal}, synchronous={synchronous}, fsrs={first[1]['fsrs']}; prep: wal, FULL\n")
    ms = [[1000 * second for second in each[4 * answers :]] for each in answered]  # the first run warms the caches
    tail = [statistics.quantiles(each, n=100)[98] for each in ms]
    return [
        Row("next card + answer, median", statistics.median(ms[0]), statistics.median(ms[1]), "ms", ANSWER_GOAL),
        Row("next card + answer, p99", *tail, "ms", ANSWER_GOAL),
        Row("open + today's queue, best", min(opened[0][1:]) * 1000, min(opened[1][1:]) * 1000, "ms", OPEN_GOAL),
    ]


def against_few(root: Path, runs: int) -> list[Row]:
    """Memory and first paint, many cards and few in turn."""
    homes = str(root / "many"), str(root / "few")
    program = [sys.executable, "-m", "prep_app"]
    paints: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs + 1):
        for each, home in zip(paints, homes, strict=True):
            each.append(first_paint(program, b"prove themselves", home))
    held = [resident(home) / 2**20 for home in homes]
    return [
        Row("memory of the app, many : few", *held, "MiB", MEMORY_GOAL),
        Row("first paint, many : few, best", *(min(each[1:]) * 1000 for each in paints), "ms", PAINT_GOAL),
    ]


def has_anki(python: str | None) -> bool:
    if python is None:
        print("left out: the rows against Anki; name a Python that has `anki` with --anki PYTHON\n")
        return False
    try:
        found = subprocess.run([python, "-c", "import anki.collection"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise SystemExit(f"--anki {python}: {error.strerror}") from None
    if found.returncode:
        print(f"left out: the rows against Anki; {python} has no `anki` (pip install anki)\n")
    return not found.returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--anki", metavar="PYTHON")
    parser.add_argument("--cards", type=int, default=100_000)
    parser.add_argument("--few", type=int, default=100)
    parser.add_argument("--answers", type=int, default=50, help="of one turn; there are four turns a run")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        states = write_home(Home(root / "many"), options.cards)
        write_home(Home(root / "few"), options.few)
        rows = against_few(root, options.runs)
        if has_anki(options.anki):
            rows += against_anki(options.anki, root, states, options.runs, options.answers)
    print(f"{options.cards:,} cards; few: {options.few}\n{'':<34}{'prep':>11}{'peer':>11} {'':<4}{'ratio':>8}   goal")
    for row in rows:
        print(row)
    return 0 if all(row.ours <= row.goal * row.theirs for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
