"""The demo's parameters as one-line inputs, each checked as it is typed."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Static

from prep_app.content.model import Scalar
from prep_app.lab.catalogue import Demo, DemoInputError, Parameter


class Knob(Horizontal):
    def __init__(self, parameter: Parameter, value: Scalar) -> None:
        super().__init__(classes="knob")
        self.parameter = parameter
        self.start = value

    def compose(self) -> ComposeResult:
        shown = str(self.start).lower() if self.parameter.type == "bool" else str(self.start)
        yield Label(Content(self.parameter.name))
        yield Input(shown, select_on_focus=True)
        yield Static(Content(_range(self.parameter)), classes="range", markup=False)

    def value(self) -> Scalar:
        """Raises DemoInputError when what is typed cannot be used."""
        return self.parameter.coerce(self.query_one(Input).value.strip())

    @on(Input.Changed)
    def _typed(self) -> None:
        note = self.query_one(".range", Static)
        try:
            self.value()
        except DemoInputError as error:
            note.update(Content(str(error)))
            note.add_class("-invalid")
        else:
            note.update(Content(_range(self.parameter)))
            note.remove_class("-invalid")


class Knobs(VerticalScroll, can_focus=False):
    """Posts `Turned` when enter asks for a run with the values shown."""

    class Turned(Message):
        pass

    def __init__(self) -> None:
        super().__init__(id="knobs")

    async def offer(self, demo: Demo, values: dict[str, Scalar]) -> None:
        await self.remove_children()
        await self.mount_all(
            [Knob(parameter, values.get(parameter.name, parameter.default)) for parameter in demo.parameters]
        )

    def values(self) -> dict[str, Scalar]:
        """Raises DemoInputError for the first value that cannot be used."""
        return {knob.parameter.name: knob.value() for knob in self.query(Knob)}

    @on(Input.Submitted)
    def _enter(self, message: Input.Submitted) -> None:
        message.stop()
        self.post_message(self.Turned())


def _range(parameter: Parameter) -> str:
    if parameter.choices:
        return f"{' | '.join(parameter.choices)}  {parameter.help}"
    if parameter.type == "bool":
        return f"true | false  {parameter.help}"
    return f"{parameter.min:g} to {parameter.max:g}  {parameter.help}"
