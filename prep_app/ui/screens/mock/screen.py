"""The interview itself: one question after another against the clock, and not a word about how it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from prep_app.practice.mock_interview import Interview
from prep_app.practice.mock_report import spell
from prep_app.ui import keys
from prep_app.ui.desk import Desk
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.screens.mock.ask import LeaveScreen
from prep_app.ui.screens.mock.clock import Clock, SayLine
from prep_app.ui.screens.mock.editor import invitation, response, take_notes, typed, widget_for
from prep_app.ui.screens.mock.judging import Judging
from prep_app.ui.screens.study.answering.answering import Answering
from prep_app.ui.screens.study.answering.spoken import Spoken
from prep_app.ui.screens.study.page import Page
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from prep_app.ui.app import PrepApp

TICK = 1.0  # seconds
SLIP = 1.0  # seconds; a key pressed again so soon was meant for the question before


class MockScreen(ClosesOnce, Screen[None]):
    """Asks until the questions or the time are up; then the marking takes its place."""

    CSS_PATH = "mock.tcss"
    BINDINGS = keys.MOCK
    AUTO_FOCUS = None

    def __init__(self, desk: Desk, interview: Interview) -> None:
        super().__init__()
        self.desk = desk
        self.interview = interview
        self.answering: Answering | None = None
        self.judging = Judging(cast("PrepApp", self.app), interview)

    def compose(self) -> ComposeResult:
        with Horizontal(classes="top"):
            yield Static(id="where", classes="name", markup=False)
            yield Clock()
        yield Page(id="page")
        yield SayLine()
        yield KeyLine()

    async def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)
        self.set_interval(TICK, self.draw_time)
        await self._ask()

    async def _ask(self) -> None:
        asked = self.interview.current
        if asked is None:
            self._mark()
            return
        self.answering = await widget_for(asked)
        self.set_focus(None)
        with self.app.batch_update():
            await self.query_one(Page).ask(asked.prompt, self.answering)
            self.query_one("#where", Static).update(Content(self._where()))
            self.draw_time()
            self.answering.enter()
        self.refresh(layout=True)
        self.refresh_bindings()

    def _where(self) -> str:
        interview = self.interview
        follow_up = " · follow-up" if interview.is_follow_up else ""
        return f"Question {interview.number} of {interview.total}{follow_up}"

    def draw_time(self) -> None:
        """Once a second."""
        asked = self.interview.current
        if asked is None:
            return
        left = self.interview.seconds_left
        self.query_one(Clock).show(left)
        if left:
            here, share = spell(self.interview.seconds_here), spell(self.interview.terms.share)
            second = Content.styled(f" Here {here} of about {share}", QUIET)
        else:
            second = Content.styled(" ■ Time is up: the interview ends with this answer.", "bold $text-error")
        self.query_one(SayLine).say(Content.styled(f" {invitation(asked)}", "bold $text-accent"), second)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        asked = self.interview.current
        choice = asked is not None and asked.card.body.kind == "choice"
        match action:
            case "choose" | "tick":
                return choice
            case "type":
                return not choice
        return True

    async def action_done(self) -> None:
        asked, widget = self.interview.current, self.answering
        if asked is None or widget is None:
            return
        spoken = isinstance(widget, Spoken)
        if spoken and not widget.given() and self.interview.seconds_here < SLIP:
            return
        if not spoken and not widget.given():
            self.notify("Nothing is answered yet; s skips the question", markup=False, timeout=3)
            return
        text = typed(widget)
        place = self.interview.answer(response(widget), text)
        if self.interview.items[place].pending:
            self.judging.later(place, text)
        await self._ask()

    async def action_skip(self) -> None:
        if self.interview.current is not None:
            self.interview.skip()
            await self._ask()

    def action_choose(self, number: int) -> None:
        if self.answering is not None:
            self.answering.choose(number - 1)

    def action_move(self, step: int) -> None:
        asked = self.interview.current
        if self.answering is not None and asked is not None and (asked.options or asked.steps):
            self.answering.move(step)
        else:
            self.query_one(Page).scroll_relative(y=step, animate=False)

    def action_tick(self) -> None:
        if self.answering is not None:
            self.answering.toggle()

    async def action_type(self) -> None:
        if isinstance(self.answering, Spoken):
            await take_notes(self.answering)
        elif self.answering is not None:
            self.answering.enter()

    def action_page(self, step: int) -> None:
        page = self.query_one(Page)
        page.scroll_relative(y=step * max(1, page.size.height - 2), animate=False)

    def action_look_up(self) -> None:
        self.notify("No looking up during the interview", markup=False, timeout=3)

    def action_end(self) -> None:
        interview = self.interview
        if interview.current is None:
            return
        said = (
            f"{interview.answered} of {interview.total} answered" if interview.answered else "Nothing is answered yet"
        )
        text = f"{said}. The clock goes on while you think."
        self.app.push_screen(LeaveScreen(self.desk, "End the interview here?", text), self._leave)

    def _leave(self, answer: str | None) -> None:
        if answer == "keep" and self.interview.answered:
            self.interview.end()
            self._mark()
        elif answer:
            self.judging.cancel()
            self.dismiss()

    @on(Answering.Submitted)
    async def _complete(self) -> None:
        if self.is_current:
            await self.action_done()

    def _mark(self) -> None:
        from prep_app.ui.screens.mock.marking import MarkingScreen

        self.app.switch_screen(MarkingScreen(self.desk, self.interview, self.judging))
