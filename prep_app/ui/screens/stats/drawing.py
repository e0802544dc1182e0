"""What Stats says, section by section: plain functions from `Scores` to text of a given width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from textual.content import Content

from prep_app.content.model import CardId
from prep_app.lab.events import Plot, Series
from prep_app.memory.history import Bin, Day
from prep_app.practice.scores import READINESS_DAYS, Scores
from prep_app.ui import phrases
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.hanging import Row

WEEKS = 26  # of the heatmap, where there is room
SHADES = "·░▒▓█"  # a day's reviews, against the busiest day; legible without colour
WEEKDAYS = ("Mon", "", "Wed", "", "Fri", "", "Sun")
ROOMY = 64  # columns from which bars are longer
LONGEST_COUNT = len("12 of 34 new")
AXIS = 30  # columns of a calibration line, for 40 to 100 %
AXIS_FROM = 0.4
LEVELS = "▁▂▃▄▅▆▇█"


def headline(scores: Scores, width: int) -> Content:
    now = scores.now
    bar = phrases.bar(now.readiness, max(10, min(40, width - 30)))
    retention = "" if now.retention is None else f" · {phrases.percent(now.retention)} retention"
    hours = now.seconds_total / 3600
    spent = f"{hours:.1f} h" if hours >= 1 else f"{now.seconds_total / 60:.0f} min"
    facts = (
        f"{phrases.plural(now.reviews_total, 'review')} · {spent} · streak {phrases.plural(now.streak_days, 'day')}"
        f"{retention} · {now.learned} of {now.cards} cards begun"
    )
    return Content.assemble(
        ("Ready ", "bold"), (bar, "$primary"), (f" {phrases.percent(now.readiness)}", "bold"), ("\n" + facts, QUIET)
    )


def readiness(days: Sequence[Day], today: int, now: float, mocks: Sequence[tuple[int, float]]) -> Plot | None:
    """Readiness at the end of each day that was worked out, and now; and the score of each mock, on days from today.

    None before there are two of them.
    """
    points = [(day.day - today, day.readiness) for day in days if day.readiness is not None]
    points.append((0, now))
    sat = [(day, score) for day, score in mocks if day >= -READINESS_DAYS]
    if len(points) + len(sat) < 2:
        return None
    series = [_series("ready", points, "line")] + ([_series("mocks", sat, "points")] if sat else [])
    return Plot("Readiness and mocks" if sat else "Readiness", "days from today", "%", tuple(series))


def _series(name: str, points: Sequence[tuple[int, float]], style: str) -> Series:
    return Series(name, tuple(float(day) for day, _ in points), tuple(100 * share for _, share in points), style)


def heatmap(days: Sequence[Day], today: int, width: int) -> Content:
    """A column a week, a row a weekday, a shade a day."""
    weeks = max(4, min(WEEKS, (width - 5) // 2))
    counts = {day.day: day.reviews for day in days}
    monday = today - date.fromordinal(today).weekday() - 7 * (weeks - 1)
    most = max((counts.get(day, 0) for day in range(monday, today + 1)), default=0)
    lines: list[Content] = [_months(monday, weeks)]
    for weekday in range(7):
        cells: list[tuple[str, str]] = [(f"{WEEKDAYS[weekday]:<4} ", QUIET)]
        for week in range(weeks):
            day = monday + 7 * week + weekday
            reviews = counts.get(day, 0)
            shade = 0 if not reviews else 1 + min(3, 4 * (reviews - 1) // max(1, most))
            mark = " " if day > today else SHADES[shade]
            cells.append((mark + " ", "$success" if shade else QUIET))
        lines.append(Content.assemble(*cells))
    lines.append(Content.styled(f"     {SHADES[0]} none  {SHADES[1]} few  {SHADES[4]} up to {most} a day", QUIET))
    return Content("\n").join(lines)


def _months(monday: int, weeks: int) -> Content:
    names, last, free = [" " * 5], "", 0
    for week in range(weeks):
        name = f"{date.fromordinal(monday + 7 * week):%b}"
        if name != last and free <= 0:
            names.append(name + " ")
            free = 1
        elif free > 0:
            free -= 1
        else:
            names.append("  ")
        last = name
    return Content.styled("".join(names), QUIET)


def mastery(scores: Scores, width: int) -> list[Row]:
    """Every question, and its topics below it."""
    rows: list[Row] = []
    for question in scores.now.questions:
        name = f"{question.question} {question.title}"
        rows.append((Content(), _row(name, question.mastery, "", width, "bold")))
        for topic in scores.topics:
            if topic.question == question.question:
                new = f"{topic.new} of {topic.cards} new" if topic.new else phrases.plural(topic.cards, "card")
                rows.append((Content("  "), _row(topic.topic, topic.mastery, new, width - 2, "")))
    return rows


def _row(name: str, share: float, said: str, width: int, style: str) -> Content:
    bar = phrases.bar(share, 10 if width >= ROOMY else 6)
    room = max(12, width - len(bar) - len("  100 %") - 2 - LONGEST_COUNT)
    name = name if len(name) <= room else name[: room - 1] + "…"
    return Content.assemble(
        (name.ljust(room), style), (f" {bar}", "$primary"), f" {phrases.percent(share):>5}", (f"  {said}", QUIET)
    )


def predictions(scores: Scores, width: int) -> Content:
    """A line a bin: where recall was predicted (○), and where it came out (●)."""
    bins, error = scores.calibration, scores.calibration_error
    if error is None:
        return Content.styled(
            "Nothing to compare yet: it takes a second review of a card, a day or more after the first.", QUIET
        )
    axis = max(12, min(AXIS, width - 34))
    lines = [
        Content.styled("○ predicted  ● recalled", QUIET),
        Content.styled(f"{'':<11} 40 %{'':<{axis - 9}}100 %", QUIET),
        *(_bin(one, axis) for one in bins),
        Content.styled(f"Off by {error:.1%} on the whole: the root mean square over the lines, by reviews.", QUIET),
    ]
    if scores.worth_fitting:
        lines.append(Content.styled("There are enough reviews to fit FSRS to you: prep optimize", "$text-accent"))
    return Content("\n").join(lines)


def _bin(one: Bin, axis: int) -> Content:
    cells = [("─", QUIET)] * axis
    predicted, recalled = _column(one.predicted, axis), _column(one.recalled, axis)
    cells[predicted] = ("○", "bold")
    cells[recalled] = ("●" if predicted != recalled else "◉", "bold $success")
    label = f"{one.low * 100:3.0f}–{one.high * 100:.0f} %"
    said = f"  {phrases.percent(one.recalled):>5} of {one.reviews}"
    return Content.assemble((f"{label:<11} ", QUIET), *cells, said)


def _column(share: float, axis: int) -> int:
    return min(axis - 1, max(0, round((share - AXIS_FROM) / (1 - AXIS_FROM) * (axis - 1))))


def load(ahead: Sequence[int], width: int) -> Content:
    """How many cards come due on each of the next days."""
    if not any(ahead):
        return Content.styled(f"Nothing comes due in the next {len(ahead)} days.", QUIET)
    shown = ahead[: max(7, min(len(ahead), width - 24))]
    most = max(shown)
    marks = "".join(LEVELS[-1 if most == 0 else min(7, 8 * count // (most + 1))] if count else " " for count in shown)
    busiest = max(range(len(shown)), key=lambda day: shown[day]) + 1
    words = f"{sum(shown[:7])} in the next 7 days; most, {most}, in {phrases.plural(busiest, 'day')}"
    return Content.assemble(("tomorrow ", QUIET), (marks, "$primary"), (f" in {len(shown)} days\n{words}", QUIET))


def hardest(scores: Scores, prompts: Mapping[CardId, str], width: int) -> list[Row]:
    if not scores.trouble:
        return [(Content(), Content.styled("No card was forgotten after it had been learnt.", QUIET))]
    rows = []
    for one in scores.trouble:
        prompt = prompts.get(one.card, one.card)
        prompt = prompt if len(prompt) <= width else prompt[: max(10, width - 1)] + "…"
        leech = ("leech, ", "bold $text-error") if one.leech else ("", "")
        said = f"forgotten {phrases.plural(one.lapses, 'time')}; {one.remedy}"
        rows.append((Content("• "), Content.assemble(prompt, "\n", leech, (said, QUIET))))
    return rows
