"""A plot in a line or two of text a series, for panes too narrow for axes and for terminals without colour."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from prep_app.lab.events import Plot, Series
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.demo_pane.figures import figure

LEVELS = "▁▂▃▄▅▆▇█"
LONGEST_NAME = 14
MOST_BARS = 12  # more bars than this become a sparkline


def draw_text_plot(plot: Plot, width: int) -> Content:
    """Return the plot as sparklines on one shared scale, or as bars across, in at most `width` cells a line."""
    parts: list[str | Content | tuple[str, str]] = [(plot.title, "bold")]
    drawn = [series for series in plot.series if series.x]
    if not drawn:
        return Content.assemble(*parts, ("\nnothing to plot", QUIET))
    low = min(min(series.y) for series in drawn)
    high = max(max(series.y) for series in drawn)
    name_width = min(LONGEST_NAME, max(cell_len(series.name) for series in drawn))
    for series in drawn:
        name = _sized(series.name, name_width)
        if series.style == "bar" and len(series.x) <= MOST_BARS:
            parts += ["\n", series.name, *_bars(series, max(high, 0.0), width)]
            continue
        ends = f"{figure(series.y[0])} → {figure(series.y[-1])}"
        room = width - name_width - 1
        line = sparkline(series, low, high, max(4, room - cell_len(ends) - 1))
        parts += [f"\n{name} ", (line, "$text-primary"), f" {ends}"]
    across = f"{plot.x_label or 'x'} {_span(drawn)}"
    up = f"{plot.y_label or 'y'} {figure(low)} to {figure(high)}"
    joined = f"{across}; {up}"
    parts.append(("\n" + (joined if cell_len(joined) <= width else f"{across}\n{up}"), QUIET))
    return Content.assemble(*parts)


def sparkline(series: Series, low: float, high: float, width: int) -> str:
    """The series' mean in each of at most `width` equal stretches of x; a stretch without points repeats the last."""
    first, last = min(series.x), max(series.x)
    count = max(1, min(width, len(series.x)))
    bins: list[list[float]] = [[] for _ in range(count)]
    for x, y in zip(series.x, series.y, strict=True):
        place = (x - first) / (last - first) if last > first else 0.0
        bins[min(count - 1, int(place * count))].append(y)
    marks, mean = [], series.y[0]
    for values in bins:
        mean = sum(values) / len(values) if values else mean
        share = (mean - low) / (high - low) if high > low else 0.5
        marks.append(LEVELS[min(len(LEVELS) - 1, int(share * len(LEVELS)))])
    return "".join(marks)


def _bars(series: Series, high: float, width: int) -> list[str | Content | tuple[str, str]]:
    names = [figure(x) for x in series.x]
    values = [figure(y) for y in series.y]
    left, right = max(map(len, names)), max(map(len, values))
    room = max(1, width - left - right - 3)
    parts: list[str | Content | tuple[str, str]] = []
    for name, value, y in zip(names, values, series.y, strict=True):
        full = round(max(0.0, y) / high * room) if high > 0 else 0
        parts += [f"\n {name:>{left}} ", ("━" * full, "$text-primary"), f" {value}"]
    return parts


def _span(drawn: Sequence[Series]) -> str:
    low = min(min(series.x) for series in drawn)
    high = max(max(series.x) for series in drawn)
    return f"{figure(low)} to {figure(high)}"


def _sized(name: str, width: int) -> str:
    return set_cell_size(name, width - 1) + "…" if cell_len(name) > width else set_cell_size(name, width)
