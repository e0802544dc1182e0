"""Past mocks in rows: a line each, newest first, and how each topic went against the time before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from textual.content import Content

from prep_app.practice.mock_report import Change, Report, spell
from prep_app.ui import phrases
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.hanging import Row

SHOWN = 6  # mocks in a list beside other things
ARROWS = {True: ("▲", "bold $text-success"), False: ("▼", "bold $text-error")}


def earlier(past: Sequence[Report], heading: str = "Earlier mocks", most: int = SHOWN) -> list[Row]:
    """The last few, newest first."""
    if not past:
        return [(Content(), Content.styled("This is your first mock.", QUIET))]
    rows: list[Row] = [(Content(), Content.styled(heading, "bold"))]
    return rows + [(Content(f"{phrases.percent(one.score):>6}  "), _line(one)) for one in reversed(past[-most:])]


def _line(one: Report) -> Content:
    agreed = f"  {when(one.started)}  {one.questions} in {one.terms.minutes} min"
    return Content.assemble((phrases.bar(one.score, 10), "$primary"), (agreed, QUIET))


def when(at: int) -> str:
    """A day and a time of day, by local clocks."""
    return f"{datetime.fromtimestamp(at / 1000):%Y-%m-%d %H:%M}"


def used(one: Report) -> str:
    return f"{spell(one.seconds)} of {one.terms.minutes}:00"


def against(score: float, before: float) -> str:
    """How a score compares with the mock before."""
    points = round((score - before) * 100)
    if not points:
        return f"= as the mock before: {phrases.percent(before)}"
    sign, word = ("▲", "above") if points > 0 else ("▼", "below")
    return f"{sign} {phrases.plural(abs(points), 'point')} {word} the mock before: {phrases.percent(before)}"


def change_rows(changed: Sequence[Change]) -> list[Row]:
    """What rose, what fell, what stayed; topics that were never asked before share a line."""
    rows = [_change(one, one.before) for one in changed if one.before is not None]
    first = [f"{one.topic} {phrases.percent(one.credit)}" for one in changed if one.before is None]
    if first:
        rows.append((Content.styled("· ", QUIET), Content.styled(f"First time: {', '.join(first)}", QUIET)))
    return rows


def _change(one: Change, before: float) -> Row:
    mark, style = ARROWS[one.points > 0] if one.points else ("=", QUIET)
    shares = phrases.percent(one.credit) if not one.points else f"{before * 100:.0f} → {phrases.percent(one.credit)}"
    where = f"{one.question} · {one.topic}"
    return Content.styled(f"{mark} ", style), Content.assemble((f"{shares:<12}", style), where)
