"""A problem as a person wants to see it: the place, the line, a mark under the fault."""

from __future__ import annotations

from prep_app.content.model import Problem
from prep_app.text import printable

WIDTH = 100


def show(problem: Problem) -> str:
    """Return FILE:LINE:COL: message, then the line itself with ^ under the fault."""
    lines = [str(problem)]
    excerpt = problem.excerpt.replace("\t", " ")
    if excerpt.strip():
        start = max(0, problem.column - 1 - WIDTH // 2) if problem.column > WIDTH else 0
        lines.append("    " + printable(excerpt[start : start + WIDTH]))
        lines.append("    " + " " * (problem.column - 1 - start) + "^")
    return "\n".join(lines)
