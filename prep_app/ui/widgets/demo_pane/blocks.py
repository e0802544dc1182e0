"""Each event as a block to show. Every string goes in as text: nothing a demo says is markup."""

from __future__ import annotations

from rich import box
from rich.table import Table as RichTable
from rich.text import Text as RichText
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from prep_app.lab.events import Cell, Check, Failure, Output, Plot, Progress, Result, Series, Table, Text

STYLES = ("cyan", "yellow", "magenta", "green", "red", "blue")


def number(value: Cell) -> str:
    """A figure in at most about six digits."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:.4g}"
    return value


def prose(event: Text) -> Static:
    """A demo's text: headings bold, `code` and **strong** marks taken off, the rest as it stands."""
    parts: list[str | Content | tuple[str, str]] = []
    for index, line in enumerate(event.markdown.strip().splitlines()):
        heading = line.startswith("#")
        text = line.lstrip("# ") if heading else line
        parts.append("\n" if index else "")
        parts.append((text.replace("**", "").replace("`", ""), "bold" if heading else ""))
    return Static(Content.assemble(*parts), markup=False)


def table(event: Table) -> Static:
    shown = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, title_justify="left")
    for index, column in enumerate(event.columns):
        cells = [row[index] for row in event.rows if index < len(row)]
        numeric = bool(cells) and all(isinstance(cell, int | float) or cell is None for cell in cells)
        shown.add_column(RichText(column), justify="right" if numeric else "left", overflow="fold")
    for row in event.rows:
        shown.add_row(*[RichText(number(cell)) for cell in row])
    if event.title:
        shown.title = RichText(event.title, style="bold")
    return Static(shown, markup=False)


def check(event: Check) -> Static:
    mark, word, style = ("✓", "holds", "$text-success") if event.passed else ("✗", "fails", "$text-error")
    return Static(
        Content.assemble(
            (f"{mark} {word}  ", f"bold {style}"),
            event.claim,
            (f"\n  measured {number(event.measured)}, expected {number(event.expected)}", "$text-muted"),
        ),
        markup=False,
        classes="check",
    )


def failure(event: Failure) -> Static:
    return Static(Content.assemble(("✗ ", "bold"), event.message), markup=False, classes="failure")


def printed(event: Output) -> Static:
    return Static(Content.assemble(("printed: ", "bold"), event.text.rstrip()), markup=False, classes="printed")


def progress_line(event: Progress) -> str:
    return f"{event.done}/{event.total} {event.label}".rstrip()


def verdict(result: Result, held: int, checks: int) -> str:
    if result.passed:
        return f"✓ {held} of {checks} checks hold"
    return f"✗ {checks - held} of {checks} checks failed"


def plot(event: Plot) -> list[Widget]:
    """The plot under its legend. Series carry a letter as well as a colour."""
    from textual_plot import HiResMode, PlotWidget

    legend: list[str | Content | tuple[str, str]] = [(event.title, "bold")]
    for index, series in enumerate(event.series):
        legend.append(("\n" if index == 0 else "   ", ""))
        legend.append((f"{letter(index)} {series.name}", STYLES[index % len(STYLES)]))
    widget = PlotWidget(allow_pan_and_zoom=False)
    widget.can_focus = False
    for index, series in enumerate(event.series):
        style = STYLES[index % len(STYLES)]
        if not series.x:
            continue
        if series.style == "bar":
            widget.bar(list(series.x), list(series.y), bar_style=style, hires_mode=HiResMode.BRAILLE)
            continue
        if series.style == "line":
            widget.plot(list(series.x), list(series.y), line_style=style, hires_mode=HiResMode.BRAILLE)
        marks = _marks(series, index)
        widget.scatter([x for x, _ in marks], [y for _, y in marks], marker=letter(index), marker_style=style)
    widget.set_xlabel(event.x_label)
    widget.set_ylabel(event.y_label)
    return [Static(Content.assemble(*legend), markup=False, classes="legend"), widget]


def letter(index: int) -> str:
    return chr(ord("a") + index % 26)


def _marks(series: Series, index: int) -> list[tuple[float, float]]:
    """A few points to carry the series' letter; all of them where there is no line."""
    points = list(zip(series.x, series.y, strict=True))
    if series.style != "line":
        return points
    step = max(1, len(points) // 4)
    return points[min(index, step - 1) :: step]
