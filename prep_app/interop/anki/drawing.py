"""A run of a demo as a picture (SVG): its checks, each with the figure it measured, and its first plot."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from html import escape

from prep_app.lab.events import Cell, Check, Plot, Series
from prep_app.lab.record import RunRecord

WIDTH, MARGIN, LINE = 680, 24, 21  # pixels
LETTERS = 78  # that fit in a line
PLOT_HEIGHT = 240
MOST_NAMED = 8  # series
_COLOURS = ("#0b66c3", "#c2410c", "#1c7a3d", "#8b3fa8", "#b08900", "#0e8a8a", "#b3264a", "#5b6470")
_STYLE = (
    "text{font:14px ui-sans-serif,system-ui,sans-serif;fill:#22242b}.q{fill:#6d717d;font-size:12px}"
    ".t{font-size:16px;font-weight:600}.y{fill:#1c7a3d;font-weight:700}.n{fill:#b3264a;font-weight:700}"
)


def draw(run: RunRecord) -> str:
    """The picture on paper of its own, since a card may be light or dark."""
    checks = [event for event in run.events if isinstance(event, Check)]
    plot = next((event for event in run.events if isinstance(event, Plot) and any(one.x for one in event.series)), None)
    parts = [_text(MARGIN, MARGIN + 12, run.name, "t")]
    y = MARGIN + 12
    for check in checks:
        y += LINE + 4
        parts.append(_text(MARGIN, y, "✓" if check.passed else "✗", "y" if check.passed else "n"))
        for number, line in enumerate(textwrap.wrap(check.claim, LETTERS) or [""]):
            y += LINE if number else 0
            parts.append(_text(MARGIN + 22, y, line))
        y += LINE - 3
        parts.append(_text(MARGIN + 22, y, f"measured {_cell(check.measured)}, expected {_cell(check.expected)}", "q"))
    if plot is not None:
        parts += _plot(plot, y + 2 * LINE)
        y += 2 * LINE + PLOT_HEIGHT + LINE * (2 + len(_named(plot.series)))
    height = y + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">'
        f'<style>{_STYLE}</style><rect width="100%" height="100%" rx="8" fill="#fffefb"/>{"".join(parts)}</svg>'
    )


def _plot(plot: Plot, top: int) -> Iterator[str]:
    left, right, bottom = MARGIN + 50, WIDTH - MARGIN, top + PLOT_HEIGHT
    yield _text(left, top + 4, f"{plot.title} ({plot.y_label})" if plot.y_label else plot.title, "t")
    top += LINE
    xs = [x for series in plot.series for x in series.x]
    ys = [y for series in plot.series for y in series.y]
    bars = any(series.style == "bar" for series in plot.series)
    low_x, high_x = _span(xs, 0.5 if bars else 0.0)
    low_y, high_y = _span([*ys, *([0.0] if bars else [])], 0.0)

    def at(x: float, y: float) -> tuple[float, float]:
        across = left + (x - low_x) / (high_x - low_x) * (right - left)
        return round(across, 1), round(bottom - (y - low_y) / (high_y - low_y) * (bottom - top), 1)

    yield f'<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="#b9b7b0"/>'
    for share in (0.0, 0.5, 1.0):
        x, y = low_x + share * (high_x - low_x), low_y + share * (high_y - low_y)
        yield _text(left - 6, at(low_x, y)[1] + 4, _cell(y), "q", "end")
        yield _text(at(x, low_y)[0], bottom + 16, _cell(x), "q", "middle")
    yield _text((left + right) / 2, bottom + 34, plot.x_label, "q", "middle")
    for number, series in enumerate(plot.series):
        colour = _COLOURS[number % len(_COLOURS)]
        points = [at(x, y) for x, y in zip(series.x, series.y, strict=True)]
        if series.style == "line":
            path = " ".join(f"{x},{y}" for x, y in points)
            yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        elif series.style == "bar":
            wide = max(4.0, (right - left) / max(1, len(points)) / 2)
            ground = at(low_x, 0.0)[1]
            for x, y in points:
                yield (
                    f'<rect x="{x - wide / 2:.1f}" y="{min(y, ground)}" width="{wide:.1f}" '
                    f'height="{abs(ground - y):.1f}" fill="{colour}" fill-opacity=".75"/>'
                )
        else:
            yield from (f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points)
    for number, series in enumerate(_named(plot.series)):
        y = bottom + 38 + LINE * (number + 1)
        yield f'<rect x="{left}" y="{y - 10}" width="12" height="12" rx="2" fill="{_COLOURS[number % len(_COLOURS)]}"/>'
        yield _text(left + 20, y, series.name)


def _named(series: Sequence[Series]) -> Sequence[Series]:
    return series[:MOST_NAMED]


def _span(values: Sequence[float], room: float) -> tuple[float, float]:
    low, high = min(values) - room, max(values) + room
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _text(x: float, y: float, said: str, kind: str = "", anchor: str = "") -> str:
    kind = f' class="{kind}"' if kind else ""
    anchor = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x}" y="{y}"{kind}{anchor}>{escape(said)}</text>'


def _cell(value: Cell) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return {True: "yes", False: "no", None: "–"}.get(value, str(value)) if not isinstance(value, str) else value
