"""A demo's events as plain text, for a person at a shell."""

from __future__ import annotations

import sys
from typing import Any


def print_event(event: dict[str, Any]) -> None:
    match event["event"]:
        case "text":
            print(event["markdown"] + "\n", flush=True)
        case "progress" if sys.stderr.isatty():
            end = "\n" if event["done"] >= event["total"] else ""
            print(f"\r  {event['done']}/{event['total']} {event['label']}", end=end, file=sys.stderr, flush=True)
        case "table":
            print_table(event["title"], event["columns"], event["rows"])
        case "plot":
            for series in event["series"]:
                ends = f"{number(series['y'][0])} → {number(series['y'][-1])}" if series["y"] else "empty"
                print(f"  {event['title']} · {series['name']}: {ends}")
            print()
        case "check":
            mark, word = ("✓", "holds") if event["passed"] else ("✗", "fails")
            print(f"{mark} {word}: {event['claim']}", flush=True)
            print(f"    measured {number(event['measured'])}, expected {number(event['expected'])}")
        case "result":
            word = "every check holds" if event["passed"] else "a check failed"
            print(f"\n{word} · {event['device']} · {event['seconds']:.2f} s")
        case "error":
            print(f"error: {event['message']}", file=sys.stderr)


def print_table(title: str, columns: list[str], rows: list[list[Any]]) -> None:
    cells = [[str(column) for column in columns], *([number(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    print(title)
    for row, source in zip(cells, [columns, *rows], strict=True):
        aligned = [
            cell.rjust(width) if isinstance(value, int | float) else cell.ljust(width)
            for cell, width, value in zip(row, widths, source, strict=True)
        ]
        print("  " + "  ".join(aligned).rstrip())
    print()


def number(value: Any) -> str:
    """A figure in at most about six digits."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)
