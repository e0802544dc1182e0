"""The study screen: composition and keys. What to ask, mark and schedule is the session's to decide."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, cast

from textual import on
from textual._styles_cache import StylesCache
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from prep_app.answers.response import Picked, Response
from prep_app.content.model import Card, DemoLink, Question
from prep_app.memory.types import Rating
from prep_app.practice.demo_runs import keep_run
from prep_app.practice.session import Session
from prep_app.ui import keys, phrases
from prep_app.ui.desk import Desk, now
from prep_app.ui.export import export
from prep_app.ui.screens.study.answer import Answer
from prep_app.ui.screens.study.answering.answering import Answering
from prep_app.ui.screens.study.answering.kinds import answering
from prep_app.ui.screens.study.code_card import solution, to_mend
from prep_app.ui.screens.study.grade_bar import GradeBar
from prep_app.ui.screens.study.key_points import KeyPoints
from prep_app.ui.screens.study.page import Page
from prep_app.ui.widgets.demo_pane import DemoPane
from prep_app.ui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from prep_app.lab.catalogue import Demo
    from prep_app.lab.judge import Verdict
    from prep_app.ui.app import PrepApp


class StudyScreen(Screen[None]):
    """One session, card after card, until it ends or is left."""

    CSS_PATH = "study.tcss"
    BINDINGS = keys.STUDY
    AUTO_FOCUS = None

    def __init__(self, desk: Desk, session: Session) -> None:
        super().__init__()
        self.desk = desk
        self.session = session
        self.revealed = False
        self.full = False
        self.answering: Answering | None = None
        self.answer: Answer | None = None
        self.solution = ""  # of a code card
        self.pane: DemoPane | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(classes="top"):
            yield Static(id="where", classes="name", markup=False)
            yield Static(id="left", classes="said", markup=False)
        with Container(id="body"):
            yield Page(id="page")
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
        self.revealed = self.full = False
        self.answer = None
        asked = self.session.asked
        self.solution = await solution(card)
        self.answering = answering(asked, await to_mend(card), self._judge)
        keys.remap(self.answering, self.desk.settings.keys)
        self.set_focus(None)
        with self.app.batch_update():
            self._close_demo()
            await self.query_one(Page).ask(asked.prompt, self.answering)
            self._draw_status()
            self._draw_bar()
            self.answering.enter()
        self.refresh(layout=True)  # in the very next frame, not once every widget has had its say
        self.refresh_bindings()
        # The answer is laid out behind the question while it is being read, so the reveal is instant.
        self.call_after_refresh(self._prepare_answer, card)
        self.call_after_refresh(self._prepare_demo, card)

    async def _prepare_answer(self, card: Card) -> Answer:
        if self.answer is None or self.answer.card is not card:
            question = self._question(card)
            self.answer = Answer(self.session.asked, question, self.desk.memory.proofs(), self.solution)
            await self.query_one(Page).mount(self.answer)
            # Textual keeps the lines of up to 1,024 removed widgets in this cache, for the collector to wade through.
            StylesCache.get_inner_outer.cache_clear()
            gc.collect()  # now, while the question is being read, rather than between a key and its frame
        return self.answer

    async def _prepare_demo(self, card: Card) -> None:
        """Have the lab import what the card's demo needs beside torch."""
        link = self._demo_link(card)
        if link is not None and (await self._demo(link)).imports:
            await cast("PrepApp", self.app).lab.prepare(link.name)

    async def _judge(self, text: str) -> Verdict:
        """Run the learner's function in the lab against the checks of the card's demo."""
        from prep_app.practice.code_run import judge_code

        return await judge_code(cast("PrepApp", self.app).lab, self.session.asked, text)

    @staticmethod
    async def _demo(link: DemoLink) -> Demo:
        from prep_app.lab.catalogue import find

        return await asyncio.to_thread(find, link.name)

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
            bar.invite(self.answering.INVITATION if self.answering else "")
            return
        previews = self.session.previews()
        at = now()
        intervals = {
            rating: phrases.interval(preview.due - at) if preview.learning else phrases.days(preview.interval_days)
            for rating, preview in previews.items()
        }
        bar.offer(intervals, self._suggestion())

    def _suggestion(self) -> Rating | None:
        points = self.answer.points if self.answer else None
        if points is not None:
            return self.session.suggest(self._response()) if points.ticked else None
        if self.answering is None or not self.answering.given():
            return None
        return self.session.suggest(self._response())

    def _response(self) -> Response:
        """What was answered; for a recall card the points ticked, once there are any to tick."""
        points = self.answer.points if self.answer else None
        if self.revealed and points is not None:
            return Picked(frozenset(points.ticked))
        assert self.answering is not None
        return self.answering.response()

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
                return self.answer is not None and self.answer.points is not None
            case "hint":
                return not self.revealed and card is not None and bool(card.hint)
            case "demo" | "lab":
                return card is not None and self._demo_link(card) is not None
        return True

    async def action_reveal(self) -> None:
        card = self.session.current
        if card is None:
            return
        answer = await self._prepare_answer(card)
        if self.answering is not None:
            response = self.answering.response()
            self.answering.reveal(self.session.mark(response))
            if answer.points is not None and isinstance(response, Picked):
                answer.points.tick_all(response.indices)
        self.revealed = True
        self.set_focus(None)
        answer.display = True
        self._draw_bar()
        self.refresh(layout=True)
        self.refresh_bindings()

    async def action_grade(self, rating: int) -> None:
        # On disk before the next card is drawn; in a thread, since a disk may be slow.
        await asyncio.to_thread(self.session.grade, Rating(rating))
        await self._show_card()

    def action_choose(self, number: int) -> None:
        if self.answering is not None:
            self.answering.choose(number - 1)

    async def action_type(self) -> None:
        from prep_app.ui.screens.study.answering.spoken import Spoken

        if isinstance(self.answering, Spoken):
            await self.answering.type()
        elif self.answering is not None:
            self.answering.enter()

    def action_move(self, step: int) -> None:
        if self.revealed and self.answer is not None and self.answer.points is not None:
            self.answer.points.move(step)
        elif not self.revealed and self.answering is not None and self.session.asked.options:
            self.answering.move(step)
        else:
            self.query_one(Page).scroll_relative(y=step, animate=False)

    def action_tick(self) -> None:
        if not self.revealed and self.answering is not None:
            self.answering.toggle()
        elif self.answer is not None and self.answer.points is not None:
            self.answer.points.tick()

    def action_page(self, step: int) -> None:
        page = self.query_one(Page)
        page.scroll_relative(y=step * max(1, page.size.height - 2), animate=False)

    def action_hint(self) -> None:
        self.query_one(Page).show_hint(self.session.hint())

    async def action_full(self) -> None:
        if self.answer is not None:
            await self.answer.show_full()

    async def action_undo(self) -> None:
        card = await asyncio.to_thread(self.session.undo)
        if card is None:
            self.notify("Nothing to take back", markup=False)
        else:
            await self._show_card()

    async def action_bury(self) -> None:
        await asyncio.to_thread(self.session.bury)
        self.notify("Buried until tomorrow; u takes it back", markup=False)
        await self._show_card()

    async def action_suspend(self) -> None:
        await asyncio.to_thread(self.session.suspend)
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
        link = self._demo_link(card) if card else None
        if link is None:
            return
        self._close_demo()
        app = cast("PrepApp", self.app)
        self.pane = DemoPane(link, await self._demo(link), app.lab, wanted_keys=app.settings.keys)
        await self.query_one("#body").mount(self.pane)
        self.pane.focus()

    async def action_lab(self) -> None:
        card = self.session.current
        link = self._demo_link(card) if card else None
        if link is None:
            return
        from prep_app.ui.screens.bench.screen import BenchScreen

        self._close_demo()
        demo = await self._demo(link)
        self.app.push_screen(BenchScreen(self.desk, link, demo, cast("PrepApp", self.app).lab))

    def _close_demo(self) -> None:
        if self.pane is not None:
            self.pane.display = False  # out of sight at once; its many widgets go when there is time
            self.call_after_refresh(self.pane.remove)
            self.pane = None

    # Messages from below

    @on(DemoPane.Closed)
    def _demo_closed(self) -> None:
        self._close_demo()

    @on(DemoPane.Finished)
    async def _demo_finished(self, message: DemoPane.Finished) -> None:
        if await asyncio.to_thread(keep_run, self.desk.memory, message.run, now()):
            self._prove()

    @on(DemoPane.Exported)
    async def _demo_exported(self, message: DemoPane.Exported) -> None:
        await export(self, self.desk, message.run)

    async def library_changed(self, desk: Desk) -> None:
        """A pack was edited: go on with its cards as they are now."""
        self.desk = desk
        if await asyncio.to_thread(self.session.adopt, desk.library):
            await self._show_card()

    def on_screen_resume(self) -> None:
        self._prove()  # the lab may have run it meanwhile

    def _prove(self) -> None:
        if self.answer is not None:
            self.answer.prove(self.desk.memory.proofs())

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
        if not self.revealed:
            await self.action_reveal()

    @on(KeyPoints.Ticked)
    def _ticks_changed(self) -> None:
        self._draw_bar()

    def on_resize(self) -> None:
        self._draw_status()

    def _finish(self) -> None:
        from prep_app.ui.screens.summary.screen import SummaryScreen

        self.app.switch_screen(SummaryScreen(self.desk, self.session))
