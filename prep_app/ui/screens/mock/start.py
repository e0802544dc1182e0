"""Before a mock interview: what will happen, two dials, and how it went before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from prep_app.lab.catalogue import Parameter
from prep_app.memory.days import now
from prep_app.practice.mock import Terms
from prep_app.practice.mock_interview import Interview
from prep_app.practice.mock_kept import Data, history, unmarked
from prep_app.practice.mock_report import Report, spell
from prep_app.ui import keys, phrases
from prep_app.ui.desk import Desk
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.screens.mock.again import mark_on
from prep_app.ui.screens.mock.past import earlier, when
from prep_app.ui.widgets.demo_pane.dial import Dial
from prep_app.ui.widgets.hanging import Hanging, Row
from prep_app.ui.widgets.key_line import KeyLine

MINUTES = (5, 10, 15, 20, 25, 30, 45, 60, 90)
QUESTIONS = (3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20)
HELP = {"minutes": "← → change it", "questions": "without follow-ups"}
SEEDS = 2**31


class MockStartScreen(ClosesOnce, Screen[None]):
    """Enter starts the clock."""

    CSS_PATH = "mock.tcss"
    BINDINGS = keys.MOCK_START
    AUTO_FOCUS = "Dial"

    def __init__(self, desk: Desk, terms: Terms, clock: Callable[[], int] = now) -> None:
        super().__init__()
        self.desk = desk
        self.terms = terms
        self.clock = clock
        self.waiting: tuple[Data, ...] = ()  # mocks to mark
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

    def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)
        for dial in self.dials:
            keys.remap(dial, self.desk.settings.keys)
        self.query_one("#says", Hanging).show(what_happens(self.terms))

    async def on_screen_resume(self) -> None:
        """At first, and when a mock was marked meanwhile."""
        past, self.waiting = await asyncio.to_thread(self._past)
        if self.is_attached:
            self.query_one("#past", Hanging).show([*to_mark(self.waiting), *earlier(past)])
            self.refresh_bindings()

    def _past(self) -> tuple[tuple[Report, ...], tuple[Data, ...]]:
        return history(self.desk.memory), unmarked(self.desk.memory)

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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "mark" or bool(self.waiting)

    def action_mark(self) -> None:
        mark_on(self, self.desk, self.waiting[-1])

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
        "Then you mark it, at once or another day, and the report says what to repair. Your schedule stays as it is "
        "unless you ask.",
    ]
    return [(Content.styled(f"{number}  ", "bold $text-accent"), Content(line)) for number, line in enumerate(lines, 1)]


def to_mark(waiting: Sequence[Data]) -> list[Row]:
    """That a mock waits to be marked, and the key for it."""
    if not waiting:
        return []
    newest = f"The mock of {when(waiting[-1]['started'])} is not marked yet: m marks it"
    more = f"; {len(waiting) - 1} more in Stats (s)" if len(waiting) > 1 else ""
    return [(Content.styled("! ", "bold $text-warning"), Content(newest + more)), (Content(), Content())]
