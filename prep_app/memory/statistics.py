"""Scores, each derived from the journal alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from prep_app.content.model import Card, Library, Question
from prep_app.memory.days import day_start, study_day
from prep_app.memory.schedule import recall
from prep_app.memory.store import Memory
from prep_app.memory.types import Learned, New, Rating, ReviewRecord
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
    cards = list(library.cards.values())
    questions = tuple(_mastery(question, memory, settings, at) for question in library.questions.values())
    return Statistics(
        reviews_total=len(reviews),
        reviews_today=len(todays),
        streak_days=streak({study_day(review.at, hour) for review in reviews}, today),
        retention=_share_right([r for r in reviews if not (r.was_new or r.was_learning or r.practice)]),
        score_today=_share_right(todays),
        readiness=_mean_recall(cards, memory, at),
        seconds_total=sum(review.seconds or 0.0 for review in reviews),
        cards=len(cards),
        learned=sum(not isinstance(memory.state(card.id, card.revision), New) for card in cards),
        forecast=load_ahead(cards, memory, today, hour, FORECAST_DAYS),
        questions=questions,
    )


def streak(days: set[int], today: int) -> int:
    """Days in a row with an answer, up to today; today still open does not break it."""
    day = today if today in days else today - 1
    length = 0
    while day in days:
        length += 1
        day -= 1
    return length


def load_ahead(cards: Sequence[Card], memory: Memory, today: int, hour: int, days: int) -> tuple[int, ...]:
    """How many learned cards come due on each of the next `days` study days, tomorrow first."""
    ahead = Counter(
        study_day(state.due_ms, hour) - today
        for card in cards
        if isinstance(state := memory.state(card.id, card.revision), Learned)
    )
    return tuple(ahead[day] for day in range(1, days + 1))


def _mastery(question: Question, memory: Memory, settings: Settings, at: int) -> QuestionMastery:
    states = [memory.state(card.id, card.revision) for card in question.cards]
    learned = [state for state in states if isinstance(state, Learned)]
    tomorrow = day_start(study_day(at, settings.rollover_hour) + 1, settings.rollover_hour)
    return QuestionMastery(
        question=question.id,
        title=question.title,
        mastery=_mean_recall(question.cards, memory, at),
        cards=len(states),
        new=len(states) - len(learned),
        learning=sum(state.learning for state in learned),
        due=sum(not state.learning and state.due_ms < tomorrow for state in learned),
        known=sum(state.interval_days >= MATURE_DAYS for state in learned),
    )


def _mean_recall(cards: Sequence[Card], memory: Memory, at: int) -> float:
    if not cards:
        return 0.0
    return sum(recall(memory.state(card.id, card.revision), at) for card in cards) / len(cards)


def _share_right(reviews: Sequence[ReviewRecord]) -> float | None:
    if not reviews:
        return None
    return sum(review.rating is not Rating.AGAIN for review in reviews) / len(reviews)
