"""The demo pane: title, results as they come, dials to turn. It runs a demo in the lab and says how it went."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from prep_app.content.model import DemoLink, Scalar
from prep_app.lab.catalogue import Demo
from prep_app.lab.client import LabClient
from prep_app.lab.events import Check, Event, Failure, Line, Plot, Progress, Result
from prep_app.lab.record import RunRecord, overlaid
from prep_app.ui import keys, phrases
from prep_app.ui.widgets.demo_pane.in_sight import in_sight
from prep_app.ui.widgets.demo_pane.knobs import Knobs
from prep_app.ui.widgets.demo_pane.result_view import FLUSH_EVERY, ResultView
from prep_app.ui.widgets.demo_pane.title_line import Standing, TitleLine

ONE_LINE_FROM = 72  # columns from which title and status share a line
MOST_WAITING = 400  # events; a demo that says more in a breath waits for the screen
LONGEST_STRETCH = 0.003  # seconds of taking events in before keys get their turn
QUICK = 1.0  # seconds; a demo that took no longer runs again as soon as a dial is let go
RUNS_KEPT = 6  # to compare with
FIGURE_LINES = 2  # of figures in sight on the bench; elsewhere one


class DemoPane(Widget, can_focus=True):
    """Open it on a demo; give it focus and it answers to its keys."""

    DEFAULT_CSS = Path(__file__).with_name("demo_pane.tcss").read_text(encoding="utf-8")
    BINDINGS = keys.DEMO

    class Finished(Message):
        """A run ended by itself."""

        def __init__(self, run: RunRecord) -> None:
            super().__init__()
            self.run = run

    class Reached(Message):
        """The run has come to a line of its program, and perhaps to a check there."""

        def __init__(self, line: int, check: Check | None = None) -> None:
            super().__init__()
            self.line = line
            self.check = check

    class Exported(Message):
        """The learner wants to keep a run."""

        def __init__(self, run: RunRecord) -> None:
            super().__init__()
            self.run = run

    class Closed(Message):
        """The learner is done with the pane; whoever opened it takes it away."""

    def __init__(
        self,
        link: DemoLink | None = None,
        demo: Demo | None = None,
        lab: LabClient | None = None,
        *,
        wanted_keys: Mapping[str, str] | None = None,
        at_once: bool = True,
        dials: bool = False,
        id: str | None = None,
    ) -> None:
        """Given a demo, the pane opens on it when it is mounted, and runs it `at_once`; `dials` keeps them in view."""
        super().__init__(id=id)
        self.wanted_keys = wanted_keys or {}
        keys.remap(self, self.wanted_keys)
        self.link = link
        self.demo = demo
        self.lab = lab
        self.at_once = at_once
        self.dials = dials
        self.values: dict[str, Scalar] = {}
        self.device = "auto"
        self.mistake = ""
        self.running = False
        self.checks: dict[str, bool] = {}
        self.records: list[RunRecord] = []  # the last ones, newest last
        self.against: RunRecord | None = None  # the run that plots are laid over
        self._line = 0
        self._plots = 0  # that the run has shown
        self._progress_at = 0.0  # when the bar was last drawn
        self.title_line = TitleLine()
        self.knobs = Knobs(self.wanted_keys)
        self.figures = Static(id="figures", markup=False)
        self.figures.styles.height = FIGURE_LINES if dials else 1
        self.results = ResultView()
        self.progress_line = Static(id="progress", markup=False)

    def compose(self) -> ComposeResult:
        yield self.title_line
        yield self.knobs
        yield self.figures
        yield self.results
        yield self.progress_line

    async def on_mount(self) -> None:
        if self.link is not None and self.demo is not None and self.lab is not None:
            await self.open(self.link, self.demo, self.lab)

    async def open(self, link: DemoLink, demo: Demo, lab: LabClient) -> None:
        """Show `demo` with the parameters of `link`."""
        self.link, self.demo, self.lab = link, demo, lab
        self.values = {parameter.name: parameter.default for parameter in demo.parameters} | dict(link.parameters)
        self.title_line.title = demo.title
        if self.dials:
            await self._show_knobs()
        else:
            self._hide_knobs()
        if self.at_once:
            self.run()

    def run(self, mistake: str = "") -> None:
        """Run the demo with the values set, perhaps with a slip in it; a run still going is cancelled first."""
        if self.link is not None and self.demo is not None and self.lab is not None:
            self.mistake = mistake
            self.running = True
            self.run_worker(self._run(self.link.name, self.demo, self.lab), group="demo", exclusive=True)

    def cancel(self) -> None:
        """Stop the run that is going, if one is."""
        if self.running:
            self.workers.cancel_group(self, "demo")
            self._ended("cancelled")

    @property
    def last(self) -> RunRecord | None:
        return self.records[-1] if self.records else None

    def show(self, event: Event) -> None:
        """Take one event of the run: into the page, the title or the bar of progress."""
        if self._state in ("idle", "warming"):
            self._stand("running")
        match event:
            case Line():
                self._reach(event.number)
            case Progress():
                self._show_progress(event)
            case Check():
                self.checks[event.id] = event.passed
                self._stand("running")
                self.results.add(event)
                self._reach(self._line, event)
            case Plot():
                self.results.add(overlaid(event, self._plots, self.against))
                self._plots += 1
            case Result():
                self._ended("held" if event.passed else "failed", seconds=event.seconds, device=event.device)
            case Failure(message="cancelled"):
                self._ended("cancelled")
            case Failure():
                self.results.add(event)
                self._ended("error")
            case _:
                self.results.add(event)

    def _reach(self, line: int, check: Check | None = None) -> None:
        self._line = line
        if self.dials:  # on the bench the program stands beside; elsewhere nobody listens, and messages cost time
            self.post_message(self.Reached(line, check))

    async def _run(self, name: str, demo: Demo, lab: LabClient) -> None:
        self.checks = {}
        self._plots = 0
        self._progress_at = 0.0
        await self.results.reset()
        self._stand("running" if lab.state in ("ready", "running") else "warming", restart=True)
        self.refresh_bindings()
        # Cancelling a run that waits for torch leaves the warm-up going, for the next.
        await asyncio.shield(asyncio.ensure_future(lab.start()))
        self._stand("running")
        values, device, mistake = dict(self.values), self.device, self.mistake
        said: list[Event] = []
        breath = time.monotonic()
        async with aclosing(lab.run(name, values, device=device, mistake=mistake)) as events:
            async for event in events:
                if not self.results.is_attached:
                    return  # the pane was taken away, and its parts before its worker
                said.append(event)
                self.show(event)
                while self.results.backlog > MOST_WAITING:
                    await asyncio.sleep(FLUSH_EVERY)
                if time.monotonic() - breath > LONGEST_STRETCH:
                    await asyncio.sleep(0)
                    breath = time.monotonic()
        if said and isinstance(last := said[-1], Result | Failure) and self._state != "cancelled":
            number = self.records[-1].number + 1 if self.records else 1
            run = RunRecord(number, name, values, device, mistake, tuple(said[:-1]), last)
            self.records = [*self.records, run][-RUNS_KEPT:]
            self._draw_figures()
            self.post_message(self.Finished(run))

    # How the run stands

    @property
    def _state(self) -> str:
        return self.title_line.standing.state

    def _stand(self, state: str, *, restart: bool = False, seconds: float | None = None, device: str = "") -> None:
        passed = sum(self.checks.values())
        declared = len(self.demo.checks) if self.demo else 0
        standing = Standing(state, passed, len(self.checks) - passed, declared, seconds, device)  # type: ignore[arg-type]
        if restart:
            self.title_line.stand(Standing())
        self.title_line.stand(standing)

    def _ended(self, state: str, *, seconds: float | None = None, device: str = "") -> None:
        self.running = False
        self._stand(state, seconds=self.title_line.elapsed if seconds is None else seconds, device=device)
        self.progress_line.remove_class("-shown")
        self.refresh_bindings()

    def _show_progress(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._progress_at < FLUSH_EVERY and progress.done < progress.total:
            return
        self._progress_at = now
        share = progress.done / progress.total if progress.total > 0 else 0.0
        width = max(8, min(24, self.size.width // 3))
        words = f"{phrases.bar(share, width)} {progress.done} of {progress.total}  {progress.label}"
        self.progress_line.update(Content(words).truncate(max(1, self.size.width - 2), ellipsis=True), layout=False)
        self.progress_line.add_class("-shown")

    def _draw_figures(self) -> None:
        last = self.last
        before = self.against or (self.records[-2] if len(self.records) > 1 else None)
        if last is not None:
            line = in_sight(last, before, self.size.width - 2, FIGURE_LINES if self.dials else 1)
            self.figures.update(line, layout=False)  # its room is kept for it, so that no plot is drawn anew

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "cancel":
                return self.running and not self._editing
            case "close":
                return not self.running and not self._editing
            case "leave_parameters":
                return self._editing
            case "source" | "run_again" | "parameters":
                return self.demo is not None
            case "overlay":
                return len(self.records) > 1
            case "export":
                return bool(self.records) and not self.running
        return True

    def action_cancel(self) -> None:
        self.cancel()

    def action_close(self) -> None:
        self.post_message(self.Closed())

    def action_run_again(self) -> None:
        self.run()

    def action_source(self) -> None:
        from prep_app.ui.widgets.demo_pane.source_screen import SourceScreen

        if self.link is not None and self.demo is not None:
            screen = SourceScreen(self.link.name, self.demo.title)
            keys.remap(screen, self.wanted_keys)
            self.app.push_screen(screen)

    async def action_parameters(self) -> None:
        if self._editing:
            self.action_leave_parameters()
        elif self.demo is not None:
            await self._show_knobs()
            self.knobs.add_class("-editing")
            self.knobs.edit()
            self.refresh_bindings()

    def action_leave_parameters(self) -> None:
        self.focus()
        self.knobs.remove_class("-editing")
        if not self.dials:
            self._hide_knobs()
        self.refresh_bindings()

    async def action_overlay(self) -> None:
        """Lay the plots over those of the run before, then of the one before that, then of none."""
        last = self.last
        if last is None:
            return
        earlier = self.records[:-1]
        if self.against in earlier:
            place = earlier.index(self.against)
            self.against = earlier[place - 1] if place else None
        else:
            self.against = earlier[-1] if earlier else None
        await self.results.reset()
        self._plots = 0
        for event in last.events:
            if not isinstance(event, Line | Progress | Check):
                self.show(event)
            elif isinstance(event, Check):
                self.results.add(event)
        self._draw_figures()
        over = "alone" if self.against is None else f"over run {self.against.number}"
        self.notify(f"Plots of run {last.number}, {over}", markup=False, timeout=3)

    def action_export(self) -> None:
        if self.last is not None:
            self.post_message(self.Exported(self.last))

    def action_scroll_lines(self, lines: int) -> None:
        if self._editing:
            self.knobs.move(1 if lines > 0 else -1)
        else:
            self.results.scroll_relative(y=lines, animate=False)

    def action_scroll_pages(self, pages: int) -> None:
        self.results.scroll_relative(y=pages * max(1, self.results.size.height - 1), animate=False)

    def action_scroll_to(self, end: bool) -> None:
        self.results.scroll_end(animate=False) if end else self.results.scroll_home(animate=False)

    @on(Knobs.Settled)
    def _dials_settled(self, message: Knobs.Settled) -> None:
        message.stop()
        self.values, self.device = dict(message.values), message.device
        last = self.last
        if last is not None and isinstance(last.outcome, Result) and last.outcome.seconds <= QUICK:
            self.run()
        else:
            self.cancel()
            self.title_line.stand(Standing("changed", seconds=0.0))

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width < ONE_LINE_FROM, "-narrow")
        self._draw_figures()

    @property
    def _editing(self) -> bool:
        return any(child.has_focus for child in self.knobs.children)

    async def _show_knobs(self) -> None:
        if self.demo is not None:
            await self.knobs.offer(self.demo, self.values, self.device)
            self.knobs.add_class("-shown")

    def _hide_knobs(self) -> None:
        self.knobs.remove_class("-shown")
