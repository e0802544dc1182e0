"""The stats screen: worked out in a thread, then drawn as text for the width there is."""

from __future__ import annotations

import asyncio

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from prep_app.memory.days import study_day
from prep_app.practice.scores import Scores, scores
from prep_app.ui import keys
from prep_app.ui.desk import Desk, now
from prep_app.ui.screens.stats import drawing
from prep_app.ui.widgets.demo_pane.plot_view import PlotView, has_axes
from prep_app.ui.widgets.demo_pane.text_plot import draw_text_plot
from prep_app.ui.widgets.hanging import Hanging
from prep_app.ui.widgets.key_line import KeyLine

COLUMN, MARGIN = 100, 3  # cells
PLOT_ROWS = 8


class StatsScreen(Screen[None]):
    CSS_PATH = "stats.tcss"
    BINDINGS = keys.STATS

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.scores: Scores | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(classes="top"):
            yield Static("stats", classes="name", markup=False)
            yield Static("every number comes from your journal", classes="said", markup=False)
        with VerticalScroll(id="page"):
            yield Vertical(Static("Working it out…", markup=False), id="column")
        yield KeyLine()

    async def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)
        self.run_worker(self._look(), exclusive=True)

    def on_resize(self) -> None:
        if self.scores is not None:
            self.run_worker(self._draw(self.scores), exclusive=True)

    async def library_changed(self, desk: Desk) -> None:
        self.desk = desk
        await self._look()

    async def _look(self) -> None:
        desk = self.desk
        self.scores = await asyncio.to_thread(scores, desk.library, desk.memory, desk.settings, now())
        await self._draw(self.scores)

    async def _draw(self, found: Scores) -> None:
        width = max(30, min(COLUMN, self.size.width - 2 * MARGIN))
        today = study_day(now(), self.desk.settings.rollover_hour)
        cards = self.desk.library.cards
        prompts = {one.card: cards[one.card].headline for one in found.trouble if one.card in cards}
        topics, trouble = Hanging(classes="section"), Hanging(classes="section")
        topics.show(drawing.mastery(found, width))
        trouble.show(drawing.hardest(found, prompts, width - 4))
        readiness = drawing.readiness(found.days, today, found.now.readiness)
        parts: list[Static | Hanging | PlotView] = [Static(drawing.headline(found, width), classes="section")]
        if readiness is not None and has_axes(readiness, width, self.app.no_color):
            parts.append(PlotView(readiness, PLOT_ROWS))
        elif readiness is not None:
            parts.append(Static(draw_text_plot(readiness, width), classes="section"))
        for title, body in (
            ("Reviews by day", drawing.heatmap(found.days, today, width)),
            ("What you would recall now", topics),
            ("Predicted and recalled", drawing.predictions(found, width)),
            ("What is coming", drawing.load(found.load, width)),
            ("Hardest cards", trouble),
        ):
            parts.append(Static(Content(title), classes="heading", markup=False))
            parts.append(Static(body, classes="section", markup=False) if isinstance(body, Content) else body)
        column = self.query_one("#column")
        with self.app.batch_update():
            await column.remove_children()
            await column.mount_all(parts)

    def action_page(self, step: int) -> None:
        page = self.query_one("#page")
        page.scroll_relative(y=step * max(1, page.size.height - 2), animate=False)

    def action_line(self, step: int) -> None:
        self.query_one("#page").scroll_relative(y=step, animate=False)

    def action_close(self) -> None:
        self.dismiss()
