"""Pick what to practise: everything, what slipped, what is hard, or one topic. The schedule stays as it is."""

from __future__ import annotations

import asyncio

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalGroup
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from prep_app.memory.days import now
from prep_app.practice.drill import Drill, Drills, drills
from prep_app.ui import keys, phrases
from prep_app.ui.desk import Desk
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.key_line import KeyLine
from prep_app.ui.widgets.steady_list import SteadyList

BAR = 6  # cells
FRAME = 3  # cells of a row that are not its own: padding, scroll bar


class DrillScreen(ClosesOnce, ModalScreen[Drill | None]):
    """Returns the drill chosen, or None."""

    CSS_PATH = "../modal.tcss"
    DEFAULT_CLASSES = "modal"
    BINDINGS = keys.DRILLS
    AUTO_FOCUS = "SteadyList"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.drills = Drills((), ())

    def compose(self) -> ComposeResult:
        with VerticalGroup(classes="box"):
            heading = ("What would you like to practise?\n", "bold $text-accent")
            yield Static(
                Content.assemble(heading, ("enter begins; the schedule stays as it is\n", QUIET)), markup=False
            )
            yield SteadyList(Option("Looking…", disabled=True), markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)
        self._look()

    @work
    async def _look(self) -> None:
        desk = self.desk
        self.drills = await asyncio.to_thread(drills, desk.library, desk.memory, desk.settings, now())
        self._draw()

    def on_resize(self) -> None:
        if self.drills.whole:
            self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        if self.gone:
            return
        listed = self.query_one(SteadyList)
        at, width = listed.highlighted, self.query_one(".box").size.width - FRAME
        whole = [Option(_row(drill, width, "")) for drill in self.drills.whole]
        topics = [
            Option(_row(drill, width, f"{phrases.bar(drill.mastery, BAR)} {phrases.percent(drill.mastery):>5}"))
            for drill in self.drills.topics
        ]
        heading = Option(Content.styled("One topic, weakest first", f"bold {QUIET}"), disabled=True)
        listed.clear_options()
        listed.add_options([*whole, heading, *topics])
        listed.highlighted = at or 0

    @on(OptionList.OptionSelected)
    def _chosen(self, message: OptionList.OptionSelected) -> None:
        whole, place = self.drills.whole, message.option_index
        self.dismiss(whole[place] if place < len(whole) else self.drills.topics[place - len(whole) - 1])

    def action_close(self) -> None:
        self.dismiss(None)


def _row(drill: Drill, width: int, said: str) -> Content:
    count = phrases.plural(len(drill.cards), "card")
    right = f" {said} {count:>9}"
    room = width - len(right)
    name = drill.name if len(drill.name) <= room else drill.name[: max(0, room - 1)] + "…"
    return Content.assemble(name.ljust(room), (right, QUIET))
