"""Set the day of the interview and the minutes a day; what comes of it is worked out while they are typed."""

from __future__ import annotations

import asyncio

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalGroup
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from prep_app.errors import UserError
from prep_app.memory.days import now, study_day
from prep_app.memory.types import InterviewPlan
from prep_app.practice.interview import MINUTES, Outlook, interview_on, outlook
from prep_app.ui import keys, phrases
from prep_app.ui.desk import Desk
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.key_line import KeyLine

PAUSE = 0.3  # seconds without a key before anything is worked out


class PlanScreen(ClosesOnce, ModalScreen[bool]):
    """Returns whether the plan was changed."""

    CSS_PATH = "../modal.tcss"
    DEFAULT_CLASSES = "modal"
    BINDINGS = keys.PLAN
    AUTO_FOCUS = "#date"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.held = desk.memory.plan()

    def compose(self) -> ComposeResult:
        day, minutes = (str(self.held.date), self.held.minutes) if self.held else ("", MINUTES)
        with VerticalGroup(classes="box"):
            heading = ("When is the interview?", "bold $text-accent")
            yield Static(Content.assemble(heading, ("\nenter keeps it\n", QUIET)), markup=False)
            yield Input(day, placeholder="2026-12-15; empty: no interview", id="date", max_length=20)
            yield Static(Content.styled("Minutes a day", QUIET), markup=False)
            yield Input(str(minutes), id="minutes", max_length=5)
            yield Static(id="outlook", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._look_ahead()

    @on(Input.Submitted)
    async def _keep(self) -> None:
        try:
            plan = self._plan()
        except UserError as error:
            self._say(str(error), "$text-error")
            return
        if plan != self.held:
            day, minutes = (plan.date, plan.minutes) if plan else (None, 0)
            await asyncio.to_thread(self.desk.memory.note_plan, day, minutes, now())
        self.dismiss(plan != self.held)

    def _plan(self) -> InterviewPlan | None:
        """What is typed; None for no interview. Raises UserError for what cannot be planned for."""
        day, minutes = self.query_one("#date", Input).value.strip(), self.query_one("#minutes", Input).value.strip()
        if not day:
            return None
        if not (minutes.isascii() and minutes.isdecimal()):
            raise UserError("give the minutes of a day as a whole number")
        return interview_on(day, int(minutes), study_day(now(), self.desk.settings.rollover_hour))

    @work(exclusive=True)
    async def _look_ahead(self) -> None:
        await asyncio.sleep(PAUSE)
        if self.gone:
            return
        try:
            plan = self._plan()
        except UserError as error:
            self._say(str(error), QUIET)
            return
        if plan is None:
            self._say("Without a date cards come back by plain FSRS, each just before it is forgotten.", QUIET)
            return
        self._say("Working it out…", QUIET)
        desk = self.desk
        found = await asyncio.to_thread(outlook, desk.library, desk.memory, desk.settings, now(), plan)
        self._show(in_words(found))

    def _say(self, text: str, style: str) -> None:
        self._show(Content.styled(text, style))

    def _show(self, said: Content) -> None:
        if not self.gone:
            self.query_one("#outlook", Static).update(said)

    def action_close(self) -> None:
        self.dismiss(False)


def in_words(found: Outlook) -> Content:
    low, high = found.interval
    gain = found.expected_recall - found.expected_recall_without
    against = (
        f"Plain FSRS in the same minutes: {phrases.percent(found.expected_recall_without)}."
        if gain >= 0.005
        else "Plain FSRS in the same minutes would do as well."
    )
    new = min(found.cards, sum(found.new_per_day))  # means over runs, each rounded
    today = sum(counts[0] for counts in (found.reviews_per_day, found.new_per_day) if counts)
    load = f"today {phrases.plural(today, 'card')}"
    likely = f"likely {low * 100:.0f} to {phrases.percent(high)}"
    return Content.assemble(
        (f"{phrases.percent(found.expected_recall)} ", "bold $text-success"),
        f"of {phrases.plural(found.cards, 'card')} recalled on the day, {likely}.\n",
        (f"{against} {load.capitalize()}; {phrases.plural(new, 'new card')} until then.", QUIET),
    )
