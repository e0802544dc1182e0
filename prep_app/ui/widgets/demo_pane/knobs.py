"""The demo's parameters as a few lines to edit: name, value, range, and what is wrong with the value."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Select, Static

from prep_app.content.model import Scalar
from prep_app.lab.catalogue import Demo, DemoInputError, Parameter
from prep_app.ui.widgets.demo_pane.figures import figure

DEVICE = Parameter("device", "str", "auto", "where to run", choices=("auto", "cpu", "cuda", "mps"))


class Knob(Horizontal):
    """One parameter. What is typed is kept as it is until it is right."""

    class Changed(Message):
        pass

    def __init__(self, parameter: Parameter, value: object, name_width: int) -> None:
        super().__init__()
        self.parameter = parameter
        self.start = _shown(value)
        self.name_width = name_width

    def compose(self) -> ComposeResult:
        name = Static(Content(self.parameter.name), markup=False, classes="knob-name")
        name.styles.width = self.name_width + 1
        yield name
        choices = ("true", "false") if self.parameter.type == "bool" else self.parameter.choices
        if choices:
            value = self.start if self.start in choices else choices[0]
            options = [(Content(choice), choice) for choice in choices]
            yield Select(options, value=value, allow_blank=False, compact=True)
        else:
            yield Input(self.start, compact=True, select_on_focus=False)
        yield Static(Content(_hint(self.parameter)), markup=False, classes="knob-hint")

    @property
    def text(self) -> str:
        field = self.query_one("Input, Select")
        return field.value if isinstance(field, Input) else str(field.value) if isinstance(field, Select) else ""

    def check(self) -> str:
        """Say what is wrong with the value beside it; return that, empty when nothing is."""
        try:
            self.parameter.coerce(self.text.strip())
            wrong = ""
        except DemoInputError as error:
            wrong = str(error).removeprefix(f"{self.parameter.name} ")
        hint = self.query_one(".knob-hint", Static)
        hint.set_class(bool(wrong), "-wrong")
        hint.update(Content(f"✗ {wrong}" if wrong else _hint(self.parameter)))
        return wrong

    @on(Input.Changed)
    @on(Select.Changed)
    def _value_changed(self, message: Message) -> None:
        message.stop()
        self.check()


class Knobs(VerticalScroll, can_focus=False):
    """Every parameter of the demo, and the device. Enter in a field asks for a run."""

    class Settled(Message):
        """Run with `values` on `device`: every one of them is valid."""

        def __init__(self, values: Mapping[str, Scalar], device: str) -> None:
            super().__init__()
            self.values = values
            self.device = device

    async def offer(self, demo: Demo, values: Mapping[str, object], device: str) -> None:
        parameters = [*demo.parameters, DEVICE]
        name_width = max(len(parameter.name) for parameter in parameters)
        now = {parameter.name: values.get(parameter.name, parameter.default) for parameter in demo.parameters}
        await self.remove_children()
        await self.mount(
            *[Knob(parameter, now.get(parameter.name, device), name_width) for parameter in parameters],
            Static(Content("enter runs · tab next · escape back"), markup=False, classes="dim"),
        )

    def edit(self) -> None:
        """Put the cursor in the first field."""
        self.query("Input, Select").first().focus()

    def settle(self) -> None:
        """Ask for a run, or go to the first value that is wrong."""
        wrong = [knob for knob in self.query(Knob) if knob.check()]
        if wrong:
            wrong[0].query_one("Input, Select").focus()
            return
        *knobs, device = self.query(Knob)
        values: dict[str, Scalar] = {knob.parameter.name: knob.parameter.coerce(knob.text.strip()) for knob in knobs}
        self.post_message(self.Settled(values, device.text))

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self.settle()

    def on_key(self, event: events.Key) -> None:
        # A letter or digit meant for a field must not grade the card behind it.
        if event.is_printable and event.character != " ":
            event.stop()


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _hint(parameter: Parameter) -> str:
    if parameter.min is None or parameter.max is None:
        return parameter.help
    return f"{figure(parameter.min)} to {figure(parameter.max)}: {parameter.help}"
