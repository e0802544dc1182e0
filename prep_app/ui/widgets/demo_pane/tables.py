"""A table as lines of text: light rules, numbers to the right, fitted to the width there is."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from prep_app.lab.events import Cell, Table
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.demo_pane.figures import figure, is_number

ROWS_SHOWN = 100
NARROWEST_TEXT = 6  # cells a column of words keeps before columns of numbers give way
NARROWEST = 3


def draw_table(table: Table, width: int) -> Content:
    """Return the table, title first, in at most `width` cells a line."""
    count = max([len(table.columns), *(len(row) for row in table.rows)], default=0)
    if count == 0:
        return Content.styled(table.title, "bold")
    names = [*table.columns, *[""] * (count - len(table.columns))]
    rows = [[*map(figure, row), *[""] * (count - len(row))] for row in table.rows[:ROWS_SHOWN]]
    numeric = [_is_numeric([row[i] for row in table.rows if i < len(row)]) for i in range(count)]
    gap = " │ "
    needs = [[cell_len(row[i]) for row in rows] for i in range(count)]
    widths = fit([max([1, *need]) for need in needs], names, numeric, width - len(gap) * (count - 1))
    if sum(widths) + len(gap) * (count - 1) > width:  # a very narrow pane: the air between columns goes first
        gap = "│"
        widths = fit([max([1, *need]) for need in needs], names, numeric, width - count + 1)

    rule = gap.replace(" ", "─").replace("│", "┼").join("─" * size for size in widths)
    parts: list[str | Content | tuple[str, str]] = []
    if table.title:
        parts.append((table.title + "\n", "bold"))
    heads = [_wrap(name, size) for name, size in zip(names, widths, strict=True)]
    tall = max(map(len, heads))
    for level in range(tall):
        words = [([""] * (tall - len(head)) + head)[level] for head in heads]
        parts += [(_line(words, widths, numeric, gap) + "\n", "$text-primary")]
    parts.append((rule, QUIET))
    for row in rows:
        parts += ["\n", _line(row, widths, numeric, gap)]
    if len(table.rows) > ROWS_SHOWN:
        parts.append((f"\n… {len(table.rows) - ROWS_SHOWN} more rows", QUIET))
    return Content.assemble(*parts)


def fit(needs: Sequence[int], names: Sequence[str], numeric: Sequence[bool], room: int) -> list[int]:
    """Choose column widths for cells that need `needs`, in `room` cells altogether.

    Headings may wrap between words; then columns of words are cropped, and only then numbers.
    """
    least = [
        max(need, *(cell_len(word) for word in name.split() or [""])) for need, name in zip(needs, names, strict=True)
    ]
    most = [max(need, cell_len(name)) for need, name in zip(needs, names, strict=True)]
    widths = list(least)
    while sum(widths) < room and widths != most:
        widths[max(range(len(widths)), key=lambda i: most[i] - widths[i])] += 1
    for floor, squeezable in (
        (NARROWEST_TEXT, [not number for number in numeric]),
        (NARROWEST, [True] * len(widths)),
        (1, [True] * len(widths)),
    ):
        while sum(widths) > room:
            wide = [i for i, may in enumerate(squeezable) if may and widths[i] > floor]
            if not wide:
                break
            widths[max(wide, key=lambda i: widths[i])] -= 1
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool], gap: str) -> str:
    return gap.join(_cell(*each) for each in zip(cells, widths, numeric, strict=True)).rstrip()


def _cell(text: str, size: int, right: bool) -> str:
    text = " ".join(text.split())
    length = cell_len(text)
    if length > size:
        return set_cell_size(text, size - 1) + "…"
    return " " * (size - length) + text if right else text + " " * (size - length)


def _wrap(name: str, size: int) -> list[str]:
    lines: list[str] = []
    for word in name.split():
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= size:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def _is_numeric(values: Sequence[Cell]) -> bool:
    there = [value for value in values if value is not None]
    return bool(there) and all(map(is_number, there))
