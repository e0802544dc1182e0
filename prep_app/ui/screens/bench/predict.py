"""Predict first: say what the run will show, before it shows it."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalGroup
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from prep_app.answers.prediction import Guess, parse_guess
from prep_app.content.model import Scalar
from prep_app.lab.catalogue import Prediction
from prep_app.ui import keys
from prep_app.ui.desk import Desk
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.demo_pane.figures import figure
from prep_app.ui.widgets.key_line import KeyLine
from prep_app.ui.widgets.steady_list import SteadyList


class PredictScreen(ClosesOnce, ModalScreen[Guess | None]):
    """Returns the guess, or None where the learner would rather just run it."""

    CSS_PATH = "../modal.tcss"
    DEFAULT_CLASSES = "modal"
    BINDINGS = keys.PREDICT
    AUTO_FOCUS = "Input, OptionList"

    def __init__(self, desk: Desk, prediction: Prediction, values: Mapping[str, Scalar]) -> None:
        super().__init__()
        self.desk = desk
        self.prediction = prediction
        self.values = values

    def compose(self) -> ComposeResult:
        prediction = self.prediction
        setting = " · ".join(f"{name} {figure(value)}" for name, value in self.values.items())
        with VerticalGroup(classes="box"):
            yield Static(
                Content.assemble(("Predict first\n\n", "bold $text-accent"), (prediction.ask, "bold")), markup=False
            )
            yield Static(Content.styled(f"With {setting}\n", QUIET), markup=False)
            if prediction.choices:
                yield SteadyList(*[Option(Content(choice), id=choice) for choice in prediction.choices], markup=False)
            else:
                yield Input(
                    placeholder=f"a number{f' in {prediction.unit}' if prediction.unit else ''}, or a range: 2-5"
                )
            yield Static(Content.styled(self._invitation(), QUIET), id="invitation", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)

    @on(Input.Submitted)
    def _typed(self, message: Input.Submitted) -> None:
        if not message.value.strip():
            self.dismiss(None)
            return
        guess = parse_guess(message.value)
        if guess is None:
            self.query_one("#invitation", Static).update(
                Content.styled("✗ a number such as 0.5, or a range such as 0.2-0.8", "$text-error")
            )
        else:
            self.dismiss(guess)

    @on(OptionList.OptionSelected)
    def _chosen(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(Guess(word=message.option.id or ""))

    def action_skip(self) -> None:
        self.dismiss(None)

    def _invitation(self) -> str:
        if self.prediction.choices:
            return "enter takes the line and runs · escape runs without"
        return "enter runs; a range should hold four times in five · escape runs without"
