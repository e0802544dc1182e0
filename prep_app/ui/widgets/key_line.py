"""What the keys do here, on one line at the bottom.

Textual's Footer mounts a widget for each key whenever one changes, which a grade would wait for; this draws text, and
where the line is too short it keeps the key to all others.
"""

from __future__ import annotations

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

LAST = "app.help"  # never dropped, since it shows every key


class KeyLine(Widget):
    """The bindings that are shown, each with its key; a click on one presses it."""

    DEFAULT_CSS = """
    KeyLine { dock: bottom; height: 1; padding: 0 1; background: $panel; color: $foreground; }
    """
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._drawn: list[tuple[range, str]] = []  # the columns of each binding, and its key

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.refresh()

    def render(self) -> Content:
        self._drawn = []
        parts: list[Content] = []
        column = 0
        for binding, label in self._fitting(self.size.width):
            if parts:
                parts.append(Content("  "))
                column += 2
            parts.append(label)
            self._drawn.append((range(column, column + label.cell_length), binding.key))
            column += label.cell_length
        return Content("").join(parts)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        at = event.get_content_offset(self)
        for columns, key in self._drawn:
            if at is not None and at.x in columns:
                self.app.simulate_key(key)

    def _fitting(self, width: int) -> list[tuple[Binding, Content]]:
        shown: dict[str, Binding] = {}
        for active in self.screen.active_bindings.values():
            if active.binding.show and active.enabled:
                shown.setdefault(active.binding.action, active.binding)
        labels = [(binding, self._label(binding)) for binding in shown.values()]
        labels.sort(key=lambda item: item[0].id == LAST)
        while len(labels) > 1 and sum(label.cell_length + 2 for _, label in labels) - 2 > width:
            del labels[-2]
        return labels

    def _label(self, binding: Binding) -> Content:
        return Content.assemble((self.app.get_key_display(binding), "bold $text-accent"), f" {binding.description}")
