"""When a card comes back: FSRS-6 by fsrs-rs, in calendar days, with short steps for what did not stick.

FSRS-6: https://github.com/open-spaced-repetition/awesome-fsrs/wiki/The-Algorithm . The engine is the one in Anki.
"""

from __future__ import annotations

from functools import lru_cache

from fsrs_rs_python import DEFAULT_PARAMETERS, FSRS, ItemState, MemoryState

from prep_app.memory.days import DAY, MINUTE, day_start, study_day
from prep_app.memory.types import CardMemory, Learned, New, Preview, Rating
from prep_app.settings import Settings

Parameters = tuple[float, ...]  # FSRS-6's weights w₀ … w₂₀
PARAMETERS: Parameters = tuple(DEFAULT_PARAMETERS)  # what fits most people, until a person's own are known

AGAIN_STEP = 1 * MINUTE  # failed: back within the session
HARD_STEP = 6 * MINUTE  # hard while still being learned: a little later
LATEST_DAY = 3_652_059 - 366  # datetime ends with the year 9999


@lru_cache(maxsize=4)
def engine(parameters: Parameters) -> FSRS:
    """Return fsrs-rs with these parameters. Raises ValueError where they are none."""
    return FSRS(list(parameters))


def next_memory(
    memory: CardMemory,
    rating: Rating,
    at: int,
    settings: Settings,
    parameters: Parameters = PARAMETERS,
    offset: int | None = None,
) -> Learned:
    """Return what `rating` given at `at` (UTC ms, clocks there `offset` minutes ahead of UTC) makes of a card.

    Days are counted as they were lived: by the clocks where each of the two answers was given.
    """
    today, states = _next_states(memory, at, settings, parameters, offset)
    state, learning = states[rating - 1], stays_in_learning(rating, _in_learning(memory))
    reviews, lapses = (0, 0) if isinstance(memory, New) else (memory.reviews, memory.lapses)
    lapsed = rating is Rating.AGAIN and not _in_learning(memory)
    return Learned(
        stability=state.memory.stability,
        difficulty=state.memory.difficulty,
        last_ms=at,
        due_ms=_due(rating, learning, at, today, state.interval, settings),
        interval_days=state.interval,
        learning=learning,
        reviews=reviews + 1,
        lapses=lapses + lapsed,
        decay=parameters[20],
        offset=offset,
    )


def preview(memory: CardMemory, at: int, settings: Settings, parameters: Parameters) -> dict[Rating, Preview]:
    """Return what each rating would do, for the labels of the grade keys."""
    today, states = _next_states(memory, at, settings, parameters, None)
    outcomes = {}
    for rating, state in zip(Rating, states, strict=True):
        learning = stays_in_learning(rating, _in_learning(memory))
        due = _due(rating, learning, at, today, state.interval, settings)
        outcomes[rating] = Preview(state.interval, due, learning)
    return outcomes


def _next_states(
    memory: CardMemory, at: int, settings: Settings, parameters: Parameters, offset: int | None
) -> tuple[int, tuple[ItemState, ...]]:
    """Return the study day of `at`, and what FSRS makes of the card with each rating."""
    hour = settings.rollover_hour
    today = study_day(at, hour, offset)
    if isinstance(memory, New):
        before, elapsed = None, 0
    else:
        before = MemoryState(memory.stability, memory.difficulty)
        # A clock that was set back, or a flight to the west, must not produce a negative interval.
        elapsed = max(0, today - study_day(memory.last_ms, hour, memory.offset))
    states = engine(parameters).next_states(before, settings.desired_retention, elapsed)
    return today, (states.again, states.hard, states.good, states.easy)


def _in_learning(memory: CardMemory) -> bool:
    return isinstance(memory, New) or memory.learning


def _due(rating: Rating, learning: bool, at: int, today: int, interval: float, settings: Settings) -> int:
    return step_due(rating, at) if learning else day_start(due_day(today, interval), settings.rollover_hour)


def stays_in_learning(rating: Rating, was_learning: bool) -> bool:
    return rating is Rating.AGAIN or (rating is Rating.HARD and was_learning)


def step_due(rating: Rating, at: int) -> int:
    """When a card that did not stick is asked again, in UTC ms."""
    return at + (AGAIN_STEP if rating is Rating.AGAIN else HARD_STEP)


def due_day(today: int, interval: float) -> int:
    """The study day on which a card comes back that was answered on study day `today`."""
    return min(LATEST_DAY, today + max(1, round(interval)))


def recall(memory: CardMemory, at: int) -> float:
    """Predicted probability of recall at `at`, by the card's own forgetting curve; a new card's is 0."""
    return 0.0 if isinstance(memory, New) else recall_at(memory.stability, memory.last_ms, memory.decay, at)


def recall_at(stability: float, last_ms: int, decay: float, at: int) -> float:
    """`recall` of a learned card.

    FSRS-6's power law: R(t) = (1 + f·t/S)^(−w₂₀) with f = 0.9^(−1/w₂₀) − 1, t and S in days.
    """
    factor = 0.9 ** (-1 / decay) - 1
    days = max(0, at - last_ms) / DAY
    return float((1 + factor * days / stability) ** -decay)
