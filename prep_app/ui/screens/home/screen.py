"""The home screen: a tally, one key to start, and how each question stands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from prep_app.memory.days import now
from prep_app.ui import keys
from prep_app.ui.widgets.key_line import KeyLine
from prep_app.ui.widgets.steady_list import SteadyList

if TYPE_CHECKING:  # at the first paint there is nothing to show yet: these are imported while it is up
    from prep_app.content.model import CardId, QuestionId
    from prep_app.practice.drill import Drill
    from prep_app.practice.interview import Standing
    from prep_app.practice.mock import Terms
    from prep_app.practice.today import Today
    from prep_app.ui.desk import Desk

MORE = 5  # new cards that «learn more» adds
COLUMN, MARGIN = 100, 2  # cells; as in home.tcss


class HomeScreen(Screen[None]):
    BINDINGS = keys.HOME
    AUTO_FOCUS = "#menu"

    def __init__(self) -> None:
        super().__init__()
        self.today: Today | None = None
        self.standing: Standing | None = None
        self.mock_at_once: Terms | None = None  # what `prep mock` was asked for

    def compose(self) -> ComposeResult:
        with Horizontal(classes="top"):
            yield Static("prep", classes="name", markup=False)
            yield Static("answers that prove themselves", classes="said", markup=False)
        with VerticalScroll(id="page", can_focus=False), Vertical(id="column"):
            yield Static("Opening your cards…", id="tally", markup=False)
            yield SteadyList(id="menu", markup=False)
            yield Static("", id="note", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        keys.remap(self, self.app.settings.keys)  # type: ignore[attr-defined]
        self.run_worker(self._first_look(), exit_on_error=True)

    def on_screen_resume(self) -> None:
        if self.app.opened.is_set():  # type: ignore[attr-defined]
            self.run_worker(self.look(), group="look", exclusive=True)

    def on_resize(self) -> None:
        if self.today is not None:
            self._draw(self.today)

    @property
    def desk(self) -> Desk:
        desk: Desk | None = self.app.desk  # type: ignore[attr-defined]
        assert desk is not None, "asked for before the files are open"
        return desk

    async def _first_look(self) -> None:
        await self.app.opened.wait()  # type: ignore[attr-defined]
        await self.look()
        wanted = self.app.study_at_once  # type: ignore[attr-defined]
        if wanted is not None:
            await self._start(only=tuple(cast("list[QuestionId]", wanted)))
        if self.mock_at_once is not None:
            self.action_mock()

    async def look(self) -> None:
        """Ask what stands where now, and show it."""
        desk = self.desk
        self.today = await asyncio.to_thread(self._ask, desk)
        planned = desk.memory.plan() is not None
        if not planned:
            self.standing = None
        self._draw(self.today)
        if planned:
            # Simulated, so that the frame above need not wait for it.
            self.standing = await asyncio.to_thread(self._look_ahead, desk)
            self._draw(self.today)

    @staticmethod
    def _ask(desk: Desk) -> Today:
        from prep_app.practice.today import today

        desk.memory.refresh()
        return today(desk.library, desk.memory, desk.settings, now())

    @staticmethod
    def _look_ahead(desk: Desk) -> Standing | None:
        from prep_app.practice.interview import standing

        return standing(desk.library, desk.memory, desk.settings, now())

    def _draw(self, today: Today) -> None:
        from prep_app.ui.screens.home import menu

        if not self.query("#tally"):
            return  # the app was left meanwhile
        column = min(COLUMN, self.size.width - 2 * MARGIN)
        self.query_one("#tally", Static).update(menu.tally(today, self.standing, column))
        options = self.query_one("#menu", OptionList)
        at, chosen = options.highlighted or 0, options.highlighted_option
        options.clear_options()
        options.add_options(
            [
                row if row is None else Option(row.text, id=row.id or None, disabled=not row.id)
                for row in menu.entries(today, self.desk.library, column - 2)
            ]
        )
        self._highlight(options, at, chosen.id if chosen is not None else None)
        self.query_one("#note", Static).update(menu.note(today, self.desk.library, now()))

    @staticmethod
    def _highlight(options: OptionList, at: int, name: str | None) -> None:
        """Stay on the row called `name`; where it has gone, near the place where it was."""
        rows = [index for index, option in enumerate(options.options) if not option.disabled]
        same = (index for index in rows if options.options[index].id == name)
        near = next((index for index in rows if index >= at), rows[-1] if rows else None)
        options.highlighted = next(same, near)

    def library_changed(self, desk: Desk) -> None:
        """Packs were edited: show how things stand with them as they are now."""
        self.run_worker(self.look(), group="look", exclusive=True)

    @on(OptionList.OptionSelected)
    async def _chosen(self, message: OptionList.OptionSelected) -> None:
        from prep_app.ui.screens.home import menu

        chosen = message.option.id or ""
        starts: dict[str, Callable[[], Awaitable[None]]] = {
            menu.START: lambda: self._start(),
            menu.BACKLOG: lambda: self._start(limit=menu.BACKLOG_LIMIT),
            menu.MORE: lambda: self.action_more(),
        }
        if chosen == menu.PRACTISE:
            self.action_practise()
        elif chosen in starts:
            await starts[chosen]()
        else:
            await self._start(only=(cast("QuestionId", chosen.removeprefix(menu.QUESTION)),))

    def action_practise(self) -> None:
        from prep_app.ui.screens.home.drills import DrillScreen

        if self.app.opened.is_set() and self.is_current:  # type: ignore[attr-defined]
            self.app.push_screen(DrillScreen(self.desk), self._practise)

    async def _practise(self, drill: Drill | None) -> None:
        if drill is not None:
            await self._start(drill=drill.cards)

    async def action_more(self) -> None:
        await self._start(extra_new=MORE)

    def action_mock(self) -> None:
        from prep_app.practice.mock import Terms
        from prep_app.ui.screens.mock.start import MockStartScreen

        if self.app.opened.is_set():  # type: ignore[attr-defined]
            self.app.push_screen(MockStartScreen(self.desk, self.mock_at_once or Terms()))

    def action_lab(self) -> None:
        from prep_app.ui.screens.lab.screen import LabScreen

        if self.app.opened.is_set():  # type: ignore[attr-defined]
            self.app.push_screen(LabScreen(self.desk))

    def action_plan(self) -> None:
        from prep_app.ui.screens.plan.screen import PlanScreen

        if self.app.opened.is_set():  # type: ignore[attr-defined]
            self.app.push_screen(PlanScreen(self.desk))

    def action_stats(self) -> None:
        from prep_app.ui.screens.stats.screen import StatsScreen

        if self.app.opened.is_set():  # type: ignore[attr-defined]
            self.app.push_screen(StatsScreen(self.desk))

    async def action_undo(self) -> None:
        undone = await asyncio.to_thread(self.desk.memory.undo, now())
        self.notify("Nothing to take back" if undone is None else "Taken back", markup=False)
        await self.look()

    def action_quit(self) -> None:
        self.app.exit(0)

    async def _start(
        self,
        *,
        only: tuple[QuestionId, ...] = (),
        limit: int | None = None,
        drill: tuple[CardId, ...] = (),
        extra_new: int = 0,
    ) -> None:
        from prep_app.practice.session import Session
        from prep_app.ui.screens.study.screen import StudyScreen

        if not self.app.opened.is_set():  # type: ignore[attr-defined]
            return
        desk = self.desk
        session = await asyncio.to_thread(
            lambda: Session.start(
                desk.library,
                desk.memory,
                desk.settings,
                clock=now,
                limit=limit,
                only=only,
                cards=drill,
                practice=bool(drill),
                extra_new=extra_new,
            )
        )
        if session.current is None:
            which = f" in {', '.join(only)}" if only else ""
            self.notify(f"Nothing to do{which} now; press m to learn more or p to practise", markup=False)
            return
        self.app.push_screen(StudyScreen(desk, session))
