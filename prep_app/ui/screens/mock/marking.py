"""After the interview, or another day: each answer beside what an interviewer listens for; what was said is ticked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from prep_app.answers.response import Picked
from prep_app.content.body import Recall
from prep_app.errors import UserError
from prep_app.memory.days import now
from prep_app.memory.store import Memory
from prep_app.practice.mock_interview import Answers, Item
from prep_app.practice.mock_kept import note_answers, note_report, note_thrown_away
from prep_app.practice.mock_report import Report, report, spell
from prep_app.ui import keys, phrases
from prep_app.ui.desk import Desk
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.screens.mock.ask import LeaveMarkingScreen
from prep_app.ui.screens.mock.clock import SayLine
from prep_app.ui.screens.mock.marks import mark_rows, typed_rows
from prep_app.ui.screens.study.key_points import KeyPoints
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.hanging import Hanging
from prep_app.ui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from prep_app.ui.screens.mock.judging import Judging


class MarkingScreen(ClosesOnce, Screen[None]):
    """One page an answer. What was answered is kept at once; past the last page the marks are, and the report comes."""

    CSS_PATH = "mock.tcss"
    BINDINGS = keys.MOCK_MARKING
    AUTO_FOCUS = None

    def __init__(self, desk: Desk, answers: Answers, judging: Judging, *, again: bool = False) -> None:
        """`again`: its answers are on disk already."""
        super().__init__()
        self.desk = desk
        self.answers = answers
        self.judging = judging
        self.again = again
        self.places = [place for place, item in enumerate(answers.items) if item.reached]
        self.page_number = 0
        self.points: KeyPoints | None = None
        self.finishing = False
        self.kept: Report | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(classes="top"):
            yield Static(id="where", classes="name", markup=False)
            yield Static(id="took", classes="said", markup=False)
        yield VerticalScroll(id="page", can_focus=False)
        yield SayLine()
        yield KeyLine()

    async def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)
        self.run_worker(self._show_runs(), exit_on_error=False)
        await self._show()
        if not self.again:
            await self._kept(note_answers, self.answers)

    @property
    def item(self) -> Item:
        return self.answers.items[self.places[self.page_number]]

    # What is on the screen

    async def _show(self) -> None:
        item = self.item
        page = self.query_one("#page")
        with self.app.batch_update():
            self.points = None
            await page.remove_children()
            await page.mount(*self._parts(item))
            page.scroll_home(animate=False)
            which = f"Marking {self.page_number + 1} of {len(self.places)}"
            self.query_one("#where", Static).update(Content(f"{which} · {item.card.question} · {item.card.topic}"))
            share = self.answers.terms.share
            self.query_one("#took", Static).update(Content(f"{spell(item.seconds)} of {spell(share)}"))
            self._draw_bar()
        self.refresh_bindings()

    def _parts(self, item: Item) -> list[Widget]:
        """The question, what was said, what is right."""
        from prep_app.ui.widgets.prose import Prose

        prompt: Widget = (
            Prose(item.asked.prompt)
            if "```" in item.asked.prompt
            else Static(Content.styled(item.asked.prompt, "bold"), classes="section", markup=False)
        )
        parts: list[Widget] = [prompt]
        if typed := typed_rows(item):
            said = Hanging(classes="section")
            said.show(typed)
            parts.append(said)
        if item.asked.answer:
            parts.append(Prose(item.asked.answer))
        body = item.card.body
        if isinstance(body, Recall) and item.answered:
            self.points = KeyPoints(tuple(point.text for point in body.key_points))
            self.points.ticked = set(item.response.indices) if isinstance(item.response, Picked) else set()
            parts.append(self.points)
        else:
            marks = Hanging(id="marks", classes="section")
            marks.show(mark_rows(item))
            parts.append(marks)
        return parts

    def _draw_bar(self) -> None:
        item = self.item
        last = self.page_number == len(self.places) - 1
        onward = "space: the report" if last else "space: the next answer"
        held = item.mark
        if item.skipped:
            first = Content.styled(" – Skipped: nothing to mark", "bold $text-warning")
        elif held is None:
            first = Content.styled(" ▸ Its checks are still running…", "bold $text-primary")
        elif self.points is not None:
            said = f" {held.right} of {phrases.plural(held.total, 'point')} ticked: tick what you said (↑↓, enter)"
            first = Content.styled(said, "bold $text-accent")
        elif held.correct:
            first = Content.styled(" ✓ Right", "bold $text-success")
        else:
            first = Content.styled(f" ✗ Not right: {held.right} of {held.total} parts are", "bold $text-error")
        self.query_one(SayLine).say(first, Content.styled(f" {onward}", QUIET))

    async def _show_runs(self) -> None:
        """Code whose page is already open is shown with its mark once it has one."""
        await self.judging.done()
        for marks in self.query("#marks").results(Hanging):
            marks.show(mark_rows(self.item))
        self._draw_bar()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case _ if self.finishing:
                return False
            case "tick":
                return self.points is not None
            case "step" if parameters == (-1,):
                return self.page_number > 0
        return True

    async def action_step(self, by: int) -> None:
        if 0 <= self.page_number + by < len(self.places):
            self.page_number += by
            await self._show()
        elif by > 0:
            self._finish()

    def action_tick(self) -> None:
        if self.points is not None:
            self.points.tick()

    def action_move(self, step: int) -> None:
        if self.points is not None:
            self.points.move(step)
        else:
            self.query_one("#page").scroll_relative(y=step, animate=False)

    def action_page(self, step: int) -> None:
        page = self.query_one("#page")
        page.scroll_relative(y=step * max(1, page.size.height - 2), animate=False)

    def action_leave(self) -> None:
        text = "What you answered is kept. You can mark it another time: i or s in Home leads here."
        self.app.push_screen(LeaveMarkingScreen(self.desk, "Leave the marking?", text), self._leave)

    async def _leave(self, answer: str | None) -> None:
        if answer == "report":
            self._finish()
        elif answer and await self._kept(note_answers if answer == "later" else note_thrown_away, self.answers):
            self.judging.cancel()
            self.dismiss()

    @on(KeyPoints.Ticked)
    def _ticked(self) -> None:
        if self.points is not None:
            self.answers.tick(self.places[self.page_number], self.points.ticked)
            self._draw_bar()

    def _finish(self) -> None:
        if self.finishing:
            return
        self.finishing = True
        if any(item.pending for item in self.answers.items):
            waiting = Content.styled(" ▸ Your code is still running; then comes the report", "bold $text-primary")
            self.query_one(SayLine).say(waiting, Content())
        self.run_worker(self._keep_and_report())

    async def _keep_and_report(self) -> None:
        """Keep the mock, once its code has run; it is on disk when the report comes."""
        await self.judging.done()
        held = report(self.answers)
        if await self._kept(note_report, held):
            self.kept = held
            self._open_report()
        else:
            self.finishing = False

    async def _kept(self, note: Callable[[Memory, Any, int], None], held: object) -> bool:
        """Write to the journal; returns whether it took it, and says why where not."""
        try:
            await asyncio.to_thread(note, self.desk.memory, held, now())
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)
            return False
        return True

    def on_screen_resume(self) -> None:
        self._open_report()

    def _open_report(self) -> None:
        """Once the mock is kept, and nothing else lies over this screen."""
        from prep_app.ui.screens.mock.report import ReportScreen

        if self.kept is not None and self.is_current:
            self.app.switch_screen(ReportScreen(self.desk, self.kept))
