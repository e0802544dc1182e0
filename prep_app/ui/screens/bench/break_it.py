"""Break it: which slip in the program would make a named check fail?"""

from __future__ import annotations

import random

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalGroup
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from prep_app.lab.catalogue import Demo, Mistake
from prep_app.lab.record import RunRecord
from prep_app.ui import keys
from prep_app.ui.desk import Desk
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.hanging import Row
from prep_app.ui.widgets.key_line import KeyLine
from prep_app.ui.widgets.steady_list import SteadyList


class BreakScreen(ClosesOnce, ModalScreen[tuple[str, str] | None]):
    """Returns the check hunted and the slip chosen, or None."""

    CSS_PATH = "../modal.tcss"
    DEFAULT_CLASSES = "modal"
    BINDINGS = keys.BREAK
    AUTO_FOCUS = "OptionList"

    def __init__(self, desk: Desk, name: str, demo: Demo, hunted: str) -> None:
        super().__init__()
        self.desk = desk
        self.demo = demo
        self.hunted = hunted or next(iter(demo.checks))
        self.slips = list(demo.mistakes)
        random.Random(name).shuffle(self.slips)  # in another order than the checks, and always the same

    def compose(self) -> ComposeResult:
        with VerticalGroup(classes="box"):
            yield Static(id="hunted", markup=False)
            yield SteadyList(*[Option(Content(slip.says), id=slip.name) for slip in self.slips], markup=False)
            yield Static(Content.styled("enter makes the slip and runs · tab takes another check", QUIET), markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)
        self._ask()

    def _ask(self) -> None:
        claim = self.demo.checks[self.hunted]
        self.query_one("#hunted", Static).update(
            Content.assemble(
                ("Break it\n\n", "bold $text-accent"),
                "Which of these slips makes this check fail?\n",
                (f"{claim}\n", "bold"),
            )
        )

    @on(OptionList.OptionSelected)
    def _chosen(self, message: OptionList.OptionSelected) -> None:
        self.dismiss((self.hunted, message.option.id or ""))

    def action_other(self) -> None:
        checks = list(self.demo.checks)
        self.hunted = checks[(checks.index(self.hunted) + 1) % len(checks)]
        self._ask()

    def action_close(self) -> None:
        self.dismiss(None)


def broken(slip: Mistake, demo: Demo, hunted: str, run: RunRecord) -> list[Row]:
    """What a slip did: the line as it was and as it became, which checks noticed, and why."""
    failed = [check for check, held in run.checks.items() if not held]
    found = hunted in failed
    mark, style = ("✓ ", "$text-success") if found else ("✗ ", "$text-error")
    noticed = "; ".join(demo.checks[check] for check in failed) or "no check"
    verdict = "You broke it." if found else f"Not that one. It fails: {noticed}."
    rows = [
        (Content("  "), Content.assemble("Slip: ", (slip.says, "bold"))),
        (Content("− "), Content.styled(" ".join(slip.right.split()), "$text-error")),
        (Content("+ "), Content.styled(" ".join(slip.wrong.split()), "$text-success")),
        (Content.styled(mark, f"bold {style}"), Content.styled(verdict, style)),
    ]
    return [*rows, (Content("  "), Content(slip.why))] if found else rows
