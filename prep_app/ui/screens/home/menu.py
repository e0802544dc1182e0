"""What Home says: the tally, the menu, the note below it. Plain functions from `Today` to text."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from textual.content import Content

from prep_app.content.model import Library, Problem
from prep_app.memory.statistics import QuestionMastery
from prep_app.practice.interview import Standing
from prep_app.practice.today import CATCH_UP, Today
from prep_app.text import printable
from prep_app.ui import phrases
from prep_app.ui.themes import QUIET

START, BACKLOG, PRACTISE, MORE, QUESTION = "start", "backlog", "practise", "more", "question:"
BACKLOG_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the menu; without an id it is a heading, which cannot be chosen."""

    id: str
    text: Content


def tally(today: Today, standing: Standing | None, width: int) -> Content:
    """How ready, in one number; then due, new and learned, the day's score and the streak."""
    return Content("\n").join([ready(today, standing, width), _counts(today, width)])


def ready(today: Today, standing: Standing | None, width: int) -> Content:
    """Readiness on the day of the interview, or now where there is none ahead."""
    share = today.readiness if standing is None else standing.readiness
    if standing is None:
        after = "of all cards recalled if asked now"
    else:
        low, high = standing.interval
        days = "today" if not standing.days_left else f"in {phrases.plural(standing.days_left, 'day')}"
        likely = f" (likely {low * 100:.0f}–{high * 100:.0f} %)" if width >= 66 else ""
        after = f"expected on {standing.date.day} {standing.date:%b}, {days}{likely}"
    number = f" {phrases.percent(share)} "
    room = width - len("ready ") - len(number) - len(after)
    bar = phrases.bar(share, max(6, min(30, room)))
    text = Content.assemble(("ready ", "bold"), (bar, "$primary"), (number, "bold"), (after, QUIET))
    return text.truncate(width, ellipsis=True)


def _counts(today: Today, width: int) -> Content:
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


def entries(today: Today, library: Library, width: int) -> list[Entry | None]:
    """The menu, top to bottom; None is a rule between groups. Several packs each stand under their title."""
    rows: list[Entry | None] = [Entry(*pair) for pair in _starts(today)]
    standing = {row.question: Entry(QUESTION + row.question, _question(row, width)) for row in today.questions}
    packs = [pack for pack in library.packs if pack.questions]
    for pack in packs:
        rows.append(Entry("", _rule(pack.title, width - 2)) if len(packs) > 1 else None)
        rows += [standing[question.id] for question in pack.questions if question.id in standing]
    return rows


def _rule(title: str, width: int) -> Content:
    """A rule with a title in it."""
    before, after, line = "── ", " ──", "$foreground 30%"
    said = Content(title).truncate(max(1, width - len(before + after)), ellipsis=True).plain
    rest = "─" * (width - len(before) - Content(said).cell_length - len(after))
    return Content.assemble((before, line), (said, f"bold {QUIET}"), (after + rest, line))


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
    elif today.backlog:
        lines.append(
            f"Welcome back. {today.backlog} cards waited; what is likeliest to be gone comes first. "
            f"At {CATCH_UP} a day you are even in {phrases.plural(today.catch_up, 'day')}."
        )
    elif today.first_time:
        lines.append("Bars show how much of each question you would recall now. Grades set when a card returns.")
    if today.claims:
        held = f"{today.proven} of {today.claims} claims have held on this machine"
        lines.append(f"Proven: {held}; press d beside an answer to run its program.")
    if any(today.forecast):
        lines.append(f"Coming up: {coming_up(today.forecast, now)}.")
    if library.problems:
        folders = " ".join(shlex.quote(folder) for folder in _at_fault(library.problems))
        lines.append(
            f"{phrases.plural(len(library.problems), 'problem')} in the packs; see them with: prep check {folders}"
        )
    return Content("\n").join(lines)


def _at_fault(problems: Sequence[Problem]) -> list[str]:
    """The folders of the packs that have problems, each once."""
    files = dict.fromkeys(problem.file for problem in problems)
    folders = (file.parent if file.suffix in (".yaml", ".yml") else file for file in files)
    return list(dict.fromkeys(printable(str(folder)) for folder in folders))


def coming_up(forecast: Sequence[int], now: int) -> str:
    """Tomorrow 4, Thu 2: the days on which cards come due."""
    start = datetime.fromtimestamp(now / 1000)
    names = ["tomorrow", *(f"{start + timedelta(days=ahead):%a}" for ahead in range(2, len(forecast) + 1))]
    return ", ".join(f"{name} {count}" for name, count in zip(names, forecast, strict=True) if count)
