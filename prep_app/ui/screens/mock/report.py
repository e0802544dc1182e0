"""The report: the score first, then where it came from, what to repair and what would repair it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from prep_app.errors import UserError
from prep_app.practice.mock_kept import count_as_reviews, counted, history
from prep_app.practice.mock_markdown import export
from prep_app.practice.mock_report import Report
from prep_app.ui import keys, phrases
from prep_app.ui.desk import Desk
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.screens.mock.ask import CountScreen
from prep_app.ui.screens.mock.past import when
from prep_app.ui.screens.mock.report_rows import sections
from prep_app.ui.widgets.hanging import Hanging, Row
from prep_app.ui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from prep_app.lab.catalogue import Demo
    from prep_app.ui.app import PrepApp

COLUMN, MARGIN = 100, 5  # cells; as in mock.tcss, and the scroll bar's


class ReportScreen(ClosesOnce, Screen[None]):
    """The mock is on disk when this opens, just now or long ago."""

    CSS_PATH = "mock.tcss"
    BINDINGS = keys.MOCK_REPORT
    AUTO_FOCUS = "#page"

    def __init__(self, desk: Desk, report: Report) -> None:
        super().__init__()
        self.desk = desk
        self.report = report
        self.past: tuple[Report, ...] = ()  # until this one
        self.demos: dict[str, Demo] = {}
        self.counted = False
        self.shown: list[Hanging] = []

    def compose(self) -> ComposeResult:
        with Horizontal(classes="top"):
            yield Static(f"mock · {when(self.report.started)}", classes="name", markup=False)
            yield Static(id="state", classes="said", markup=False)
        with VerticalScroll(id="page"):
            yield Vertical(id="column")
        yield KeyLine()

    async def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)
        self.past, self.demos, self.counted = await asyncio.to_thread(self._look)
        if not self.is_attached:
            return  # left meanwhile
        self.shown = [Hanging(classes="section") for _ in self._sections()]
        await self.query_one("#column").mount(*self.shown)
        self._draw()

    def _look(self) -> tuple[tuple[Report, ...], dict[str, Demo], bool]:
        from prep_app.lab.catalogue import catalogue

        known = catalogue()
        demos = {link.name: known[link.name] for link in self.report.demos if link.name in known}
        past = tuple(one for one in history(self.desk.memory) if one.started <= self.report.started)
        return past, demos, counted(self.report, self.desk.memory)

    def on_resize(self) -> None:
        self._draw()

    def _sections(self) -> list[list[Row]]:
        width = min(COLUMN, self.size.width - MARGIN)
        return list(sections(self.report, self.past, self.desk.library, self.demos, width))

    def _draw(self) -> None:
        for section, rows in zip(self.shown, self._sections(), strict=False):
            section.show(rows)
        self._draw_state()

    def _draw_state(self) -> None:
        says = "counted as reviews" if self.counted else "the schedule is as it was"
        self.query_one("#state", Static).update(says)
        self.refresh_bindings()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action, parameters:
            case "demo", (int(number),):
                return number <= len(self.demos)
            case "count", _:
                return bool(self.past) and not self.counted and bool(self.report.countable)
        return True

    def action_demo(self, number: int) -> None:
        from prep_app.ui.screens.bench.screen import BenchScreen

        links = [link for link in self.report.demos if link.name in self.demos]
        link = links[number - 1]
        self.app.push_screen(BenchScreen(self.desk, link, self.demos[link.name], cast("PrepApp", self.app).lab))

    def action_count(self) -> None:
        count = phrases.plural(len(self.report.countable), "answered card")
        text = f"{count} will be graded as marked, and come back by the schedule; u on Home takes back one by one."
        self.app.push_screen(CountScreen(self.desk, "Count these as reviews?", text), self._count)

    async def _count(self, answer: str | None) -> None:
        if not answer or self.counted:
            return
        self.counted = True
        try:
            done = await asyncio.to_thread(count_as_reviews, self.report, self.desk.memory)
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(f"{phrases.plural(done, 'card')} graded", markup=False)
        self._draw_state()

    async def action_export(self) -> None:
        try:
            kept = await asyncio.to_thread(export, self.report, self.past, self.desk.home.exports)
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(f"Written to {kept}", markup=False)

    def action_done(self) -> None:
        self.dismiss()
