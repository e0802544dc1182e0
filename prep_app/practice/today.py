"""What stands where today: all that Home shows, from one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prep_app.content.model import Library
from prep_app.memory.days import study_day
from prep_app.memory.queue import minutes_for, todays_queue
from prep_app.memory.statistics import (
    FORECAST_DAYS,
    QuestionMastery,
    learned,
    load_ahead,
    masteries,
    readiness,
    streak,
)
from prep_app.memory.store import Memory
from prep_app.practice.session import FIRST_SESSION, unfinished
from prep_app.settings import Settings

BACKLOG = 30  # overdue cards from which a short session is offered first
CATCH_UP = 30  # cards a day with which a backlog is worked off
LONGEST_WAY_BACK = 60  # days


@dataclass(frozen=True, slots=True)
class Today:
    """`score` is the share of today's answers that were not failed; `resumable` is (done, total) of a left session.

    `backlog` counts cards overdue, where they are many; at CATCH_UP a day they are done in `catch_up` days.
    `forecast` is how many cards come due on each of the next days; `proven` of the packs' `claims` held here.
    """

    due: int
    new: int
    learned: int
    questions: tuple[QuestionMastery, ...]
    score: float | None
    streak_days: int
    readiness: float
    first_time: bool
    start_count: int
    minutes: float
    backlog: int
    catch_up: int
    resumable: tuple[int, int] | None
    next_due: int | None
    forecast: tuple[int, ...]
    claims: int
    proven: int


def today(library: Library, memory: Memory, settings: Settings, at: int) -> Today:
    day, hour = study_day(at, settings.rollover_hour), settings.rollover_hour
    queue = todays_queue(library, memory, settings, at, plan=memory.plan())
    questions = masteries(library, memory, settings, at)
    forecast = load_ahead(library, memory, day, hour, FORECAST_DAYS)
    days = memory.days()
    answers, passed = days.get(day, (0, 0))
    first_time = memory.empty()
    start_count = min(FIRST_SESSION, len(queue.cards)) if first_time else len(queue.cards)
    claims = {(claim.demo, claim.check) for question in library.questions.values() for claim in question.claims}
    proofs = memory.proofs()
    backlog = queue.overdue if queue.overdue > BACKLOG else 0
    held = unfinished(library, memory, settings, at)
    return Today(
        due=queue.due + queue.learning,
        new=queue.new,
        learned=learned(questions),
        questions=questions,
        score=passed / answers if answers else None,
        streak_days=streak(days, day),
        readiness=readiness(questions),
        first_time=first_time,
        start_count=start_count,
        minutes=minutes_for(start_count, memory),
        backlog=backlog,
        catch_up=days_to_catch_up(backlog, forecast),
        resumable=None if held is None else (held.done, held.total),
        next_due=queue.next_due,
        forecast=forecast,
        claims=len(claims),
        proven=sum(proofs[claim].held for claim in claims if claim in proofs),
    )


def days_to_catch_up(backlog: int, forecast: Sequence[int]) -> int:
    """How many days of CATCH_UP cards the backlog takes with what comes due meanwhile, at most LONGEST_WAY_BACK."""
    left, day = backlog, 0
    while left > 0 and day < LONGEST_WAY_BACK:
        left += (forecast[day - 1] if day <= len(forecast) else 0) if day else 0
        left -= CATCH_UP
        day += 1
    return day
