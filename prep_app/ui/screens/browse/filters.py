"""The filters that can be set, with how many cards each leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalGroup
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from prep_app.content.query import Filter
from prep_app.practice.browse import Choice
from prep_app.ui import keys
from prep_app.ui.desk import Desk
from prep_app.ui.screens.browse.card_list import MARKS
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.key_line import KeyLine
from prep_app.ui.widgets.steady_list import SteadyList

HEADINGS = {"is": "State", "kind": "Kind", "question": "Question", "topic": "Topic", "tag": "Tag"}


class FilterScreen(ClosesOnce, ModalScreen[Filter | None]):
    """Returns the filter chosen, or None."""

    CSS_PATH = "../modal.tcss"
    DEFAULT_CLASSES = "modal"
    BINDINGS = keys.BROWSE_FILTERS
    AUTO_FOCUS = "OptionList"

    def __init__(self, desk: Desk, choices: Mapping[str, Sequence[Choice]], set_already: Sequence[str]) -> None:
        super().__init__()
        self.desk = desk
        self.choices = {name: held for name, held in choices.items() if held}
        self.listed = [choice for held in self.choices.values() for choice in held]
        self.set_already = set(set_already)

    def compose(self) -> ComposeResult:
        with VerticalGroup(classes="box"):
            yield Static(Content.styled("enter sets a filter, or takes it out again", QUIET), markup=False)
            yield SteadyList(*self._options(), markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)

    def _options(self) -> list[Option]:
        options, number = [], 0
        for name, held in self.choices.items():
            options.append(Option(Content.styled(f"{HEADINGS[name]}", f"bold {QUIET}"), disabled=True))
            for choice in held:
                options.append(Option(self._row(choice), id=str(number)))
                number += 1
        return options

    def _row(self, choice: Choice) -> Content:
        value = choice.filter.value
        mark = "✓" if str(choice.filter) in self.set_already else " "
        kind = f"{MARKS[value]} " if choice.filter.name == "kind" and value in MARKS else ""  # type: ignore[index]
        return Content.assemble((f"{mark} {choice.count:>5}  ", QUIET), (kind, "$text-accent"), value)

    @on(OptionList.OptionSelected)
    def _chosen(self, message: OptionList.OptionSelected) -> None:
        if message.option.id is not None:
            self.dismiss(self.listed[int(message.option.id)].filter)

    def action_close(self) -> None:
        self.dismiss(None)
