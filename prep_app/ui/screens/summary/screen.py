"""The summary screen: the score first, then what slipped, then what comes when."""

from __future__ import annotations

import asyncio

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from prep_app.memory.types import Rating
from prep_app.practice.session import Session
from prep_app.practice.summary import Summary
from prep_app.ui import keys, phrases
from prep_app.ui.desk import Desk, now
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.key_line import KeyLine


class SummaryScreen(Screen[None]):
    CSS_PATH = "summary.tcss"
    BINDINGS = keys.SUMMARY

    def __init__(self, desk: Desk, session: Session) -> None:
        super().__init__()
        self.desk = desk
        self.session = session

    def compose(self) -> ComposeResult:
        summary = self.session.summary()
        with VerticalScroll(id="page"):
            yield Static(headline(summary), id="headline", markup=False)
            yield Static(grades(summary), classes="section", markup=False)
            yield Static(slipped(summary), classes="section", markup=False)
            yield Static(schedule(summary, now()), classes="section", markup=False)
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


def slipped(summary: Summary) -> Content:
    if not summary.slipped:
        return Content.assemble(("✓ ", "bold $text-success"), "Nothing slipped.")
    parts: list[str | Content | tuple[str, str]] = [("What slipped", "bold")]
    for card in summary.slipped:
        parts += [("\n ✗ ", "bold $text-error"), f"{card.question}  {_one_line(card.prompt)}"]
    return Content.assemble(*parts)


def schedule(summary: Summary, at: int) -> Content:
    parts: list[str | Content | tuple[str, str]] = [("What comes when", "bold")]
    for card, due in sorted(summary.schedule, key=lambda pair: pair[1]):
        parts += [(f"\n {phrases.away(due, at):<10}", QUIET), f"{card.question}  {_one_line(card.prompt)}"]
    if not summary.schedule:
        parts.append("\n Nothing changed in the schedule.")
    return Content.assemble(*parts)


def _one_line(prompt: str) -> str:
    text = " ".join(prompt.split())
    return text if len(text) <= 60 else text[:59] + "…"
