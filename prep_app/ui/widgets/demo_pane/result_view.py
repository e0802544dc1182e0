"""What a run says, as it says it: text, tables, plots and checks in the order they come."""

from __future__ import annotations

import time
from collections import deque
from functools import partial

from textual.containers import VerticalScroll
from textual.content import Content

from prep_app.lab.events import Check, Event, Failure, Output, Plot, Table, Text
from prep_app.ui.widgets.demo_pane import words
from prep_app.ui.widgets.demo_pane.plot_view import PlotView, has_axes
from prep_app.ui.widgets.demo_pane.tables import draw_table
from prep_app.ui.widgets.demo_pane.text_plot import draw_text_plot
from prep_app.ui.widgets.demo_pane.transcript import Block, Transcript

FLUSH_EVERY = 0.1  # seconds; each flush is a layout of the screen, which a key may have to wait for
FLUSH_BUDGET = 0.008  # seconds of one flush, so that a key never waits long behind it
MOST_PIECES = 2_000  # of text, output, tables and plots a run; checks and the outcome always show
MOST_AXES = 8  # plots with axes a run; further ones are sparklines
ROWS_BESIDE_A_PLOT = 3  # its title and legend


class ResultView(VerticalScroll, can_focus=False):
    """Events go in by `add` at any rate; they are drawn in batches."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[Event] = deque()
        self._flush_due = False
        self._last_flush = 0.0
        self._pieces = self._axes = 0
        self._last: type[Event] | None = None

    @property
    def _page_width(self) -> int:
        return self.scrollable_content_region.width - 1  # the margin of what is on the page

    @property
    def backlog(self) -> int:
        """How many events wait to be drawn."""
        return len(self._waiting)

    async def reset(self) -> None:
        """An empty page for a new run; once it is full it follows what is added, until the reader scrolls."""
        self.anchor(False)
        self.scroll_home(animate=False)
        self._waiting.clear()
        self._pieces = self._axes = 0
        self._last = None
        await self.remove_children()

    def add(self, event: Event) -> None:
        if not isinstance(event, Check | Failure):
            self._pieces += 1
            if self._pieces > MOST_PIECES + 1:
                return
            if self._pieces > MOST_PIECES:
                event = Text("… more was sent; not shown")
        self._waiting.append(event)
        self._flush_soon()

    def on_resize(self) -> None:
        if self._waiting:
            self._flush_soon()

    def _flush_soon(self) -> None:
        if not self._flush_due and self._page_width > 0:
            self._flush_due = True
            wait = FLUSH_EVERY - (time.monotonic() - self._last_flush)
            if wait > 0:
                self.set_timer(wait, self._flush)
            else:
                self.call_next(self._flush)

    async def _flush(self) -> None:
        """Draw what waits, in order, for as long as the budget lasts."""
        if not self.is_attached:
            return
        self._last_flush = start = time.monotonic()
        while self._waiting and time.monotonic() - start < FLUSH_BUDGET:
            event = self._waiting.popleft()
            if isinstance(event, Plot) and self._wants_axes(event):
                self._axes += 1
                await self.mount(PlotView(event, self.size.height - ROWS_BESIDE_A_PLOT))
            elif blocks := self._blocks(event):
                await self._append(blocks)
            self._last = type(event)
        self._flush_due = bool(self._waiting)
        if self._flush_due:
            self.set_timer(FLUSH_EVERY, self._flush)
        self.call_after_refresh(self._follow_when_full)

    def _follow_when_full(self) -> None:
        # An anchored page that is not full stands at its bottom, below nothing.
        if not self.is_anchored and self.virtual_size.height > self.size.height:
            self.anchor()

    async def _append(self, blocks: list[Block]) -> None:
        last = self.children[-1] if self.children else None
        if not isinstance(last, Transcript):
            last = Transcript(self._page_width)
            await self.mount(last)
        if last.is_attached:  # the pane may have gone while this waited
            last.add(blocks)

    def _wants_axes(self, plot: Plot) -> bool:
        return self._axes < MOST_AXES and has_axes(plot, self._page_width, self.app.no_color)

    def _blocks(self, event: Event) -> list[Block]:
        """The event as text, with a blank line where its kind changes."""
        drawn: list[Block]
        match event:
            case Text():
                drawn = [words.draw_text(event)]
            case Output():
                drawn = [words.draw_output(event)]
                if self._last is not Output:
                    drawn.insert(0, words.OUTPUT_HEADING)
            case Check():
                drawn = [partial(words.draw_check, event)]
            case Failure():
                drawn = [words.draw_failure(event)]
            case Table():
                drawn = [partial(draw_table, event)]
            case Plot():
                drawn = [partial(draw_text_plot, event)]
            case _:
                return []
        below_axes = bool(self.children) and isinstance(self.children[-1], PlotView)  # it brings its own air
        apart = self._last is not None and (self._last is not type(event) or isinstance(event, Table | Plot))
        return [Content(""), *drawn] if apart and not below_axes else drawn
