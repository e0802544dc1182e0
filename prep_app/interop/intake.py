"""Rows of a file into the journal: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prep_app.content.model import Library
from prep_app.interop.review_rows import Reader, RowFault, as_written
from prep_app.memory.days import now
from prep_app.memory.journal import NewRow
from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.practice.demo_runs import foresight_so_far
from prep_app.practice.mock_kept import history
from prep_app.practice.today import today
from prep_app.settings import Settings
from prep_app.text import printable

MOST_PROBLEMS = 100
ENTRY = ("id", "at", "kind", "card", "data")
Placed = Sequence[tuple[int, Any]]  # rows, each with the line it begins on


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to. With `problems` (each «FILE:LINE: what») nothing was added."""

    added: int = 0
    known: int = 0  # were in the journal already
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Intake:
    library: Library
    memory: Memory
    settings: Settings
    path: Path

    def reviews(self, rows: Placed) -> Imported:
        """Add reviews, given by the columns of review_rows."""
        reader = Reader(self.library, self.memory)
        new: list[NewRow] = []
        problems: list[str] = []
        for line, row in rows:
            try:
                if not isinstance(row, dict) or not row:
                    raise RowFault("has not as many cells as there are columns" if row == {} else "is not a review")
                found = reader.read(row)
                new += [found] if found is not None else []
            except RowFault as fault:
                problems.append(f"{self.path}:{line}: {printable(str(fault))}")
        return self._done(new, len(rows), problems)

    def entries(self, rows: Placed) -> Imported:
        """Add entries of a journal, each an object with the keys of ENTRY."""
        held = {entry.id for entry in self.memory.entries()}
        new: list[NewRow] = []
        problems: list[str] = []
        for line, row in rows:
            entry = tuple(row.get(name) for name in ENTRY) if isinstance(row, dict) else ()
            if len(entry) != len(ENTRY) or not as_written(entry):
                problems.append(f"{self.path}:{line}: not as prep wrote it; export it anew, or take the line out")
            elif entry[0] not in held:
                held.add(entry[0])
                new.append(entry)
        return self._done(new, len(rows), problems)

    def _done(self, new: Sequence[NewRow], rows: int, problems: Sequence[str]) -> Imported:
        if problems:
            more = len(problems) - MOST_PROBLEMS
            return Imported(problems=(*problems[:MOST_PROBLEMS], *([f"and {more} more"] if more > 0 else [])))
        if new and not self._can_stand(new):
            return Imported(problems=(f"{self.path}:1: its entries make no sense together; no prep wrote them",))
        return Imported(self.memory.add(new) if new else 0, rows - len(new))

    def _can_stand(self, rows: Sequence[NewRow]) -> bool:
        """Whether prep could live with these entries, tried in a folder of their own: the journal forgets none."""
        with TemporaryDirectory() as folder:
            trial = Memory.open(Home(Path(folder)), self.settings)
            try:
                trial.add(rows)
                session = trial.last_session()
                for at in [now(), *([session["at"]] if session else [])]:
                    today(self.library, trial, self.settings, at)
                history(trial)
                foresight_so_far(trial)
            except Exception:  # whatever it is, Home would meet it at every start
                return False
            finally:
                trial.close()
        return True
