"""One plot in the pane: title, axes and legend; or sparklines where axes would not be readable."""

from __future__ import annotations

import asyncio
import importlib
import math
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.color import Color
from textual.containers import Vertical
from textual.content import Content
from textual.theme import Theme
from textual.widgets import Static

from prep_app.lab.events import Plot
from prep_app.ui.themes import QUIET

if TYPE_CHECKING:
    from prep_app.ui.widgets.demo_pane.chart import Chart

NARROWEST = 34  # columns below which axes leave no room for the data
MARKERS = "●▲■◆○△□◇"  # a series is known by its marker as well as its colour
COLOURS = ("primary", "accent", "secondary", "error", "success", "warning")
FEWEST_ROWS, MOST_ROWS = 7, 15  # of the axes


def has_axes(plot: Plot, width: int, no_color: bool) -> bool:
    """Whether to draw axes. Numbers whose differences a float cannot hold would break the ticks."""
    if no_color or width < NARROWEST or not any(series.x for series in plot.series):
        return False
    for values in ([x for s in plot.series for x in s.x], [y for s in plot.series for y in s.y]):
        low, high = min(values), max(values)
        largest = max(abs(low), abs(high))
        if not math.isfinite(largest) or largest > 1e12 or (high != low and high - low < max(largest * 1e-6, 1e-12)):
            return False
    return True


class PlotView(Vertical):
    """Takes its height at once, so that nothing below moves when the axes are drawn."""

    def __init__(self, plot: Plot, rows: int) -> None:
        super().__init__()
        self.plot = plot
        self.rows = max(FEWEST_ROWS, min(MOST_ROWS, rows))
        self.chart: Chart | None = None
        # Held, not queried for: the pane may be taken away while this is being mounted, and its parts with it.
        self.axes = Vertical(classes="plot-axes")
        self.axes.styles.height = self.rows
        self.legend = Static(markup=False, classes="plot-legend")

    def compose(self) -> ComposeResult:
        plot = self.plot
        axes = f"  {plot.y_label or 'y'} by {plot.x_label or 'x'}"
        yield Static(Content.assemble((plot.title, "bold"), (axes, QUIET)), markup=False, classes="plot-title")
        yield self.axes
        yield self.legend

    async def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)
        module = await asyncio.to_thread(importlib.import_module, "prep_app.ui.widgets.demo_pane.chart")
        if self.is_attached and self.axes.is_attached:
            self.chart = module.Chart(self.plot, self._styles())
            await self.axes.mount(self.chart)

    def on_unmount(self) -> None:
        self.app.theme_changed_signal.unsubscribe(self)  # it would keep the plot, and all that is drawn, alive

    def on_resize(self, event: events.Resize) -> None:
        self.legend.update(legend(self.plot, event.size.width))

    def _theme_changed(self, theme: Theme) -> None:
        if self.chart is not None:
            self.chart.series_styles = self._styles()
            self.chart.draw()

    def _styles(self) -> list[str]:
        """The theme's colours as Rich names them."""
        variables = self.app.theme_variables
        return [Color.parse(variables[name]).rich_color.name for name in COLOURS]


def legend(plot: Plot, width: int) -> Content:
    """Each series' mark and name, as many to a line as fit whole."""
    parts: list[str | Content | tuple[str, str]] = []
    used = 0
    for index, series in enumerate(plot.series):
        marker = MARKERS[index % len(MARKERS)]
        mark = {"bar": "██", "line": f"─{marker}─"}.get(series.style, marker)
        length = cell_len(mark) + 1 + cell_len(series.name)
        if parts:
            fits = used + 3 + length <= width
            parts.append("   " if fits else "\n")
            used = used + 3 if fits else 0
        parts += [(mark, f"${COLOURS[index % len(COLOURS)]}"), f" {series.name}"]
        used += length
    return Content.assemble(*parts)
