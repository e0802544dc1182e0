"""A problem as a person wants to see it: the place, the line, a mark under the fault."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

from prep_app.content.model import Problem
from prep_app.text import printable

WIDTH = 100


def show(problem: Problem) -> str:
    """Return FILE:LINE:COL: message, then the line itself with ^ under the fault."""
    lines = [place(problem)]
    excerpt = problem.excerpt.replace("\t", " ")
    if excerpt.strip():
        start = max(0, problem.column - WIDTH // 2) if problem.column > WIDTH else 0
        before = printable(excerpt[start : problem.column - 1])
        lines.append("    " + printable(excerpt[start : start + WIDTH]))
        lines.append("    " + " " * sum(map(_cells, before)) + "^")
    return "\n".join(lines)


def place(problem: Problem) -> str:
    """Return FILE:LINE:COL: message, one line."""
    # A file's name comes from outside too, and need not even be text.
    return printable(str(problem)).encode("utf-8", "replace").decode("utf-8")


def _cells(character: str) -> int:
    """How many columns of a terminal it takes."""
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
