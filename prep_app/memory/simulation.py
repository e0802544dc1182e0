"""A simulated learner, day by day to a date, under one policy or another: vectorised over runs and cards, seeded.

The learner forgets as FSRS-6 says: a card is recalled with exactly the probability of its state. Ratings, what follows
a failure on the same day, and the seconds that each answer takes are drawn from `Habits`, which are fsrs-rs's simulator
defaults (`first_rating_prob`, `review_rating_prob`, `learning_step_transitions`, `relearning_step_transitions`,
`state_rating_costs`) unless given. The steps are this app's: a card comes back on the same day until it is good or
easy; a review only after again. Cards are asked in the policy's order until the day's seconds have run out, so a day is
overrun by one card at most. On a given day of a given run a card has the same luck under every policy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from prep_app.memory.fsrs6 import Floats, Fsrs6
from prep_app.memory.habits import Habits
from prep_app.memory.prices import Prices
from prep_app.memory.states import Cards, Ints, first_states, next_states

MOST_REPEATS = 5  # on one day, as in fsrs-rs

# Given the cards and the day, how early each is asked: higher is earlier, −∞ never.
Policy = Callable[[Cards, int], Floats]


@dataclass(frozen=True, slots=True)
class Course:
    """What came of it: recall of each card on the date (runs × cards), and cards asked by day, means over the runs."""

    recall: Floats
    reviews: Floats
    new: Floats
    seconds: Floats

    @property
    def expected(self) -> float:
        return float(self.recall.mean()) if self.recall.size else 0.0

    def spread(self, count: int) -> float:
        """Standard deviation of the share of `count` such cards that is recalled on the date.

        It is made of the chance of each recall (a Poisson-binomial sum) and of how study goes until then.
        """
        if not self.recall.size:
            return 0.0
        chance = (self.recall * (1 - self.recall)).mean() / count
        return float(np.sqrt(chance + self.recall.mean(axis=1).var()))


def all_new(count: int) -> Cards:
    return Cards(np.ones(count), np.full(count, 5.0), np.zeros(count, np.intp), np.ones(count, np.bool_))


def simulate(
    model: Fsrs6, habits: Habits, cards: Cards, policy: Policy, seconds: Floats, *, runs: int, seed: int
) -> Course:
    """Study `cards` (a row of them) for `seconds[day]` on each day; the date is the day after the last."""
    days, count = len(seconds), len(cards.new)
    held = cards.taken(np.tile(np.arange(count), (runs, 1)))
    asked, begun, used = np.zeros((3, days))
    for day in range(days):
        priority = policy(held, day)
        wanted = np.isfinite(priority)
        width = min(int(wanted.sum(axis=1).max()), count)
        if not width:
            continue
        order = np.argsort(-priority, axis=1, kind="stable")[:, :width]
        row = np.arange(runs)[:, None]
        luck = np.random.default_rng((seed, day)).random((2 + MOST_REPEATS, runs, count))[:, row, order]
        before = Cards(
            held.stability[row, order], held.difficulty[row, order], held.last[row, order], held.new[row, order]
        )
        stability, difficulty, cost = _answered(model, habits, before, day, luck)
        spent = np.cumsum(cost, axis=1)
        done = wanted[row, order] & (spent - cost < seconds[day])
        where = np.nonzero(done)
        target = where[0], order[where]
        begun[day] = (done & before.new).sum() / runs
        asked[day] = done.sum() / runs
        used[day] = (cost * done).sum() / runs
        held.stability[target], held.difficulty[target] = stability[where], difficulty[where]
        held.last[target], held.new[target] = day, False
    recall = np.where(held.new, 0.0, model.recall(days - held.last, held.stability))
    return Course(recall, asked - begun, begun, used)


def _answered(model: Fsrs6, habits: Habits, cards: Cards, day: int, luck: Floats) -> tuple[Floats, Floats, Floats]:
    """Return S, D and the seconds taken after one day's answers, same-day repeats counted in."""
    recall = model.recall(np.maximum(0, day - cards.last), cards.stability)
    recalled = luck[0] < recall
    rating = np.where(recalled, 2 + _drawn(habits.review, luck[1]), 1)
    rating = np.where(cards.new, 1 + _drawn(habits.first, luck[0]), rating)
    stability, difficulty = model.first(rating)
    later = np.where(
        rating == 1,
        model.failed(cards.stability, cards.difficulty, recall),
        model.passed(cards.stability, cards.difficulty, recall, rating),
    )
    stability = np.where(cards.new, stability, later)
    difficulty = np.where(cards.new, difficulty, model.difficulty(cards.difficulty, rating))
    times = np.array(habits.seconds)
    cost = times[np.where(cards.new, 0, 1), rating - 1]
    if not habits.repeats:
        return stability, difficulty, cost
    follows = np.cumsum([habits.learning, habits.relearning], axis=-1)[np.where(cards.new, 0, 1)]
    open_ = (rating == 1) | (cards.new & (rating == 2))
    for draw in luck[2:]:
        if not open_.any():
            break
        chances = np.take_along_axis(follows, np.minimum(rating - 1, 2)[..., None, None], axis=-2)[..., 0, :3]
        rating = np.where(open_, 1 + (draw[..., None] >= chances).sum(-1), rating)
        stability = np.where(open_, model.same_day(stability, rating), stability)
        difficulty = np.where(open_, model.difficulty(difficulty, rating), difficulty)
        cost = cost + np.where(open_, times[2][rating - 1], 0)
        open_ &= rating <= 2
    return stability, difficulty, cost


