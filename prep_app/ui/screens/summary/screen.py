"""The summary screen: the score first, then what slipped, then what comes when."""

from __future__ import annotations

import asyncio

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from prep_app.content.model import Card
from prep_app.memory.days import now, study_day
from prep_app.memory.types import Rating
from prep_app.practice.session import Session
from prep_app.practice.summary import Summary
from prep_app.ui import keys, phrases
from prep_app.ui.desk import Desk
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.hanging import Hanging, Row
from prep_app.ui.widgets.key_line import KeyLine

LONGEST = 80  # characters of a prompt


class SummaryScreen(ClosesOnce, Screen[None]):
    CSS_PATH = "summary.tcss"
    BINDINGS = keys.SUMMARY

    def __init__(self, desk: Desk, session: Session) -> None:
        super().__init__()
        self.desk = desk
        self.session = session

    def compose(self) -> ComposeResult:
        summary = self.session.summary()
        missed, coming = Hanging(classes="section"), Hanging(classes="section")
        missed.show(slipped(summary))
        coming.show(schedule(summary, now(), self.desk.settings.rollover_hour))
        with Horizontal(classes="top"):
            yield Static("summary", classes="name", markup=False)
            yield Static("every answer is on disk", classes="said", markup=False)
        with VerticalScroll(id="page"), Vertical(id="column"):
            yield Static(headline(summary), id="headline", markup=False)
            yield Static(grades(summary), classes="section", markup=False)
            yield missed
            yield coming
        yield KeyLine()

    def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)

    def action_done(self) -> None:
        self.dismiss()

    async def action_undo(self) -> None:
        from prep_app.ui.screens.study.screen import StudyScreen

        if await asyncio.to_thread(self.session.undo) is None:
            self.notify("Nothing to take back", markup=False)
        else:
            self.app.switch_screen(StudyScreen(self.desk, self.session))


def headline(summary: Summary) -> Content:
    if not summary.answered:
        return Content("Nothing answered this time.")
    took = phrases.minutes(summary.seconds / 60)
    return Content.assemble(
        (f"{phrases.percent(summary.correct_share)} right", "bold $text-success"),
        f"  ·  {phrases.plural(summary.answered, 'answer')}  ·  {took}",
    )


def grades(summary: Summary) -> Content:
    widest = max(summary.by_rating.values(), default=0) or 1
    lines = []
    for rating in Rating:
        count = summary.by_rating.get(rating, 0)
        bar = "━" * round(24 * count / widest)
        lines.append(f"{rating.name.capitalize():<6} {count:>3}  {bar}")
    return Content("\n".join(lines))


def slipped(summary: Summary) -> list[Row]:
    if not summary.slipped:
        return [(Content.styled("✓ ", "bold $text-success"), Content("Nothing slipped."))]
    heading = (Content(""), Content.styled("What slipped", "bold"))
    return [
        heading,
        *[(Content.assemble((" ✗ ", "bold $text-error"), _id(card)), _line(card)) for card in summary.slipped],
    ]


def schedule(summary: Summary, at: int, rollover_hour: int) -> list[Row]:
    heading = (Content(""), Content.styled("What comes when", "bold"))
    if not summary.schedule:
        return [heading, (Content(" "), Content("Nothing changed in the schedule."))]
    today = study_day(at, rollover_hour)
    rows = []
    for card, due in sorted(summary.schedule, key=lambda pair: pair[1]):
        tomorrow = study_day(due, rollover_hour) == today + 1
        when = "tomorrow" if tomorrow else phrases.away(due, at)
        rows.append((Content.assemble((f" {when:<10}", QUIET), _id(card)), _line(card)))
    return [heading, *rows]


def _id(card: Card) -> str:
    return f"{card.question:<5}"


def _line(card: Card) -> Content:
    text = card.headline
    return Content(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")
