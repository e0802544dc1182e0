"""The study screen: composition and keys. What to ask, mark and schedule is the session's to decide."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from prep_app.content.model import Card, DemoLink, Question
from prep_app.memory.days import now
from prep_app.memory.types import Rating
from prep_app.practice.session import Session
from prep_app.ui import keys, phrases
from prep_app.ui.desk import Desk
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.screens.study.answering.answering import Answering
from prep_app.ui.screens.study.beside import Beside
from prep_app.ui.screens.study.card_page import CardPage
from prep_app.ui.screens.study.grade_bar import GradeBar
from prep_app.ui.screens.study.key_points import KeyPoints
from prep_app.ui.widgets.demo_pane import DemoPane
from prep_app.ui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from prep_app.lab.judge import Verdict
    from prep_app.ui.app import PrepApp

T = TypeVar("T")


class StudyScreen(ClosesOnce, Screen[None]):
    """One session, card after card, until it ends or is left."""

    CSS_PATH = "study.tcss"
    BINDINGS = keys.STUDY
    AUTO_FOCUS = None

    def __init__(self, desk: Desk, session: Session) -> None:
        super().__init__()
        self.desk = desk
        self.session = session
        self.moving = False  # to another card, as long as the disk takes
        self.page = CardPage()
        self.beside = Beside(desk, self.page)

    @property
    def pane(self) -> DemoPane | None:
        return self.beside.pane

    @property
    def revealed(self) -> bool:
        return self.page.revealed

    def compose(self) -> ComposeResult:
        with Horizontal(classes="top"):
            yield Static(id="where", classes="name", markup=False)
            yield Static(id="left", classes="said", markup=False)
        yield self.beside
        yield GradeBar()
        yield KeyLine()

    async def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)
        if self.session.resumed:
            self.notify(f"Resumed: {self.session.position} of {self.session.total} done", markup=False, timeout=3)
        await self._show_card()

    # What is on the screen

    async def _show_card(self) -> None:
        card = self.session.current
        if card is None:
            self._finish()
            return
        page = self.page
        await page.take(self.session.asked, self._judge, self.desk.settings.keys)
        self.set_focus(None)
        with self.app.batch_update():
            self.beside.close()
            await page.show()
            self._draw_status()
            self._draw_bar()
            if page.answering is not None:
                page.answering.enter()
        self.refresh(layout=True)  # in the very next frame, not once every widget has had its say
        self.refresh_bindings()
        self.call_after_refresh(self._prepare, card)

    async def _prepare(self, card: Card) -> None:
        """Lay out the answer, and have the lab import what the demo needs, while the question is being read."""
        await self._prepare_answer()
        link = self._demo_link(card)
        if link is not None:
            await self.beside.prepare(link)

    async def _prepare_answer(self) -> None:
        if self.page.asked is not None:
            await self.page.prepare(self._question(self.page.asked.card), self.desk.memory.proofs())

    async def _judge(self, text: str) -> Verdict:
        """Run the learner's function in the lab against the checks of the card's demo."""
        from prep_app.practice.code_run import judge_code

        return await judge_code(cast("PrepApp", self.app).lab, self.session.asked, text)

    def _draw_status(self) -> None:
        card = self.session.current
        if card is None:
            return
        flags = self.desk.memory.flags(card.id)
        where = f"{card.question} · {card.topic}" + ("  ★ marked" if flags.marked else "")
        if self.session.practice:
            where += "  (practice: the schedule stays)"
        self.query_one("#where", Static).update(Content(where))
        left = f"{self.session.left} left, {phrases.minutes(self.session.minutes_left)}"
        if self.size.width >= 72:
            left = f"{self.session.position + 1} of {self.session.total} · {left}"
        self.query_one("#left", Static).update(Content(left))

    def _draw_bar(self) -> None:
        bar = self.query_one(GradeBar)
        card = self.session.current
        if card is None:
            return
        if not self.revealed:
            bar.invite(self.page.answering.INVITATION if self.page.answering is not None else "")
            return
        previews = self.session.previews()
        at = now()
        intervals = {
            rating: phrases.interval(preview.due - at) if preview.learning else phrases.days(preview.interval_days)
            for rating, preview in previews.items()
        }
        bar.offer(intervals, self.session.suggest(self.page.response()) if self.page.given() else None)

    def _question(self, card: Card) -> Question:
        return self.desk.library.questions[card.question]

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        card = self.session.current
        match action:
            case "reveal":
                return not self.revealed
            case "choose":
                return not self.revealed and card is not None and card.body.kind == "choice"
            case "type":
                return not self.revealed and card is not None and card.body.kind != "choice"
            case "grade" | "full":
                return self.revealed
            case "tick":
                if not self.revealed:
                    return card is not None and card.body.kind == "choice"
                return self.page.points is not None
            case "hint":
                return not self.revealed and card is not None and bool(card.hint)
            case "demo" | "lab":
                return card is not None and self._demo_link(card) is not None
            case "bury" | "suspend" | "mark" | "info":
                return card is not None  # a pack may have gone while it was open
        return True

    async def action_reveal(self) -> None:
        if self.session.current is None:
            return
        await self._prepare_answer()
        self.page.reveal(self.session.mark)
        self.set_focus(None)
        self._draw_bar()
        self.refresh(layout=True)
        self.refresh_bindings()

    async def _move_on(self, step: Callable[..., T], *arguments: Any) -> T:
        # On disk before the next card is drawn; in a thread, since a disk may be slow.
        self.moving = True
        try:
            return await asyncio.to_thread(step, *arguments)
        finally:
            self.moving = False

    @property
    def _in_hand(self) -> bool:
        """Whether the card that is shown is still the one in hand; what it posts may come late."""
        return not self.moving and self.page.asked is not None and self.page.asked.card is self.session.current

    async def action_grade(self, rating: int) -> None:
        await self._move_on(self.session.grade, Rating(rating))
        await self._show_card()

    def action_choose(self, number: int) -> None:
        self.page.choose(number)

    async def action_type(self) -> None:
        await self.page.type()

    def action_move(self, step: int) -> None:
        self.page.step(step)

    def action_tick(self) -> None:
        self.page.tick()

    def action_page(self, step: int) -> None:
        self.page.turn(step)

    def action_hint(self) -> None:
        self.page.show_hint(self.session.hint())

    async def action_full(self) -> None:
        if self.page.answer is not None:
            await self.page.answer.show_full()

    async def action_undo(self) -> None:
        card = await self._move_on(self.session.undo)
        if card is None:
            self.notify("Nothing to take back", markup=False)
        else:
            await self._show_card()

    async def action_bury(self) -> None:
        await self._move_on(self.session.bury)
        self.notify("Buried until tomorrow; u takes it back", markup=False)
        await self._show_card()

    async def action_suspend(self) -> None:
        await self._move_on(self.session.suspend)
        self.notify("Suspended; u takes it back", markup=False)
        await self._show_card()

    async def action_mark(self) -> None:
        await asyncio.to_thread(self.session.toggle_mark)
        self._draw_status()

    def action_info(self) -> None:
        from prep_app.ui.screens.card_info.screen import CardInfoScreen

        if self.session.current is not None:
            self.app.push_screen(CardInfoScreen(self.desk, self.session.current))

    def action_back(self) -> None:
        self.dismiss()

    # The demo

    def _demo_link(self, card: Card) -> DemoLink | None:
        asked = self.session.asked if card is self.session.current else None
        link = asked.demo if asked is not None else card.demo
        return link or next(iter(self._question(card).demos), None)

    async def action_demo(self) -> None:
        card = self.session.current
        if card is not None and (link := self._demo_link(card)) is not None:
            await self.beside.open(link)

    async def action_lab(self) -> None:
        card = self.session.current
        if card is not None and (link := self._demo_link(card)) is not None:
            await self.beside.open_lab(link)

    # Messages from below

    async def library_changed(self, desk: Desk) -> None:
        """A pack was edited: go on with its cards as they are now."""
        self.desk = desk
        if await self._move_on(self.session.adopt, desk.library):
            await self._show_card()

    @on(Beside.Proved)
    @on(events.ScreenResume)  # the lab may have run it meanwhile
    def _prove(self) -> None:
        if self.page.answer is not None:
            self.page.answer.prove(self.desk.memory.proofs())

    @on(GradeBar.Revealed)
    async def _invitation_clicked(self) -> None:
        if not self.revealed:
            await self.action_reveal()

    @on(GradeBar.Graded)
    async def _grade_clicked(self, message: GradeBar.Graded) -> None:
        if self.revealed:
            await self.app.run_action(f"grade({int(message.rating)})", self)

    @on(Answering.Submitted)
    async def _answer_complete(self) -> None:
        if self._in_hand and not self.revealed:
            await self.action_reveal()

    @on(KeyPoints.Ticked)
    def _ticks_changed(self) -> None:
        if self._in_hand:
            self._draw_bar()

    def on_resize(self) -> None:
        self._draw_status()

    def _finish(self) -> None:
        from prep_app.ui.screens.summary.screen import SummaryScreen

        self.app.switch_screen(SummaryScreen(self.desk, self.session))
