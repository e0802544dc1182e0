"""All that Stats shows and `prep stats --json` prints, from one call."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from prep_app.content.model import Library
from prep_app.memory.days import study_day
from prep_app.memory.history import Bin, Day, Trouble, by_day, calibration, calibration_error, replay, trouble
from prep_app.memory.parameters import worth_fitting
from prep_app.memory.statistics import Statistics, load_ahead, statistics
from prep_app.memory.store import ALL, Memory
from prep_app.settings import Settings

READINESS_DAYS = 60  # how far back readiness is worked out again
READINESS_POINTS = 30
LOAD_DAYS = 30


@dataclass(frozen=True, slots=True)
class TopicMastery:
    """A topic's mean predicted recall now; a card not begun counts 0."""

    question: str
    topic: str
    mastery: float
    cards: int
    new: int


@dataclass(frozen=True, slots=True)
class Scores:
    """`days` holds every day with an answer; `load` the cards that come due on each of the next days, tomorrow first.

    `calibration_error` is RMSE(bins) of FSRS's predictions against what was recalled; None before the first.
    """

    now: Statistics
    topics: tuple[TopicMastery, ...]
    days: tuple[Day, ...]
    calibration: tuple[Bin, ...]
    calibration_error: float | None
    trouble: tuple[Trouble, ...]
    load: tuple[int, ...]
    worth_fitting: bool  # `prep optimize` has enough new reviews to go on

    def as_json(self) -> dict[str, Any]:
        body = asdict(self)
        return {**body.pop("now"), **body}


def scores(library: Library, memory: Memory, settings: Settings, at: int) -> Scores:
    """Return every score as it stands at `at` (UTC ms). Replays the journal: call it in a thread."""
    reviews = [review for review in memory.reviews() if review.at <= at]
    today = study_day(at, settings.rollover_hour)
    first = study_day(reviews[0].at, settings.rollover_hour) if reviews else today
    begin = max(first, today - READINESS_DAYS)
    step = max(1, -(-(today - begin) // READINESS_POINTS))
    past = replay(reviews, settings, memory.parameters, list(range(today - 1, begin - 1, -step)))
    bins = calibration(past.outcomes)
    return Scores(
        now=statistics(library, memory, settings, at, reviews),
        topics=_topics(library, memory, at),
        days=by_day(reviews, past, list(library.cards), settings),
        calibration=bins,
        calibration_error=calibration_error(bins),
        trouble=trouble(library, memory),
        load=load_ahead(library, memory, today, settings.rollover_hour, LOAD_DAYS),
        worth_fitting=worth_fitting(memory),
    )


def _topics(library: Library, memory: Memory, at: int) -> tuple[TopicMastery, ...]:
    rows = memory.beside(
        library,
        "SELECT d.question, d.topic, total(recall(f.stability, f.last_ms, f.decay, ?)) / count(*), count(*), "
        f"count(*) - count(f.card) FROM {ALL} GROUP BY d.question, d.topic ORDER BY min(d.place)",
        (at,),
    )
    return tuple(TopicMastery(*row) for row in rows)
