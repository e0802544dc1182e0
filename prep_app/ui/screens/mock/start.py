"""Before a mock interview: what will happen, two dials, and how it went before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from prep_app.lab.catalogue import Parameter
from prep_app.practice.mock import Terms
from prep_app.practice.mock_interview import Interview
from prep_app.practice.mock_report import Past, history, spell
from prep_app.ui import keys, phrases
from prep_app.ui.desk import Desk, now
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.demo_pane.dial import Dial
from prep_app.ui.widgets.hanging import Hanging, Row
from prep_app.ui.widgets.key_line import KeyLine

MINUTES = (5, 10, 15, 20, 25, 30, 45, 60, 90)
QUESTIONS = (3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20)
HELP = {"minutes": "← → change it", "questions": "without follow-ups"}
EARLIER = 6  # mocks that are shown
SEEDS = 2**31


class MockStartScreen(Screen[None]):
    """Enter starts the clock."""

    CSS_PATH = "mock.tcss"
    BINDINGS = keys.MOCK_START
    AUTO_FOCUS = "Dial"

    def __init__(self, desk: Desk, terms: Terms, clock: Callable[[], int] = now) -> None:
        super().__init__()
        self.desk = desk
        self.terms = terms
        self.clock = clock
        held = (("minutes", MINUTES, terms.minutes), ("questions", QUESTIONS, terms.questions))
        self.dials = [Dial(_parameter(name, stops, first), str(first), 9) for name, stops, first in held]

    def compose(self) -> ComposeResult:
        with Horizontal(classes="top"):
            yield Static("mock interview", classes="name", markup=False)
            yield Static("no peeking", classes="said", markup=False)
        with VerticalScroll(id="page", can_focus=False), Vertical(id="column"):
            yield Hanging(id="says", classes="section")
            with Vertical(id="dials", classes="section"):
                yield from self.dials
            yield Hanging(id="past")
        yield KeyLine()

    async def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)
        for dial in self.dials:
            keys.remap(dial, self.desk.settings.keys)
        self.query_one("#says", Hanging).show(what_happens(self.terms))
        past = await asyncio.to_thread(history, self.desk.memory)
        if self.is_attached:
            self.query_one("#past", Hanging).show(earlier(past))

    @on(Dial.Changed)
    def _turned(self, message: Dial.Changed) -> None:
        message.stop()
        minutes, questions = (int(dial.value) for dial in self.dials)
        self.terms = replace(self.terms, minutes=minutes, questions=questions)
        self.query_one("#says", Hanging).show(what_happens(self.terms))

    def action_turn_to(self, step: int) -> None:
        here = next((place for place, dial in enumerate(self.dials) if dial.has_focus), -step)
        self.dials[(here + step) % len(self.dials)].focus()

    async def action_start(self) -> None:
        from prep_app.ui.screens.mock.screen import MockScreen

        desk, terms, clock = self.desk, self.terms, self.clock
        interview = await asyncio.to_thread(
            lambda: Interview(desk.library, desk.memory, desk.settings, clock, terms, clock() % SEEDS)
        )
        if interview.current is None:
            self.notify("There is no card to ask; all are suspended or put off", markup=False)
        elif self.app.screen is self:
            self.app.switch_screen(MockScreen(desk, interview))

    def action_close(self) -> None:
        self.dismiss()


def _parameter(name: str, stops: Sequence[int], wanted: int) -> Parameter:
    choices = tuple(str(value) for value in sorted({*stops, wanted}))
    return Parameter(name, "str", str(wanted), HELP[name], choices=choices)


def what_happens(terms: Terms) -> list[Row]:
    """In three lines."""
    which = f"about {terms.topic}" if terms.topic else "across your packs"
    which += f" in {terms.minutes} minutes ({spell(terms.share)} each), easy ones first"
    lines = [
        f"{phrases.plural(terms.questions, 'question')} {which}, weak spots likelier; good answers may be followed up.",
        "No answers, marks or hints until the end; s skips. When the time is up you finish the answer you are in.",
        "Then you mark it, and the report says what to repair. Only a marked mock is kept, and your schedule stays as "
        "it is unless you ask.",
    ]
    return [(Content.styled(f"{number}  ", "bold $text-accent"), Content(line)) for number, line in enumerate(lines, 1)]


def earlier(past: Sequence[Past], heading: str = "Earlier mocks") -> list[Row]:
    """The last few, newest first."""
    if not past:
        return [(Content(), Content.styled("This is your first mock.", QUIET))]
    rows: list[Row] = [(Content(), Content.styled(heading, "bold"))]
    for one in reversed(past[-EARLIER:]):
        when = f"{datetime.fromtimestamp(one.at / 1000):%Y-%m-%d %H:%M}"
        rows.append(
            (
                Content(f"{phrases.percent(one.score):>6}  "),
                Content.assemble(
                    (phrases.bar(one.score, 10), "$primary"),
                    (f"  {when}  {one.questions} in {one.minutes} min", QUIET),
                ),
            )
        )
    return rows
