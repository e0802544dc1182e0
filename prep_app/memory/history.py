"""What the journal tells of the past: predictions against outcomes, readiness day by day, the cards that give trouble.

Everything here is a fold over the reviews that stand, so that anyone can derive it again from the journal.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from prep_app.content.model import Card, CardId, Library
from prep_app.memory.days import day_start, study_day
from prep_app.memory.schedule import Parameters, next_memory, recall
from prep_app.memory.store import LEARNED, Memory
from prep_app.memory.types import CardMemory, Learned, New, Rating, ReviewRecord
from prep_app.settings import Settings

HARDEST = 10
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)  # of predicted recall; narrow where most reviews fall


@dataclass(frozen=True, slots=True)
class Outcome:
    """A review of a learned card, not on the same day as the one before: what FSRS predicted, and whether it held."""

    at: int
    card: CardId
    predicted: float
    recalled: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Reviews whose predicted recall lay in [low, high): the mean prediction, and the share that was recalled."""

    low: float
    high: float
    reviews: int
    predicted: float
    recalled: float


@dataclass(frozen=True, slots=True)
class Day:
    """One study day: its ordinal, its answers and the seconds they took, and readiness at its end (None: not asked)."""

    day: int
    reviews: int
    right: int
    seconds: float
    readiness: float | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A card that is forgotten again and again. `remedy` is what to try."""

    card: CardId
    lapses: int
    difficulty: float
    reviews: int
    leech: bool
    remedy: str


@dataclass(frozen=True, slots=True)
class Replay:
    """The past, folded: `outcomes` as they happened, `ends` with the state of every card at the end of each day."""

    outcomes: tuple[Outcome, ...]
    ends: Mapping[int, Mapping[CardId, Learned]]


def replay(
    reviews: Iterable[ReviewRecord], settings: Settings, parameters: Parameters, days: Sequence[int] = ()
) -> Replay:
    """Replay the reviews, given in the order they happened; keep the states at the end of the study days `days`.

    A raised revision starts a card anew, and practice changes nothing, as when they happened.
    """
    hour = settings.rollover_hour
    states: dict[CardId, CardMemory] = defaultdict(New)
    revisions: dict[CardId, int] = {}
    outcomes: list[Outcome] = []
    ends: dict[int, Mapping[CardId, Learned]] = {}
    waiting = sorted(days)

    def close(until: int) -> None:
        while waiting and waiting[0] < until:
            ends[waiting.pop(0)] = {card: state for card, state in states.items() if isinstance(state, Learned)}

    for review in reviews:
        today = study_day(review.at, hour)
        close(today)
        if review.practice or review.revision < revisions.get(review.card, 1):
            continue
        before = states[review.card]
        if review.revision > revisions.get(review.card, 1):
            before = New()
        revisions[review.card] = review.revision
        if isinstance(before, Learned) and not before.learning and study_day(before.last_ms, hour) < today:
            predicted = recall(before, review.at)
            outcomes.append(Outcome(review.at, review.card, predicted, review.rating is not Rating.AGAIN))
        states[review.card] = next_memory(before, review.rating, review.at, settings, parameters, review.offset)
    close(max(waiting, default=0) + 1)
    return Replay(tuple(outcomes), ends)


def calibration(outcomes: Sequence[Outcome]) -> tuple[Bin, ...]:
    """Group outcomes by predicted recall; bins that hold none are left out."""
    bins = []
    for low, high in pairwise(BINS):
        held = [one for one in outcomes if low <= one.predicted < high or (high == 1.0 and one.predicted == 1.0)]
        if held:
            predicted = sum(one.predicted for one in held) / len(held)
            recalled = sum(one.recalled for one in held) / len(held)
            bins.append(Bin(low, high, len(held), predicted, recalled))
    return tuple(bins)


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """RMSE(bins): the root mean square of predicted − recalled over bins, weighted by their reviews."""
    reviews = sum(one.reviews for one in bins)
    if not reviews:
        return None
    squared = sum(one.reviews * (one.predicted - one.recalled) ** 2 for one in bins)
    return float((squared / reviews) ** 0.5)


def by_day(
    reviews: Sequence[ReviewRecord], past: Replay, cards: Sequence[CardId], settings: Settings
) -> tuple[Day, ...]:
    """Every study day with an answer, and every day whose end was kept, in order."""
    hour = settings.rollover_hour
    answers: Counter[int] = Counter()
    right: Counter[int] = Counter()
    seconds: dict[int, float] = defaultdict(float)
    for review in reviews:
        day = study_day(review.at, hour)
        answers[day] += 1
        right[day] += review.rating is not Rating.AGAIN
        seconds[day] += review.seconds or 0.0
    return tuple(
        Day(day, answers[day], right[day], seconds[day], _readiness(past, day, cards, hour))
        for day in sorted({*answers, *past.ends})
    )


def _readiness(past: Replay, day: int, cards: Sequence[CardId], hour: int) -> float | None:
    """Mean predicted recall of today's cards as they stood at the end of `day`; a card not begun counts 0."""
    if day not in past.ends or not cards:
        return None
    end, states = day_start(day + 1, hour), past.ends[day]
    return sum(recall(states[card], end) for card in cards if card in states) / len(cards)


def trouble(library: Library, memory: Memory) -> tuple[Trouble, ...]:
    """The cards that lapse most, hardest first, each with something to try."""
    query = (
        f"SELECT d.id, d.revision FROM {LEARNED} WHERE f.lapses "
        f"ORDER BY f.lapses DESC, f.difficulty DESC, d.id LIMIT {HARDEST}"
    )
    found = []
    for name, revision in memory.beside(library, query):
        card, state = library.cards[name], memory.state(name, revision)
        if isinstance(state, Learned):
            remedy = _remedy(card, state.leech)
            found.append(Trouble(card.id, state.lapses, state.difficulty, state.reviews, state.leech, remedy))
    return tuple(found)


def _remedy(card: Card, leech: bool) -> str:
    if card.demo is not None:
        return f"run its demo, {card.demo.name}" + (", or suspend it (@)" if leech else "")
    return "split it or write it anew in your own words, or suspend it (@)" if leech else "read its full answer (f)"
