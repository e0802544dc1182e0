"""One parameter on one line: its name, a slider, switch or choice, its value, its range and what it is.

The arrow keys step it, digits type a value exactly, the mouse drags it.
"""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from prep_app.content.model import Scalar
from prep_app.lab.catalogue import DemoInputError, Parameter
from prep_app.ui import keys
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.demo_pane.figures import figure
from prep_app.ui.widgets.demo_pane.stops import at_share, share, stepped, stops

TRACK = 14  # cells
VALUE = 9
TYPED = "0123456789.e-+"


class Dial(Widget, can_focus=True):
    """Shows a value and changes it; `Changed` comes when the learner lets go."""

    BINDINGS = keys.DIAL
    ALLOW_SELECT = False
    DEFAULT_CSS = "Dial { height: 1; width: 1fr; }"

    class Changed(Message):
        def __init__(self, name: str, value: Scalar) -> None:
            super().__init__()
            self.name = name
            self.value = value

    def __init__(self, parameter: Parameter, value: Scalar, name_width: int) -> None:
        super().__init__()
        self.parameter = parameter
        self.value = value
        self._name_width = name_width
        self._typed = ""
        self._wrong = ""
        self._dragging = False

    @property
    def _slides(self) -> bool:
        return self.parameter.type in ("int", "float")

    def render(self) -> Content:
        focused = self.has_focus
        name = self.parameter.name.ljust(self._name_width)
        left: list[Content | tuple[str, str] | str] = [(f"{'▸' if focused else ' '}{name} ", "bold")]
        if self._slides:
            at = round(share(self.parameter, self.value) * (TRACK - 1))
            track = "━" * at + "●" + "╌" * (TRACK - 1 - at)
            value = f"{self._typed}▏" if self._typed else _shown(self.value)
            left += [(track, "$text-accent" if focused else "$text-primary"), f" {value:<{VALUE}} "]
        else:
            value = f"‹ {_shown(self.value)} ›"
            left += [(value.ljust(TRACK + VALUE + 2), "$text-accent" if focused else "$text-primary")]
        if self._wrong:  # it matters more than where the value stands
            left, said = left[:1], (f"✗ {self._wrong}", "$text-error")
        else:
            said = (hint(self.parameter), QUIET)
        return Content.assemble(*left, said).truncate(max(1, self.size.width), ellipsis=True)

    # Keys

    def action_step(self, by: int) -> None:
        if self._slides:
            self._settle(stepped(self.parameter, self.value, by))
        else:
            held = stops(self.parameter)
            self._settle(held[(held.index(self.value) + by) % len(held)])

    def action_end(self, last: bool) -> None:
        self._settle(stops(self.parameter)[-1 if last else 0])

    def on_key(self, event: events.Key) -> None:
        if self._typed and event.key in ("enter", "escape", "backspace"):
            event.stop()
            event.prevent_default()
            self._finish_typing(event.key)
        elif self._slides and event.character is not None and event.character in TYPED:
            event.stop()
            event.prevent_default()
            self._typed += event.character
            self._wrong = ""
            self.refresh()
        elif event.character is not None and event.character in "123456789":
            event.stop()  # what might have been meant for this must not grade the card behind it

    def on_blur(self) -> None:
        self._typed = self._wrong = ""
        self.refresh()

    def on_focus(self) -> None:
        self.refresh()

    def _finish_typing(self, key: str) -> None:
        if key == "backspace":
            self._typed = self._typed[:-1]
        elif key == "escape":
            self._typed = self._wrong = ""
        else:
            try:
                value = self.parameter.coerce(self._typed)
            except DemoInputError as error:
                self._wrong = str(error).removeprefix(f"{self.parameter.name} ")
            else:
                self._settle(value)
            self._typed = ""
        self.refresh()

    # Mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        at = event.get_content_offset(self)
        if at is None:
            return
        if self._slides:
            self._dragging = True
            self.capture_mouse()
            self._drag(at.x)
        else:
            self.action_step(1)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragging:
            self._drag(event.x)

    def on_mouse_up(self) -> None:
        if self._dragging:
            self._dragging = False
            self.release_mouse()
            self._settle(self.value, anew=True)

    def _drag(self, x: int) -> None:
        self._typed = self._wrong = ""
        self.value = at_share(self.parameter, (x - self._name_width - 2) / (TRACK - 1))
        self.refresh()

    def _settle(self, value: Scalar, *, anew: bool = False) -> None:
        changed = anew or value != self.value
        self._wrong = ""
        self.value = value
        self.refresh()
        if changed:
            self.post_message(self.Changed(self.parameter.name, value))


def hint(parameter: Parameter) -> str:
    """The range, and what the parameter is."""
    if parameter.min is None or parameter.max is None:
        return parameter.help
    return f"{figure(parameter.min)}–{figure(parameter.max)} · {parameter.help}"


def _shown(value: Scalar) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
