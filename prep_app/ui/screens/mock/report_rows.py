"""What the report says, section by section. Plain functions from `Report` to rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from prep_app.answers.mark import GOOD_SHARE, HARD_SHARE
from prep_app.content.model import Library
from prep_app.practice.mock_report import SLOW, Report, Scored, changes, next_step, spell
from prep_app.ui import phrases
from prep_app.ui.screens.mock.past import against, change_rows, earlier
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.hanging import Row

if TYPE_CHECKING:
    from prep_app.lab.catalogue import Demo

LONGEST = 72  # characters of a prompt
BAR = 10  # cells


def sections(
    report: Report, past: Sequence[Report], library: Library, demos: Mapping[str, Demo], width: int
) -> Iterator[list[Row]]:
    """The same sections for any `width` in columns. `past` are the mocks until this one, oldest first."""
    yield headline(report, past)
    yield [_heading("Next"), (Content.styled("→ ", "bold $text-accent"), Content(next_step(report)))]
    yield by_question(report, library)
    changed = changes(past) if past else ()
    if any(one.before is not None for one in changed):
        yield [_heading("Against the time before"), *change_rows(changed)]
    yield answers(report, width)
    if report.weakest:
        yield repair(report)
    if demos:
        yield remedies(report, demos)
    if report.earned:
        yield follow_ups(report)
    if len(past) > 1:
        yield earlier(past, "Your mocks")


def headline(report: Report, past: Sequence[Report]) -> list[Row]:
    mark, style = verdict(report.score)
    rows: list[Row] = [
        (
            Content.styled(f"{mark} ", style),
            Content.assemble(
                (phrases.percent(report.score), style),
                f"  ·  {phrases.plural(report.questions, 'question')}, "
                f"{spell(report.seconds)} of {report.terms.minutes}:00",
                ("".join(_left_out(report)), "$text-warning"),
            ),
        )
    ]
    alone = report.answered_score
    if alone is not None and (report.skipped or report.not_reached):
        said = f"Of what you answered: {phrases.percent(alone)}. What was skipped or not reached counts nothing."
        rows.append((Content("  "), Content.styled(said, QUIET)))
    if len(past) > 1:
        rows.append((Content("  "), Content.styled(against(report.score, past[-2].score), QUIET)))
    return rows


def verdict(share: float) -> tuple[str, str]:
    """A mark and a style: what an interviewer accepts, half of it, less."""
    if share >= GOOD_SHARE:
        return "✓", "bold $text-success"
    return ("◐", "bold $text-warning") if share >= HARD_SHARE else ("✗", "bold $text-error")


def by_question(report: Report, library: Library) -> list[Row]:
    """A bar each, the topics below it, weakest first."""
    rows: list[Row] = [_heading("By question and topic")]
    for name, credit in report.by_question.items():
        question = next((held for held in library.questions.values() if held.id == name), None)
        title = question.title if question is not None else ""
        text = Content.assemble((f"{name} ", "bold"), title)
        bar = Content.assemble((phrases.bar(credit, BAR), "$primary"), f" {phrases.percent(credit):>5}  ")
        rows.append((bar, text))
        topics = [f"{topic} {phrases.percent(share)}" for (of, topic), share in report.by_topic.items() if of == name]
        rows.append((Content(" " * (BAR + 8)), Content.styled(" · ".join(topics), QUIET)))
    return rows


def answers(report: Report, width: int) -> list[Row]:
    """Each question on a line: its credit, its time against its share."""
    share = report.terms.share
    rows: list[Row] = [_heading(f"Answers, and the time each took (its share: {spell(share)})")]
    times = [_took(scored, share) for scored in report.items]
    widest = max(map(len, times), default=0)
    for scored, took in zip(report.items, times, strict=True):
        if not scored.reached:
            mark, style, points = "–", QUIET, ""
        else:
            mark, style = ("–", "bold $text-warning") if scored.skipped else verdict(scored.credit)
            points = "" if scored.skipped else f"{scored.right}/{scored.total}"
        left = Content.assemble((f"{mark} ", style), f"{points:<6}", (f"{took:<{widest}}  ", QUIET))
        name = f"{'↳ ' if scored.follow_up else ''}{scored.question} "
        room = max(8, width - left.cell_length - len(name))
        rows.append((left, Content.assemble((name, "bold"), _short(scored, room))))
    return rows


def _took(scored: Scored, share: float) -> str:
    if not scored.reached:
        return "not reached"
    word = " skipped" if scored.skipped else " long" if scored.seconds > SLOW * share else ""
    return spell(scored.seconds) + word


def repair(report: Report) -> list[Row]:
    rows: list[Row] = [_heading("To repair")]
    for scored in report.weakest:
        mark, style = verdict(scored.credit)
        head = Content.assemble((f"{scored.question} · {scored.topic}: ", "bold"), _short(scored))
        rows.append((Content.styled(f"{mark} ", style), head))
        rows += [(Content("    – "), Content.styled(_flat(text), QUIET)) for text in scored.missed]
    return rows


def remedies(report: Report, demos: Mapping[str, Demo]) -> list[Row]:
    rows: list[Row] = [_heading("Demos that would repair it (press the number)")]
    for number, link in enumerate((link for link in report.demos if link.name in demos), 1):
        text = Content.assemble((link.name, "bold"), (f"  {demos[link.name].title}", QUIET))
        rows.append((Content.styled(f"{number} ", "bold $text-accent"), text))
    return rows


def follow_ups(report: Report) -> list[Row]:
    rows: list[Row] = [_heading("Follow-ups to be ready for")]
    for question, own in report.earned:
        rows.append((Content("↳ "), Content.assemble((f"{question} ", "bold"), _flat(own.ask))))
        rows.append((Content("  "), Content.styled(_flat(own.answer), QUIET)))
    return rows


def _heading(text: str) -> Row:
    return Content(), Content.styled(text, "bold $text-primary")


def _left_out(report: Report) -> Iterator[str]:
    if report.skipped:
        yield f"  ·  {report.skipped} skipped"
    if report.not_reached:
        yield f"  ·  {report.not_reached} not reached"


def _short(scored: Scored, room: int = LONGEST) -> str:
    text = scored.headline
    return text if len(text) <= room else text[: room - 1] + "…"


def _flat(text: str) -> str:
    return " ".join(text.split())
