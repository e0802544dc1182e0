"""The interview plan: what to ask today so that most is recalled on the date, worked out anew from what stands now.

Nothing of a plan is kept but its date and minutes. Whatever happened meanwhile, a missed day too, is in the memory of
the cards, so today's choice always starts from there: the days left, the minutes, and what each card gains by being
asked today (`prices`). On the date itself nothing is new any more, and what is likeliest to be gone comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prep_app.memory.days import study_day
from prep_app.memory.fsrs6 import Floats, Fsrs6
from prep_app.memory.habits import Habits, usual_habits
from prep_app.memory.prices import LEAST_GAIN, Prices
from prep_app.memory.states import Cards
from prep_app.memory.store import Memory
from prep_app.memory.types import CardMemory, InterviewPlan, Learned
from prep_app.settings import Settings


@dataclass(frozen=True, slots=True)
class Study:
    """Where a plan starts: the cards as they are, how they fade, how the learner answers, and the seconds of each day.

    The first day is today, with what is left of its minutes; the last is the eve of the date, or the date if that is
    today.
    """

    model: Fsrs6
    habits: Habits
    cards: Cards
    seconds: Floats
    days_left: int

    def prices(self) -> Prices:
        return Prices(self.model, self.habits, self.cards, self.seconds)


def study_towards(
    plan: InterviewPlan, states: Sequence[CardMemory], memory: Memory, settings: Settings, at: int, repeats: int = 0
) -> Study:
    """Return where `plan` stands at `at` (UTC ms) for cards in these states; `repeats` more are waiting to be repeated.

    A day has its minutes, and today has what the answers given and the repeats have left of them.
    """
    hour = settings.rollover_hour
    today = study_day(at, hour)
    mean, recent = memory.seconds_per_card(), memory.recent_reviews()
    habits = usual_habits().measured(recent, mean)
    todays = [review for review in recent if not review.practice and study_day(review.at, hour, review.offset) == today]
    spent = sum(mean if review.seconds is None else review.seconds for review in todays)
    days_left = plan.days_left(today)
    seconds = np.full(max(1, days_left), 60.0 * plan.minutes)
    seconds[0] = max(0.0, seconds[0] - spent - repeats * habits.effort().passed)
    rows = [
        (state.stability, state.difficulty, min(0, study_day(state.last_ms, hour, state.offset) - today), False)
        if isinstance(state, Learned)
        else (1.0, 5.0, 0, True)
        for state in states
    ]
    stability, difficulty, last, new = np.array(rows, float).reshape(-1, 4).T
    cards = Cards(stability, difficulty, last.astype(np.intp), new.astype(np.bool_))
    return Study(Fsrs6(memory.parameters), habits, cards, seconds, days_left)


def todays_picks(study: Study) -> list[int]:
    """Return which cards to ask today, what gains most for its time first, until the seconds of today are full."""
    cards = study.cards
    if study.days_left > 0:
        prices = study.prices()
        index, seconds = prices.index(cards, 0, prices.waiting(cards))
    else:
        effort = study.habits.effort()
        lost = np.where(cards.new | (cards.last == 0), 0.0, 1 - study.model.recall(-cards.last, cards.stability))
        seconds = effort.passed + lost * (effort.failed - effort.passed)
        index = np.where(lost > LEAST_GAIN, lost / seconds, -np.inf)
    order = np.argsort(-index, kind="stable")
    order = order[np.isfinite(index[order])]
    before = np.cumsum(seconds[order]) - seconds[order]
    return [int(place) for place in order[before < study.seconds[0]]]
