"""When a card comes back: FSRS-6 by fsrs-rs, in calendar days, with short steps for what did not stick.

FSRS-6: https://github.com/open-spaced-repetition/awesome-fsrs/wiki/The-Algorithm . The engine is the one in Anki.
"""

from __future__ import annotations

from functools import lru_cache

from fsrs_rs_python import DEFAULT_PARAMETERS, FSRS, MemoryState

from prep_app.memory.days import day_start, study_day
from prep_app.memory.types import CardMemory, Learned, New, Preview, Rating
from prep_app.settings import Settings

MINUTE = 60_000
AGAIN_STEP = 1 * MINUTE  # failed: back within the session
HARD_STEP = 6 * MINUTE  # hard while still being learned: a little later


@lru_cache(maxsize=4)
def _engine(parameters: tuple[float, ...]) -> FSRS:
    return FSRS(list(parameters))


def next_memory(memory: CardMemory, rating: Rating, at: int, settings: Settings) -> Learned:
    """Return what `rating` given at `at` makes of a card."""
    today = study_day(at, settings.rollover_hour)
    if isinstance(memory, New):
        before, elapsed = None, 0
    else:
        before = MemoryState(memory.stability, memory.difficulty)
        # A clock that was set back must not produce a negative interval.
        elapsed = max(0, today - study_day(memory.last_ms, settings.rollover_hour))
    states = _engine(tuple(DEFAULT_PARAMETERS)).next_states(before, settings.desired_retention, elapsed)
    state = (states.again, states.hard, states.good, states.easy)[rating - 1]

    was_learning = isinstance(memory, New) or memory.learning
    learning = rating is Rating.AGAIN or (rating is Rating.HARD and was_learning)
    if learning:
        due = at + (AGAIN_STEP if rating is Rating.AGAIN else HARD_STEP)
    else:
        due = day_start(today + max(1, round(state.interval)), settings.rollover_hour)
    reviews, lapses = (0, 0) if isinstance(memory, New) else (memory.reviews, memory.lapses)
    lapsed = rating is Rating.AGAIN and not was_learning
    return Learned(
        stability=state.memory.stability,
        difficulty=state.memory.difficulty,
        last_ms=at,
        due_ms=due,
        interval_days=state.interval,
        learning=learning,
        reviews=reviews + 1,
        lapses=lapses + lapsed,
    )


def preview(memory: CardMemory, at: int, settings: Settings) -> dict[Rating, Preview]:
    """Return what each rating would do, for the labels of the grade keys."""
    outcomes = {rating: next_memory(memory, rating, at, settings) for rating in Rating}
    return {rating: Preview(after.interval_days, after.due_ms, after.learning) for rating, after in outcomes.items()}


def recall(memory: CardMemory, at: int) -> float:
    """Predicted probability of recall at `at`; a new card's is 0.

    FSRS-6's power forgetting curve: R(t) = (1 + f·t/S)^(−w₂₀) with f = 0.9^(−1/w₂₀) − 1, t and S in days.
    """
    if isinstance(memory, New):
        return 0.0
    decay = DEFAULT_PARAMETERS[20]
    factor = 0.9 ** (-1 / decay) - 1
    days = max(0, at - memory.last_ms) / 86_400_000
    return float((1 + factor * days / memory.stability) ** -decay)
