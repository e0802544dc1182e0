"""What Home says: the tally, the menu, the note below it. Plain functions from `Today` to text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from textual.content import Content

from prep_app.content.model import Library
from prep_app.memory.statistics import QuestionMastery
from prep_app.practice.today import Today
from prep_app.ui import phrases
from prep_app.ui.themes import QUIET

START, BACKLOG, PRACTISE, MORE, QUESTION = "start", "backlog", "practise", "more", "question:"
BACKLOG_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    text: Content


def tally(today: Today, width: int) -> Content:
    """Due, new and learned; the day's score and the streak."""
    counts = [
        (str(today.due), " due   ", "$text-warning"),
        (str(today.new), " new   ", "$text-primary"),
        (str(today.learned), " learned", "$text-success"),
    ]
    parts: list[str | Content | tuple[str, str]] = []
    for number, word, colour in counts:
        parts += [(number, f"bold {colour}"), word]
    score = "no answers yet" if today.score is None else f"{phrases.percent(today.score)} right"
    streak = f"streak {phrases.plural(today.streak_days, 'day')}"
    right = f"today: {score} · {streak}"
    left = Content.assemble(*parts)
    gap = width - left.cell_length - len(right)
    return Content.assemble(left, " " * gap if gap > 1 else "\n", (right, QUIET))


def entries(today: Today, width: int) -> list[Entry | None]:
    """The menu, top to bottom; None is a rule between groups."""
    rows: list[Entry | None] = [Entry(*pair) for pair in _starts(today)]
    if today.questions:
        rows.append(None)
    rows += [Entry(QUESTION + row.question, _question(row, width)) for row in today.questions]
    return rows


def _starts(today: Today) -> list[tuple[str, Content]]:
    enter = ("Enter: ", "bold $text-accent")
    rows: list[tuple[str, Content]] = []
    if today.resumable is not None:
        done, total = today.resumable
        rows.append((START, Content.assemble(enter, f"resume, {done} of {total} done")))
    elif today.start_count:
        what = phrases.plural(today.start_count, "question" if today.first_time else "card")
        rows.append((START, Content.assemble(enter, f"start {what}")))
    if today.backlog:
        rows.insert(
            0,
            (
                BACKLOG,
                Content.assemble(enter, f"{today.backlog} overdue: do the {BACKLOG_LIMIT} that matter most"),
            ),
        )
    if not rows:
        rows.append((MORE, Content.assemble(enter, "learn more: five new cards")))
        rows.append((PRACTISE, Content("Practise without touching the schedule (p)")))
    return rows


def _question(row: QuestionMastery, width: int) -> Content:
    bar_width = 10 if width >= 66 else 6
    bar = phrases.bar(row.mastery, bar_width)
    counts = f"   {row.due:>3} due {row.new:>3} new" if width >= 60 else f"  {f'{row.due}+{row.new}':>6}"
    right = f" {phrases.percent(row.mastery):>5}{counts}"
    room = width - len(bar) - len(right) - 3
    title = f"{row.question:<4} {row.title}"
    if len(title) > room:
        title = title[: max(0, room - 1)] + "…"
    return Content.assemble(title.ljust(room), " ", (bar, "$primary"), (right, QUIET))


def note(today: Today, library: Library, now: int) -> Content:
    """What stands under the menu: when the next card is, what has been proven, what is wrong with a pack."""
    lines: list[Content | str] = []
    if not today.start_count and today.resumable is None and not today.backlog:
        when = f" The next card comes {phrases.away(today.next_due, now)}." if today.next_due else ""
        lines.append(f"Nothing is due.{when}")
    elif today.first_time:
        lines.append("Bars show how much of each question you would recall now. Grades set when a card returns.")
    if today.claims:
        held = f"{today.proven} of {today.claims} claims have held on this machine"
        lines.append(f"Proven: {held}; press d beside an answer to run its program.")
    if any(today.forecast):
        lines.append(f"Coming up: {coming_up(today.forecast, now)}.")
    if library.problems:
        lines.append(f"{phrases.plural(len(library.problems), 'problem')} in the packs; see them with: prep check")
    return Content("\n").join(lines)


def coming_up(forecast: Sequence[int], now: int) -> str:
    """Tomorrow 4, Thu 2: the days on which cards come due."""
    start = datetime.fromtimestamp(now / 1000)
    names = ["tomorrow", *(f"{start + timedelta(days=ahead):%a}" for ahead in range(2, len(forecast) + 1))]
    return ", ".join(f"{name} {count}" for name, count in zip(names, forecast, strict=True) if count)
