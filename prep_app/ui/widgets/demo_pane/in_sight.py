"""The figures of the last run on a line or two, always in view, each beside what it was before."""

from __future__ import annotations

from textual.content import Content

from prep_app.lab.record import RunRecord
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.demo_pane.figures import figure


def in_sight(run: RunRecord, before: RunRecord | None, width: int, most_lines: int) -> Content:
    """Return as many whole figures as fit on a few lines of `width` cells."""
    was = before.figures if before is not None else {}
    lines = [Content("")]
    for name, value in run.figures.items():
        then = was.get(name)
        parts: list[tuple[str, str]] = [(f"{name.replace('_', ' ')} ", QUIET), (figure(value), "bold")]
        if before is not None and then != value and name in was:
            parts.append((f" (run {before.number}: {figure(then)})", QUIET))
        piece = Content.assemble(*parts)
        gap = Content("  ·  " if lines[-1].plain else "")
        if (lines[-1] + gap + piece).cell_length > width:
            if len(lines) == most_lines:
                break
            lines.append(piece)
        else:
            lines[-1] = lines[-1] + gap + piece
    return Content("\n").join(lines)
