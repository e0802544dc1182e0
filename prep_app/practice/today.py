"""What stands where today: all that Home shows, from one call."""

from __future__ import annotations

from dataclasses import dataclass

from prep_app.content.model import Library
from prep_app.memory.queue import minutes_for, todays_queue
from prep_app.memory.statistics import QuestionMastery, statistics
from prep_app.memory.store import Memory
from prep_app.practice.session import FIRST_SESSION, unfinished
from prep_app.settings import Settings

BACKLOG = 30  # overdue cards from which a short session is offered first


@dataclass(frozen=True, slots=True)
class Today:
    """`score` is the share of today's answers that were not failed; `resumable` is (done, total) of a left session.

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
    resumable: tuple[int, int] | None
    next_due: int | None
    forecast: tuple[int, ...]
    claims: int
    proven: int


def today(library: Library, memory: Memory, settings: Settings, at: int) -> Today:
    cards = list(library.cards.values())
    queue = todays_queue(cards, memory, settings, at, plan=memory.plan())
    scores = statistics(library, memory, settings, at)
    first_time = memory.empty()
    start_count = min(FIRST_SESSION, len(queue.cards)) if first_time else len(queue.cards)
    claims = {(claim.demo, claim.check) for question in library.questions.values() for claim in question.claims}
    proofs = memory.proofs()
    held = unfinished(library, memory, settings, at)
    return Today(
        due=queue.due + queue.learning,
        new=queue.new,
        learned=scores.learned,
        questions=scores.questions,
        score=scores.score_today,
        streak_days=scores.streak_days,
        readiness=scores.readiness,
        first_time=first_time,
        start_count=start_count,
        minutes=minutes_for(start_count, memory),
        backlog=queue.overdue if queue.overdue > BACKLOG else 0,
        resumable=None if held is None else (held.done, held.total),
        next_due=queue.next_due,
        forecast=scores.forecast,
        claims=len(claims),
        proven=sum(proofs[claim].held for claim in claims if claim in proofs),
    )