def _drawn(shares: tuple[float, ...], luck: Floats) -> Ints:
    return np.searchsorted(np.cumsum(shares[:-1]), luck, side="right")


# Policies


def planned(prices: Prices, cards: Cards) -> Policy:
    """Ask by the plan's index, at the prices of the first day throughout."""
    waiting = prices.waiting(cards)
    return lambda held, day: prices.index(held, day, waiting)[0]


def plain(model: Fsrs6, retention: float, new_per_day: int | None = None) -> Policy:
    """FSRS as it is: what is due, the likeliest to be forgotten first, then new cards."""

    def priority(held: Cards, day: int) -> Floats:
        interval = np.maximum(1, np.round(model.interval(held.stability, retention)))
        due = ~held.new & (held.last + interval <= day)
        place = np.cumsum(held.new, axis=1)
        allowed = held.new if new_per_day is None else held.new & (place <= new_per_day)
        order = np.where(due, 2 - model.recall(np.maximum(0, day - held.last), held.stability), -np.inf)
        return np.where(allowed, -place.astype(float), order)

    return priority


def greedy(model: Fsrs6, habits: Habits, days: int) -> Policy:
    """Ask what raises expected recall on the date most for each second, today's answer being the last."""
    effort, first = habits.effort(), first_states(model, habits)

    def priority(held: Cards, day: int) -> Floats:
        states = next_states(model, habits, held.stability, held.difficulty, np.maximum(0, day - held.last))
        after = (states[0] * model.recall(days - day, states[1])).sum(axis=0)
        gain = after - model.recall(days - held.last, held.stability)
        rate = gain / (effort.passed + states[0, 0] * (effort.failed - effort.passed))
        fresh = float(first[0] @ model.recall(days - day, first[1])) / effort.new
        rate = np.where(held.new, fresh, rate)
        return np.where(rate > 0, rate, -np.inf)

    return priority


def crammed(model: Fsrs6, start: int) -> Policy:
    """Do nothing before day `start`; then everything once, and the weakest again."""

    def priority(held: Cards, day: int) -> Floats:
        again = np.where(held.last < day, -model.recall(np.maximum(0, day - held.last), held.stability), -np.inf)
        order = np.where(held.new, 1.0, again)
        return order if day >= start else np.full_like(order, -np.inf)

    return priority
