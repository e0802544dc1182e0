"""The bench: one demo with its dials in view, the program beside its results, a prediction before the run."""

from __future__ import annotations

import asyncio

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from prep_app.answers.prediction import Guess
from prep_app.content.model import DemoLink
from prep_app.lab.catalogue import Demo, Mistake, Prediction
from prep_app.lab.client import LabClient
from prep_app.lab.events import Result
from prep_app.lab.record import RunRecord
from prep_app.memory.days import now
from prep_app.practice.demo_runs import foresight_so_far, keep_prediction, keep_run, outcome_of
from prep_app.ui import keys
from prep_app.ui.desk import Desk
from prep_app.ui.export import export
from prep_app.ui.screens.bench.break_it import BreakScreen, broken
from prep_app.ui.screens.bench.notes import said_and_came, what_changed
from prep_app.ui.screens.bench.predict import PredictScreen
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.widgets.demo_pane import DemoPane
from prep_app.ui.widgets.demo_pane.program_view import ProgramView
from prep_app.ui.widgets.hanging import Hanging, Row
from prep_app.ui.widgets.key_line import KeyLine


class BenchScreen(ClosesOnce, Screen[None]):
    CSS_PATH = "bench.tcss"
    BINDINGS = keys.BENCH
    AUTO_FOCUS = "DemoPane"

    def __init__(self, desk: Desk, link: DemoLink, demo: Demo, lab: LabClient) -> None:
        super().__init__()
        self.desk = desk
        self.link = link
        self.demo = demo
        self.pane = DemoPane(link, demo, lab, wanted_keys=desk.settings.keys, at_once=False, dials=True)
        self.program = ProgramView(link.name)
        self.notes = Hanging(id="notes")
        self.said = VerticalScroll(id="said", can_focus=False)
        self.asked = 0  # predictions made, so that each is asked in turn
        self.guess: tuple[Prediction, Guess] | None = None
        self.hunted = ""  # the check that a slip should break

    def compose(self) -> ComposeResult:
        with Horizontal(classes="top"):
            yield Static(f"lab · {self.link.name}", classes="name", markup=False)
            yield Static(", ".join(self.demo.questions), classes="said", markup=False)
        with Container(id="body"):
            yield self.pane
            with Vertical(id="side"):
                with self.said:
                    yield self.notes
                yield self.program
        yield KeyLine()

    async def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)
        if self.demo.imports and self.pane.lab is not None:
            await self.pane.lab.prepare(self.link.name)
        self.call_after_refresh(self.action_predict)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "predict":
                return bool(self.demo.predictions)
            case "break_it":
                return bool(self.demo.mistakes) and not self.pane.running
        return True

    def action_predict(self) -> None:
        if not self.demo.predictions:
            self.pane.run()
            return
        prediction = self.demo.predictions[self.asked % len(self.demo.predictions)]

        def answered(guess: Guess | None) -> None:
            if guess is not None:
                self.asked += 1
                self.guess = (prediction, guess)
            self.pane.focus()
            self.pane.run()

        self.app.push_screen(PredictScreen(self.desk, prediction, self.pane.values), answered)

    def action_break_it(self) -> None:
        def chosen(slip: tuple[str, str] | None) -> None:
            self.pane.focus()
            if slip is not None:
                self.hunted, name = slip
                self.pane.run(mistake=name)

        self.app.push_screen(BreakScreen(self.desk, self.link.name, self.demo, self.hunted), chosen)

    def action_close(self) -> None:
        self.dismiss()

    # Messages from below

    @on(DemoPane.Closed)
    def _pane_closed(self) -> None:
        self.dismiss()

    @on(DemoPane.Reached)
    def _reached(self, message: DemoPane.Reached) -> None:
        self.program.reach(message.line, message.check)

    @on(DemoPane.Finished)
    async def _finished(self, message: DemoPane.Finished) -> None:
        run = message.run
        self.program.end()
        await asyncio.to_thread(keep_run, self.desk.memory, run, now())
        rows = await self._settled(run) if self.guess is not None else []
        if run.mistake:
            rows += broken(self._slip(run.mistake), self.demo, self.hunted, run)
        before = self.pane.records[-2] if len(self.pane.records) > 1 else None
        rows += what_changed(run, before, self.pane.against)
        self._note(rows)
        self.refresh_bindings()

    @on(DemoPane.Exported)
    async def _exported(self, message: DemoPane.Exported) -> None:
        await export(self, self.desk, message.run)

    async def _settled(self, run: RunRecord) -> list[Row]:
        """Score the prediction that this run answers; a run without an answer leaves it open."""
        assert self.guess is not None
        prediction, guess = self.guess
        if not isinstance(run.outcome, Result) or run.mistake:
            return []
        self.guess = None
        scored = await asyncio.to_thread(keep_prediction, self.desk.memory, prediction, guess, run, now())
        if scored is None:
            return []
        seen = await asyncio.to_thread(foresight_so_far, self.desk.memory)
        return said_and_came(prediction, guess, outcome_of(prediction, run), scored, seen)

    def _slip(self, name: str) -> Mistake:
        return next(slip for slip in self.demo.mistakes if slip.name == name)

    def _note(self, rows: list[Row]) -> None:
        self.notes.show(rows)
        self.said.scroll_home(animate=False)
