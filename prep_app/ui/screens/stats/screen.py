"""The stats screen: worked out in a thread, then drawn for the width there is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from prep_app.lab.events import Plot
from prep_app.memory.days import now, study_day
from prep_app.practice.mock_kept import history, unmarked
from prep_app.practice.mock_report import Report
from prep_app.practice.scores import Scores, scores
from prep_app.ui import keys
from prep_app.ui.desk import Desk
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.screens.mock.again import mark_on
from prep_app.ui.screens.stats import drawing
from prep_app.ui.screens.stats.mocks import MockHistory, MockList, Mocks
from prep_app.ui.widgets.demo_pane.plot_view import PlotView, has_axes
from prep_app.ui.widgets.demo_pane.text_plot import draw_text_plot
from prep_app.ui.widgets.hanging import Hanging
from prep_app.ui.widgets.key_line import KeyLine

COLUMN, MARGIN = 100, 3  # cells
PLOT_ROWS = 8
SECTIONS = {
    "heatmap": "Reviews by day",
    "mastery": "What you would recall now",
    "predictions": "Predicted and recalled",
    "load": "What is coming",
    "hardest": "Hardest cards",
}
HANGING = ("mastery", "hardest")


class Plain(Static):
    """Text that stands as it was drawn."""

    def __init__(self, content: Content | str = "", *, id: str | None = None) -> None:
        super().__init__(content, id=id, classes="section", markup=False)


@dataclass(frozen=True, slots=True)
class Found:
    scores: Scores
    mocks: Mocks


class StatsScreen(ClosesOnce, Screen[None]):
    CSS_PATH = "stats.tcss"
    BINDINGS = keys.STATS
    AUTO_FOCUS = "#page"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.found: Found | None = None
        self.plotted: Plot | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(classes="top"):
            yield Static("stats", classes="name", markup=False)
            yield Static("every number comes from your journal", classes="said", markup=False)
        with VerticalScroll(id="page"), Vertical(id="column"):
            yield Static("Working it out…", id="headline", classes="section", markup=False)
            with Vertical(id="sections"):
                yield Vertical(id="readiness")
                yield Static("Mock interviews", id="mocks", classes="heading", markup=False)
                yield MockHistory()
                for name, heading in SECTIONS.items():
                    yield Static(heading, classes="heading", markup=False)
                    yield Hanging(id=name, classes="section") if name in HANGING else Plain(id=name)
        yield KeyLine()

    def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)
        keys.remap(self.query_one(MockList), self.desk.settings.keys)
        self.query_one("#sections").display = False
        self._look()

    def on_resize(self) -> None:
        if self.found is not None:
            self._draw_again(self.found)

    def on_screen_resume(self) -> None:
        if self.found is not None:  # a report was read meanwhile, or a mock was marked
            self._look()

    def library_changed(self, desk: Desk) -> None:
        self.desk = desk
        self._look()

    @work(exclusive=True)
    async def _look(self) -> None:
        self.found = await asyncio.to_thread(self._find, self.desk)
        await self._draw(self.found)

    @work(exclusive=True)
    async def _draw_again(self, found: Found) -> None:
        await self._draw(found)

    @staticmethod
    def _find(desk: Desk) -> Found:
        held = scores(desk.library, desk.memory, desk.settings, now())
        return Found(held, Mocks(history(desk.memory), unmarked(desk.memory)))

    async def _draw(self, found: Found) -> None:
        if self.gone:
            return
        width = max(30, min(COLUMN, self.size.width - 2 * MARGIN))
        hour = self.desk.settings.rollover_hour
        today = study_day(now(), hour)
        held, cards = found.scores, self.desk.library.cards
        prompts = {one.card: cards[one.card].headline for one in held.trouble if one.card in cards}
        mocks = [(study_day(one.started, hour) - today, one.score) for one in found.mocks.marked]
        with self.app.batch_update():
            self.query_one("#headline", Static).update(drawing.headline(held, width))
            self.query_one(MockHistory).show(found.mocks, width)
            self.query_one("#heatmap", Plain).update(drawing.heatmap(held.days, today, width))
            self.query_one("#mastery", Hanging).show(drawing.mastery(held, width))
            self.query_one("#predictions", Plain).update(drawing.predictions(held, width))
            self.query_one("#load", Plain).update(drawing.load(held.load, width))
            self.query_one("#hardest", Hanging).show(drawing.hardest(held, prompts, width - 4))
            self.query_one("#sections").display = True
            await self._plot(drawing.readiness(held.days, today, held.now.readiness, mocks), width)
        self.refresh_bindings()

    async def _plot(self, plot: Plot | None, width: int) -> None:
        place = self.query_one("#readiness")
        if plot is not None and plot == self.plotted and has_axes(plot, width, self.app.no_color):
            return  # it stands there, and fits itself to the width
        self.plotted = plot
        await place.remove_children()
        if plot is not None and has_axes(plot, width, self.app.no_color):
            await place.mount(PlotView(plot, PLOT_ROWS))
        elif plot is not None:
            await place.mount(Plain(draw_text_plot(plot, width)))

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "mocks" or bool(self.found and len(self.found.mocks))

    def action_mocks(self) -> None:
        listed = self.query_one(MockList)
        listed.focus(scroll_visible=False)
        self.query_one("#page").scroll_to_widget(self.query_one("#mocks"), top=True, animate=False, force=True)

    @on(MockList.Left)
    def _back_to_the_page(self) -> None:
        self.query_one("#page").focus(scroll_visible=False)

    @on(MockHistory.Reopened)
    def _reopen(self, message: MockHistory.Reopened) -> None:
        from prep_app.ui.screens.mock.report import ReportScreen

        if not self.is_current:
            return  # the key was pressed twice
        if isinstance(message.mock, Report):
            self.app.push_screen(ReportScreen(self.desk, message.mock))
        else:
            mark_on(self, self.desk, message.mock)

    def action_page(self, step: int) -> None:
        page = self.query_one("#page")
        page.scroll_relative(y=step * max(1, page.size.height - 2), animate=False)

    def action_line(self, step: int) -> None:
        self.query_one("#page").scroll_relative(y=step, animate=False)

    def action_close(self) -> None:
        self.dismiss()
