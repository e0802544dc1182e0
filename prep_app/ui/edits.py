"""Packs edited while the app is open: read again, and shown by every screen that shows cards."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from prep_app.content.model import Library, Problem
from prep_app.content.watch import Watch
from prep_app.text import printable
from prep_app.ui import phrases

if TYPE_CHECKING:
    from prep_app.ui.app import PrepApp

LONGEST = 110  # characters of a problem in a toast; `prep check` says all
TOLD_FOR = 10.0  # seconds
LOOK_EVERY = 1.5  # seconds


class Edits:
    """Looks for edits every now and then, at most one look at a time."""

    def __init__(self, app: PrepApp, watch: Watch) -> None:
        self.app = app
        self.watch = watch
        self.looking = False

    def begin(self) -> None:
        """Look from now on. What is wrong with a pack that was asked for is said at once."""
        self.app.set_interval(LOOK_EVERY, lambda: self.app.run_worker(self.look(), name="edits"))
        if self.app.packs and self.app.desk is not None and self.app.desk.library.problems:
            _tell_problems(self.app, self.app.desk.library.problems)

    async def look(self) -> None:
        """Read the packs again if they have changed, and tell the screens."""
        if self.looking:
            return
        self.looking = True
        try:
            library = await asyncio.to_thread(self.watch.reread)
            if library is not None and self.app.desk is not None:
                before = self.app.desk.library
                self.app.desk = replace(self.app.desk, library=library)
                await self._tell(before, library)
        finally:
            self.looking = False

    async def _tell(self, before: Library, library: Library) -> None:
        for screen in list(self.app.screen_stack):
            changed = getattr(screen, "library_changed", None)
            if changed is not None:
                done = changed(self.app.desk)
                if inspect.isawaitable(done):
                    await done
        if library.problems and library.problems != before.problems:
            _tell_problems(self.app, library.problems)
        elif before.problems and not library.problems:
            self.app.notify("The packs are sound again", markup=False)


def _tell_problems(app: PrepApp, problems: Sequence[Problem]) -> None:
    """Say in a toast what is wrong with the packs; what is not at fault works."""
    first = problems[0]
    where = f"{first.file.parent.name}/{first.file.name}:{first.line}:{first.column}"
    said = printable(f"{where}: {first.message}")
    said = said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
    count = phrases.plural(len(problems), "problem")
    app.notify(f"{count} in {said}\nThe rest works.", severity="warning", timeout=TOLD_FOR, markup=False)
