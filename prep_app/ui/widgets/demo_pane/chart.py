"""The plot itself, by textual-plot. Imported only when the first plot arrives: numpy and this take a quarter second."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from textual import events, on
from textual_plot import HiResMode, NumericAxisFormatter, PlotWidget

from prep_app.lab.events import Plot, Series
from prep_app.ui.widgets.demo_pane.plot_view import MARKERS

MOST_POINTS = 400  # a series; more cannot be told apart in a terminal and are slow to draw
MARKED = 6  # markers along a line
COLUMNS_A_TICK = 10
ROWS_A_TICK = 3
HEADROOM = 0.04  # of the y range, above and below


class Chart(PlotWidget):
    """A plot to look at: it takes no focus, and the wheel scrolls the pane instead of zooming."""

    ALLOW_SELECT = False

    def __init__(self, plot: Plot, styles: Sequence[str]) -> None:
        super().__init__(allow_pan_and_zoom=False)
        self.can_focus = False
        self.data = plot
        self.series_styles = styles

    # Taken away before it was there it has no parts, and textual-plot would look for them.

    def on_mount(self, event: events.Mount) -> None:
        if not self.children:
            event.prevent_default()

    def _update_margin_sizes(self) -> None:
        if self.children:
            super()._update_margin_sizes()

    @on(events.MouseScrollDown)
    @on(events.MouseScrollUp)
    def _leave_the_wheel(self, event: events.MouseEvent) -> None:
        event.prevent_default()

    def on_resize(self) -> None:
        self.draw()

    def draw(self) -> None:
        """Draw every series, with as many ticks as there is room for."""
        plot, styles = self.data, self.series_styles
        width, height = self.size
        if width == 0:
            return
        drawn = [(index, series) for index, series in enumerate(plot.series) if series.x]
        x_low, x_high, y_low, y_high = limits([series for _, series in drawn])
        y_ticks, y_labels = NumericAxisFormatter().get_ticks_and_labels(y_low, y_high, max(2, height // ROWS_A_TICK))
        left = max((len(label) for label in y_labels), default=1) + 2
        x_ticks = NumericAxisFormatter().get_ticks(x_low, x_high, max(2, (width - left) // COLUMNS_A_TICK))
        self.margin_top, self.margin_bottom, self.margin_left = 0, 1, left
        self.clear()
        self.set_xlimits(x_low, x_high)
        self.set_ylimits(y_low, y_high)
        self.set_xticks(x_ticks)
        self.set_yticks(y_ticks)
        bars = [index for index, series in drawn if series.style == "bar"]
        for index, series in drawn:
            style, marker = styles[index % len(styles)], MARKERS[index % len(MARKERS)]
            if series.style == "bar":
                width_of_one = bar_width(series) / len(bars)
                shift = (bars.index(index) - (len(bars) - 1) / 2) * width_of_one
                x = [value + shift for value in series.x]
                self.bar(x, list(series.y), width=width_of_one * 0.9, bar_style=style, hires_mode=HiResMode.HALFBLOCK)
                continue
            x, y = thinned(series)
            if series.style == "line":
                self.plot(x, y, line_style=style, hires_mode=HiResMode.BRAILLE)
                step = max(1, len(x) // MARKED)
                # Each series starts elsewhere, so that markers on lines that meet stay apart.
                start = min(len(x) - 1, index * step // max(1, len(drawn)))
                x, y = x[start::step], y[start::step]
            self.scatter(x, y, marker=marker, marker_style=style)
        # The margins have moved the canvases; textual-plot measures them again only on a layout.
        self.call_after_refresh(self.refresh, layout=True)


def limits(drawn: Sequence[Series]) -> tuple[float, float, float, float]:
    """The ranges of both axes, a little wider than the data in y, and never empty. Bars stand on zero."""
    sides = [bar_width(series) / 2 if series.style == "bar" else 0.0 for series in drawn]
    x_low = min(min(series.x) - side for series, side in zip(drawn, sides, strict=True))
    x_high = max(max(series.x) + side for series, side in zip(drawn, sides, strict=True))
    ys = [y for series in drawn for y in series.y] + ([0.0] if any(series.style == "bar" for series in drawn) else [])
    y_low, y_high = min(ys), max(ys)
    if x_low == x_high:
        x_low, x_high = x_low - 1, x_high + 1
    if y_low == y_high:
        room = abs(y_low) * 0.1 or 1.0
        return x_low, x_high, y_low - room, y_high + room
    room = (y_high - y_low) * HEADROOM
    return x_low, x_high, y_low if y_low == 0 else y_low - room, y_high + room


def bar_width(series: Series) -> float:
    """The nearest two bars leave a little air between them."""
    xs = sorted(set(series.x))
    return 0.85 * min((b - a for a, b in pairwise(xs)), default=1.0)


def thinned(series: Series) -> tuple[list[float], list[float]]:
    """At most MOST_POINTS of the points, evenly taken, the last always among them."""
    step = -(-len(series.x) // MOST_POINTS)
    x, y = list(series.x[::step]), list(series.y[::step])
    if (len(series.x) - 1) % step:
        x.append(series.x[-1])
        y.append(series.y[-1])
    return x, y
