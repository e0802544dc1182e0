"""The pane itself: title, status, knobs, and a page that fills as the demo runs."""

from __future__ import annotations

import asyncio
import time

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from prep_app.content.model import DemoLink, Scalar
from prep_app.lab.catalogue import Demo, DemoInputError
from prep_app.lab.client import LabClient
from prep_app.lab.events import Check, Event, Failure, Output, Plot, Progress, Result, Table, Text
from prep_app.ui.widgets.demo_pane import blocks
from prep_app.ui.widgets.demo_pane.knobs import Knobs

TICK = 0.2  # seconds between updates of the clock, only while a demo runs
MOST_BLOCKS = 300  # shown; a flood beyond it is counted, not drawn


class DemoPane(Widget, can_focus=True):
    """Open it on a demo; it runs at once. Posts `Finished` after each run and `Closed` when it is left."""

    CSS_PATH = "demo_pane.tcss"
    DEFAULT_CSS = ""
    BINDINGS = [
        Binding("escape,c", "stop", "Cancel/close", id="demo.stop", tooltip="Cancel the run, or close the pane"),
        Binding("s", "source", "Source", id="demo.source", tooltip="Show the demo's program"),
        Binding("r", "again", "Run again", id="demo.again", tooltip="Run with the same values"),
        Binding("p", "knobs", "Parameters", id="demo.knobs", tooltip="Turn the knobs, then enter runs"),
        Binding("down,j", "scroll_page(1)", "Down", show=False),
        Binding("up,k", "scroll_page(-1)", "Up", show=False),
        Binding("pagedown", "scroll_page(10)", "Page down", show=False),
        Binding("pageup", "scroll_page(-10)", "Page up", show=False),
    ]

    class Finished(Message):
        """A run is over. `checks` maps the id of each check that reported to whether it held."""

        def __init__(self, name: str, outcome: Result | Failure, checks: dict[str, bool]) -> None:
            super().__init__()
            self.name = name
            self.outcome = outcome
            self.checks = checks

    class Closed(Message):
        pass

    def __init__(self, link: DemoLink, demo: Demo, lab: LabClient) -> None:
        super().__init__()
        self.link = link
        self.demo = demo
        self.lab = lab
        self.values: dict[str, Scalar] = dict(link.parameters)
        self.running = False
        self.checks: dict[str, bool] = {}
        self._started = 0.0
        self._step = ""
        self._clock: Timer | None = None
        self._printed: tuple[Static, str] | None = None
        self._shown = 0

    def compose(self) -> ComposeResult:
        yield Static(Content(f"{self.demo.title}"), id="demo-title", markup=False)
        yield Static(id="demo-status", markup=False)
        yield Knobs()
        yield VerticalScroll(id="demo-page", can_focus=False)

    async def on_mount(self) -> None:
        await self.query_one(Knobs).offer(self.demo, self.values)
        self.run_demo()

    def run_demo(self) -> None:
        self.run_worker(self._run(), name="demo", group="demo", exclusive=True, exit_on_error=True)

    async def _run(self) -> None:
        page = self.query_one("#demo-page", VerticalScroll)
        await page.remove_children()
        self.running, self.checks, self._step, self._printed, self._shown = True, {}, "", None, 0
        self._started = time.monotonic()
        self._clock = self.set_interval(TICK, self._draw_status)
        self._draw_status()
        outcome: Result | Failure = Failure("cancelled")
        try:
            async for event in self.lab.run(self.link.name, self.values):
                if isinstance(event, Result | Failure):
                    outcome = event
                await self.show(event)
        finally:
            self.running = False
            self._clock.stop()
        self._draw_outcome(outcome)
        self.post_message(self.Finished(self.link.name, outcome, dict(self.checks)))

    async def show(self, event: Event) -> None:
        """Put one event on the page."""
        if isinstance(event, Progress):
            self._step = blocks.progress_line(event)
            return
        if isinstance(event, Result):
            return
        if isinstance(event, Check):
            self.checks[event.id] = event.passed
        self._shown += 1
        if self._shown > MOST_BLOCKS:
            self._step = f"{self._shown - MOST_BLOCKS} further events not shown"
            return
        if isinstance(event, Output) and self._printed is not None:
            widget, text = self._printed
            text = (text + event.text)[-4000:]
            self._printed = (widget, text)
            widget.update(Content.assemble(("printed: ", "bold"), text.rstrip()))
            return
        page = self.query_one("#demo-page", VerticalScroll)
        at_end = page.scroll_offset.y >= page.max_scroll_y - 1
        widgets = await self._widgets(event)
        self._printed = (widgets[0], event.text) if isinstance(event, Output) else None  # type: ignore[assignment]
        await page.mount_all(widgets)
        if at_end:
            page.scroll_end(animate=False)

    async def _widgets(self, event: Event) -> list[Widget]:
        match event:
            case Text():
                return [blocks.prose(event)]
            case Table():
                return [blocks.table(event)]
            case Check():
                return [blocks.check(event)]
            case Output():
                return [blocks.printed(event)]
            case Failure():
                return [blocks.failure(event)]
            case Plot():
                await asyncio.to_thread(__import__, "textual_plot")  # takes a quarter second the first time
                return blocks.plot(event)
        return []

    def _draw_status(self) -> None:
        if self.running:
            words = {"cold": "warming up torch", "warming": "warming up torch"}.get(self.lab.state, "running")
            seconds = time.monotonic() - self._started
            step = f" · {self._step}" if self._step else ""
            self._status(f"{words}{step} · {seconds:.1f} s · c cancels")

    def _draw_outcome(self, outcome: Result | Failure) -> None:
        seconds = time.monotonic() - self._started
        if isinstance(outcome, Result):
            held = sum(self.checks.values())
            verdict = blocks.verdict(outcome, held, len(self.demo.checks))
            self._status(f"{verdict} · {outcome.device} · {outcome.seconds:.1f} s")
        else:
            word = "cancelled" if outcome.message == "cancelled" else "✗ no result"
            self._status(f"{word} · {seconds:.1f} s")

    def _status(self, text: str) -> None:
        self.query_one("#demo-status", Static).update(Content(text))

    async def action_stop(self) -> None:
        if self.has_class("-knobs"):
            self.remove_class("-knobs")
            self.focus()
        elif self.running:
            await self.lab.cancel()
        else:
            self.post_message(self.Closed())

    def action_source(self) -> None:
        from prep_app.ui.widgets.demo_pane.source import SourceScreen

        self.app.push_screen(SourceScreen(self.link.name, self.demo.title))

    def action_again(self) -> None:
        self.run_demo()

    def action_knobs(self) -> None:
        self.toggle_class("-knobs")
        if self.has_class("-knobs"):
            inputs = self.query("Knob Input")
            if inputs:
                inputs.first().focus()
        else:
            self.focus()

    @on(Knobs.Turned)
    def _turned(self) -> None:
        try:
            self.values = self.query_one(Knobs).values()
        except DemoInputError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.remove_class("-knobs")
        self.focus()
        self.run_demo()

    def action_scroll_page(self, step: int) -> None:
        self.query_one("#demo-page", VerticalScroll).scroll_relative(y=step, animate=False)
