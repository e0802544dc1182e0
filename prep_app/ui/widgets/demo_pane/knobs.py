"""The demo's parameters, one dial a line, and the device."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on
from textual.containers import VerticalScroll
from textual.message import Message

from prep_app.content.model import Scalar
from prep_app.lab.catalogue import Demo, Parameter
from prep_app.ui import keys
from prep_app.ui.widgets.demo_pane.dial import Dial

DEVICE = Parameter("device", "str", "auto", "where to run", choices=("auto", "cpu", "cuda", "mps"))


class Knobs(VerticalScroll, can_focus=False):
    """Up and down go from dial to dial; each change says how all of them now stand."""

    class Settled(Message):
        """Every value, and the device; all of them valid."""

        def __init__(self, values: Mapping[str, Scalar], device: str) -> None:
            super().__init__()
            self.values = values
            self.device = device

    def __init__(self, wanted_keys: Mapping[str, str]) -> None:
        super().__init__()
        self.wanted_keys = wanted_keys

    async def offer(self, demo: Demo, values: Mapping[str, Scalar], device: str) -> None:
        parameters = [*demo.parameters, DEVICE]
        width = max(len(parameter.name) for parameter in parameters)
        now = {parameter.name: values.get(parameter.name, parameter.default) for parameter in parameters}
        now[DEVICE.name] = device
        await self.remove_children()
        dials = [Dial(parameter, now[parameter.name], width) for parameter in parameters]
        for dial in dials:
            keys.remap(dial, self.wanted_keys)
        await self.mount(*dials)

    def edit(self) -> None:
        """Go to the first dial; there is none once the pane is being put away."""
        if dials := self.query(Dial):
            dials.first().focus()

    def move(self, step: int) -> None:
        """Go to another dial."""
        dials = list(self.query(Dial))
        here = next((place for place, dial in enumerate(dials) if dial.has_focus), -step)
        if dials:
            dials[(here + step) % len(dials)].focus()

    @on(Dial.Changed)
    def _changed(self, message: Dial.Changed) -> None:
        message.stop()
        if all_dials := list(self.query(Dial)):
            *dials, device = all_dials
            self.post_message(self.Settled({dial.parameter.name: dial.value for dial in dials}, str(device.value)))
