"""Scores, each derived from the journal alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from prep_app.content.model import Library
from prep_app.memory.days import day_start, study_day
from prep_app.memory.store import ALL, LEARNED, Memory
from prep_app.memory.types import Rating, ReviewRecord
from prep_app.settings import Settings

FORECAST_DAYS = 7
MATURE_DAYS = 21  # as in Anki: an interval this long counts as known


@dataclass(frozen=True, slots=True)
class QuestionMastery:
    """One question: `mastery` is the mean predicted recall of its cards now, a new card counting 0."""

    question: str
    title: str
    mastery: float
    cards: int
    new: int
    learning: int
    due: int
    known: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """`retention` is the share of reviews of learned cards that were not failed; None before the first.

    `forecast` is the number of learned cards that come due on each of the next seven days, tomorrow first.
    """

    reviews_total: int
    reviews_today: int
    streak_days: int
    retention: float | None
    score_today: float | None
    readiness: float
    seconds_total: float
    cards: int
    learned: int
    forecast: tuple[int, ...]
    questions: tuple[QuestionMastery, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def statistics(
    library: Library, memory: Memory, settings: Settings, at: int, reviews: Sequence[ReviewRecord]
) -> Statistics:
    """Return every score as it stands at `at` (UTC ms); `reviews` are those that stand until then."""
    hour = settings.rollover_hour
    today = study_day(at, hour)
    todays = [review for review in reviews if study_day(review.at, hour) == today]
    questions = masteries(library, memory, settings, at)
    return Statistics(
        reviews_total=len(reviews),
        reviews_today=len(todays),
        streak_days=streak({study_day(review.at, hour) for review in reviews}, today),
        retention=_share_right([r for r in reviews if not (r.was_new or r.was_learning or r.practice)]),
        score_today=_share_right(todays),
        readiness=readiness(questions),
        seconds_total=sum(review.seconds or 0.0 for review in reviews),
        cards=len(library.cards),
        learned=learned(questions),
        forecast=load_ahead(library, memory, today, hour, FORECAST_DAYS),
        questions=questions,
    )


def masteries(library: Library, memory: Memory, settings: Settings, at: int) -> tuple[QuestionMastery, ...]:
    """How each question stands, in the order of the packs."""
    hour = settings.rollover_hour
    values = {"at": at, "tomorrow": day_start(study_day(at, hour) + 1, hour), "mature": MATURE_DAYS}
    rows = memory.beside(
        library,
        "SELECT d.question, total(recall(f.stability, f.last_ms, f.decay, :at)) / count(*), count(*), "
        "count(*) - count(f.card), total(f.learning), total(NOT f.learning AND f.due_ms < :tomorrow), "
        f"total(f.interval_days >= :mature) FROM {ALL} GROUP BY d.question",
        values,
    )
    found = {row[0]: row[1:] for row in rows}
    nothing = (0.0, 0, 0, 0, 0, 0)
    return tuple(
        QuestionMastery(question.id, question.title, mastery, *map(int, counts))
        for question in library.questions.values()
        for mastery, *counts in [found.get(question.id, nothing)]
    )


def readiness(questions: Sequence[QuestionMastery]) -> float:
    """Mean predicted recall of all cards."""
    cards = sum(question.cards for question in questions)
    return sum(question.mastery * question.cards for question in questions) / cards if cards else 0.0


def learned(questions: Sequence[QuestionMastery]) -> int:
    return sum(question.cards - question.new for question in questions)


def streak(days: Collection[int], today: int) -> int:
    """Days in a row with an answer, up to today; today still open does not break it."""
    day = today if today in days else today - 1
    length = 0
    while day in days:
        length += 1
        day -= 1
    return length


def load_ahead(library: Library, memory: Memory, today: int, hour: int, days: int) -> tuple[int, ...]:
    """How many learned cards come due on each of the next `days` study days, tomorrow first."""
    starts = [day_start(today + ahead, hour) for ahead in range(1, days + 2)]
    query = f"SELECT f.due_ms, count(*) FROM {LEARNED} WHERE f.due_ms >= ? AND f.due_ms < ? GROUP BY f.due_ms"
    ahead: Counter[int] = Counter()
    for due, cards in memory.beside(library, query, (starts[0], starts[-1])):
        ahead[study_day(due, hour) - today] += cards
    return tuple(ahead[day] for day in range(1, days + 1))


def _share_right(reviews: Sequence[ReviewRecord]) -> float | None:
    if not reviews:
        return None
    return sum(review.rating is not Rating.AGAIN for review in reviews) / len(reviews)
