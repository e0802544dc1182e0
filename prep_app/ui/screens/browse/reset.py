"""The question before a card is made new."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalGroup
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from prep_app.content.model import Card
from prep_app.ui import keys
from prep_app.ui.desk import Desk
from prep_app.ui.screens.browse.card_list import first_line
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.key_line import KeyLine


class ResetScreen(ClosesOnce, ModalScreen[bool]):
    """Returns whether the card is to be made new."""

    CSS_PATH = "../modal.tcss"
    DEFAULT_CLASSES = "modal"
    BINDINGS = keys.BROWSE_RESET

    def __init__(self, desk: Desk, card: Card) -> None:
        super().__init__()
        self.desk = desk
        self.card = card

    def compose(self) -> ComposeResult:
        with VerticalGroup(classes="box"):
            yield Static(
                Content.assemble(
                    ("Make this card new again?\n\n", "bold $text-accent"),
                    first_line(self.card),
                    (
                        "\n\nIt is learned from the start. Its reviews stay in the journal, and u takes this back.",
                        QUIET,
                    ),
                ),
                markup=False,
            )
        yield KeyLine()

    def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)

    def action_reset(self) -> None:
        self.dismiss(True)

    def action_close(self) -> None:
        self.dismiss(False)
