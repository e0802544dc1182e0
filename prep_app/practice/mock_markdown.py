"""A mock interview's report as Markdown, kept in the learner's folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from prep_app.errors import UserError
from prep_app.practice.mock_report import Report, Scored, next_step, spell


def export(held: Report, past: Sequence[Report], folder: Path) -> Path:
    """Write mock-YYYY-MM-DD-HHMM.md into `folder`, named for when the mock began; return its path.

    Raises UserError when the folder cannot be written.
    """
    kept = folder / f"mock-{datetime.fromtimestamp(held.started / 1000):%Y-%m-%d-%H%M}.md"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        kept.write_text(as_markdown(held, past), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{kept}: the report was not written ({error.strerror}); make room there") from None
    return kept


def as_markdown(held: Report, past: Sequence[Report]) -> str:
    """The whole report. `past` are the mocks until this one, oldest first."""
    when = datetime.fromtimestamp(held.started / 1000)
    parts = [
        f"# Mock interview, {when:%Y-%m-%d %H:%M}",
        f"**{held.score:.0%}** · {held.questions} questions in {held.terms.minutes} min, "
        f"{spell(held.seconds)} used{_left_out(held)}",
        f"Next: {next_step(held)}",
        "## By question and topic",
        "\n".join(["| | credit |", "| --- | --- |", *_scores(held)]),
        "## Answers",
        "\n".join(
            [
                f"| question | credit | time (share {spell(held.terms.share)}) |",
                "| --- | --- | --- |",
                *map(_row, held.items),
            ]
        ),
    ]
    if held.weakest:
        parts += ["## To repair", *map(_repair, held.weakest)]
    if held.demos:
        parts += ["## Demos that would repair it", "\n".join(f"- `prep demo {demo.name}`" for demo in held.demos)]
    if held.earned:
        parts += ["## Follow-ups to be ready for"]
        parts += [f"**{_line(own.ask)}** ({question})\n\n{own.answer.strip()}" for question, own in held.earned]
    if len(past) > 1:
        parts += ["## Mocks so far", "\n".join(["| when | questions | min | score |", "| --- | --- | --- | --- |"])]
        parts[-1] += "".join(
            f"\n| {datetime.fromtimestamp(one.started / 1000):%Y-%m-%d %H:%M} | {one.questions} | {one.terms.minutes} "
            f"| {one.score:.0%} |"
            for one in past
        )
    return "\n\n".join(parts) + "\n"


def _left_out(held: Report) -> str:
    counts = [(held.skipped, "skipped"), (held.not_reached, "not reached")]
    return "".join(f" · {count} {word}" for count, word in counts if count)


def _scores(held: Report) -> list[str]:
    rows = []
    for question, credit in held.by_question.items():
        rows.append(f"| **{question}** | **{credit:.0%}** |")
        rows += [f"| {_line(topic)} | {share:.0%} |" for (of, topic), share in held.by_topic.items() if of == question]
    return rows


def _row(scored: Scored) -> str:
    name = f"{'Follow-up: ' if scored.follow_up else ''}{_line(scored.headline)}"
    if not scored.answered:
        return f"| {name} | {'skipped' if scored.reached else 'not reached'} | {spell(scored.seconds)} |"
    return f"| {name} | {scored.right} of {scored.total} | {spell(scored.seconds)} |"


def _repair(scored: Scored) -> str:
    head = f"**{scored.question} · {_line(scored.topic)}.** {_line(scored.headline)} ({scored.credit:.0%})"
    missed = [f"- missed: {_line(text)}" for text in scored.missed]
    if scored.typed.strip() and scored.kind == "recall":
        missed.append(f"- you noted: {_line(scored.typed)}")
    return "\n\n".join([head, "\n".join(missed)] if missed else [head])


def _line(text: str) -> str:
    """On one line, and in one cell."""
    return " ".join(text.split()).replace("|", "\\|")
