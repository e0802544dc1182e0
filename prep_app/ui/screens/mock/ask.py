"""A question with two or three answers, over whatever is on the screen."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import VerticalGroup
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from prep_app.ui import keys
from prep_app.ui.desk import Desk
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.widgets.hanging import Hanging, Row
from prep_app.ui.widgets.key_line import KeyLine


class AskScreen(ClosesOnce, ModalScreen[str]):
    """Returns the name of the answer, "" for none."""

    CSS_PATH = "../modal.tcss"
    DEFAULT_CLASSES = "modal"

    def __init__(self, desk: Desk, heading: str, text: str) -> None:
        super().__init__()
        self.desk = desk
        self.heading = heading
        self.text = text

    def compose(self) -> ComposeResult:
        with VerticalGroup(classes="box"):
            yield Static(Content.assemble((f"{self.heading}\n\n", "bold $text-accent"), f"{self.text}\n"), markup=False)
            yield Hanging(id="answers")
        yield KeyLine()

    def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)
        self.query_one("#answers", Hanging).show(list(self._answers()))

    def _answers(self) -> Iterator[Row]:
        """Each answer with its first key; its others are not told."""
        told = set()
        for active in self.active_bindings.values():
            binding = active.binding
            if binding.action.startswith("choose") and binding.action not in told:
                told.add(binding.action)
                key = f"{self.app.get_key_display(binding):<8}"
                yield Content.styled(key, "bold $text-accent"), Content(binding.tooltip)

    def action_choose(self, answer: str) -> None:
        self.dismiss(answer)


class LeaveScreen(AskScreen):
    BINDINGS = keys.MOCK_LEAVE


class LeaveMarkingScreen(AskScreen):
    BINDINGS = keys.MOCK_LEAVE_MARKING


class CountScreen(AskScreen):
    BINDINGS = keys.MOCK_COUNT
