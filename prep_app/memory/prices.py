"""What a second of study is worth on each day before an interview, and so what a card gains by being asked today.

Which cards to ask on which day, so that the expected number recalled on the date is greatest and no day takes longer
than its minutes, is one large problem only because the cards share the minutes. A price on each day's seconds takes it
apart (a Lagrangian relaxation): for given prices each card's best schedule is a small dynamic programme of its own,
over its FSRS-6 state, and the prices are right when the cards together want no more than the minutes. A card's index
today is then what it gains by being asked now over its best later schedule, for each second it costs. Asking by this
index is asymptotically optimal as the cards grow in number (Brown and Smith 2020, Index policies and performance
bounds for dynamic selection problems), and the relaxation bounds from above what any plan can reach.

Days count from today, 0; the interview is on day `days`, and answers are given on the days before it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from prep_app.memory.fsrs6 import Floats, Fsrs6
from prep_app.memory.habits import Habits
from prep_app.memory.states import DIFFICULTIES, STABILITIES, STATES, Cards, Ints, first_states, next_states, on_grid

SAMPLE = 128  # learned cards that stand for all while prices are sought
ROUNDS_TOGETHER, ROUNDS_APART = 6, 8
CHEAPEST = 0.002  # recall of one card for the seconds of a passed review: where minutes abound, time still has a price
HEAT = 0.1  # how much choices are softened, of what a passed review costs; at least 0.001 of recall
LEAST_GAIN = 0.005  # recall of one card on the date: where an answer adds less, the card will hold
RESERVE = 0.95  # of the seconds: luck has its share
NEVER = -9.0  # worse than anything


class Prices:
    """Prices of a second, and what every state is worth at them.

    They run straight, on logarithmic scales, between knots 1, 2, 4, 8, … days before the date. First one number is
    sought for all of them, times a shape (the last days are the dearest: what is reviewed then has least time to fade),
    by halving; then each knot goes up where the cards want more seconds than there are around it, and down where fewer.
    """

    def __init__(self, model: Fsrs6, habits: Habits, cards: Cards, seconds: Floats) -> None:
        """Find the prices for a row of cards and the `seconds` of each day, from today to the eve of the date."""
        self.days = len(seconds)
        self._model, self._habits, self._effort = model, habits, habits.effort()
        self._gaps, self._waits = _spread(1, self.days), _spread(0, self.days)  # days considered until the next answer
        stability, difficulty = np.repeat(STABILITIES, len(DIFFICULTIES)), np.tile(DIFFICULTIES, len(STABILITIES))
        states = next_states(model, habits, stability, difficulty, self._gaps[:, None])
        self._moves = _moves(states).astype(np.float32)
        self._cost = self._seconds(states)
        self._hold = model.recall(self.days - np.arange(self.days)[:, None], stability)
        self._first = first_states(model, habits)
        self._first_on = on_grid(self._first[1], self._first[2])
        learned = np.flatnonzero(~cards.new)
        learned = learned[np.argsort(cards.stability[learned], kind="stable")]
        chosen = learned[np.linspace(0, len(learned) - 1, min(len(learned), SAMPLE)).astype(np.intp)]
        self._seek(cards.taken(chosen), len(learned) / max(1, len(chosen)), int(cards.new.sum()), seconds)

    def _seek(self, sample: Cards, weight: float, new: int, seconds: Floats) -> None:
        knots, reach = _knots(self.days)
        supply = np.maximum(RESERVE * seconds, 1)
        cheapest = np.log(CHEAPEST / self._effort.passed)
        shape = np.log(np.maximum(1, 4 / np.sqrt(knots)))
        low, high = cheapest, cheapest + np.log(200)
        for _ in range(ROUNDS_TOGETHER):
            middle = (low + high) / 2
            self._set(np.exp(reach @ (shape + middle)))
            scarce = self._demand(sample, weight, new).sum() > supply.sum()
            low, high = (middle, high) if scarce else (low, middle)
        price = shape + (low + high) / 2
        settled = []
        for turn in range(ROUNDS_APART):
            self._set(np.exp(np.maximum(cheapest, reach @ price)))
            wanted = (reach.T @ self._demand(sample, weight, new) + 1e-9) / (reach.T @ supply)
            price = np.maximum(cheapest, price + 0.3 / (1 + turn / 8) * np.clip(np.log(wanted), -1, 1))
            settled.append(price)
        self._set(np.exp(reach @ np.mean(settled[ROUNDS_APART // 2 :], axis=0)))
        net = self._gross - _ahead(self.price, self._gaps)[..., None] * self._cost
        self._later = _best_from_here(np.concatenate([net, self._hold[:, None]], axis=1).swapaxes(0, 1)).swapaxes(0, 1)
        self._fresh_later = _best_from_here(np.append(self._fresh - self.price * self._effort.new, 0.0))

    def _seconds(self, states: Floats) -> Floats:
        """Expected seconds of the reviews that lead to `states`."""
        cost: Floats = self._effort.passed + states[0, 0] * (self._effort.failed - self._effort.passed)
        return cost

    # Backwards through the days: what each state is worth

    def _set(self, price: Floats, heat: float = HEAT) -> None:
        """Work out, backwards through the days, what each state is worth at these prices.

        `_worth[t, s]` is for a card answered on day t into state s: expected recall on the date less the price of what
        it still takes. `_gross[t, g, s]` is the same if it is answered next after the gap g, before the price of that
        answer. The best choice is softened a little, so that demand moves smoothly with the prices.
        """
        days, gaps = self.days, self._gaps
        self.price = price
        self._heat = max(heat / 100, heat * float(np.median(price)) * self._effort.passed)
        self._gross = np.full((days, len(gaps), STATES), NEVER)
        self._worth = np.empty((days, STATES))
        self._share = np.zeros((days, len(gaps), STATES))
        flat = self._moves.reshape(-1, STATES)
        for day in range(days - 1, -1, -1):
            ahead = np.searchsorted(gaps, days - day)
            net = np.empty((ahead + 1, STATES))
            net[:ahead] = self._gross[day, :ahead] - price[day + gaps[:ahead], None] * self._cost[:ahead]
            net[ahead] = self._hold[day]
            self._worth[day], share = _softest(net, self._heat)
            self._share[day, :ahead] = share[:ahead]
            back = np.searchsorted(gaps, day, side="right")
            values = flat[: back * STATES] @ self._worth[day].astype(np.float32)
            self._gross[day - gaps[:back], np.arange(back)] = values.reshape(back, STATES)
        states, weights = self._first_on
        self._fresh = (self._worth[:, states] * weights).sum(-1) @ self._first[0]

    # Forwards: what the cards then want

    def _demand(self, sample: Cards, weight: float, new: int) -> Floats:
        """Expected seconds of each day if every card keeps to its best schedule."""
        days, gaps, waits = self.days, self._gaps, self._waits
        value, states = self._after(sample, waits[:, None])
        cost = self._seconds(states)
        net = np.concatenate([value - self.price[waits, None] * cost, self._held(sample)[None]])
        share = weight * _softest(net, self._heat)[1][:-1]
        seconds = _totals(waits, (share * cost).sum(axis=1), days)
        corner, part = on_grid(states[1], states[2])
        places, moved = waits[:, None, None] * STATES + corner, (share * states[0])[..., None] * part
        flow = _totals(places, moved, days * STATES).reshape(
            days, STATES
        )  # cards by day of an answer and state after it
        begun = new * _softest(np.append(self._fresh - self.price * self._effort.new, 0.0), self._heat)[1][:-1]
        seconds += begun * self._effort.new
        for chance, corner, part in zip(self._first[0], *self._first_on, strict=True):
            flow[:, corner] += chance * begun[:, None] * part
        flat = self._moves.reshape(-1, STATES)
        for day in range(days):
            back = np.searchsorted(gaps, day, side="right")
            asked = self._share[day - gaps[:back], np.arange(back)] * flow[day - gaps[:back]]
            seconds[day] += (asked * self._cost[:back]).sum()
            flow[day] += asked.reshape(-1).astype(np.float32) @ flat[: back * STATES]
        return seconds

    def _after(self, cards: Cards, days: ArrayLike) -> tuple[Floats, Floats]:
        """Return what cards are worth once answered on `days`, and the states that lead there."""
        days = np.asarray(days)
        states = next_states(
            self._model, self._habits, cards.stability, cards.difficulty, np.maximum(1, days - cards.last)
        )
        corner, part = on_grid(states[1], states[2])
        value = (states[0] * (self._worth[days[..., None], corner] * part).sum(-1)).sum(0)
        return np.where(days > cards.last, value, NEVER), states  # not twice on a day

    # What to ask

    def waiting(self, cards: Cards) -> Floats:
        """Return what learned cards are worth if not answered before day `_waits[k]`: k × the cards; last, if never."""
        value, states = self._after(cards, self._waits[:, None])
        net = value - self.price[self._waits, None] * self._seconds(states)
        return _best_from_here(np.concatenate([net, self._held(cards)[None]]))

    def index(self, cards: Cards, day: int, waiting: Floats) -> tuple[Floats, Floats]:
        """Return what each card gains by an answer on `day` for each second that it costs, and those seconds.

        The gain is over the card's best later schedule, in recall on the date; −∞ where there is none, or the card will
        hold anyway. `waiting` is for those cards (along the last axis) whose last answer was before today.
        """
        value, states = self._after(cards, day)  # of a new card it means nothing
        corner, part = on_grid(cards.stability, cards.difficulty)
        then = np.searchsorted(self._gaps, day - cards.last, side="right")
        later = (self._later[np.maximum(cards.last, 0)[..., None], then[..., None], corner] * part).sum(-1)
        later = np.where(cards.last < 0, waiting[np.searchsorted(self._waits, day, side="right")], later)
        gain = np.where(cards.new, self._fresh[day] - self._fresh_later[day + 1], value - later)
        seconds = np.where(cards.new, self._effort.new, self._seconds(states))
        worthwhile = (gain > 0) & (cards.new | (value - self._held(cards) > LEAST_GAIN))
        return np.where(worthwhile, gain / seconds, -np.inf), seconds

    def ceiling(self, cards: Cards, seconds: Floats) -> float:
        """Return a share recalled on the date that no policy exceeds, those that know how each answer will fall apart.

        It is the Lagrangian bound: what the cards are worth if they buy their time, and what the time costs. (Up to the
        grid, and to the one card by which each day may be overrun.)
        """
        self._set(self.price, heat=1e-6)
        begun = max(0.0, (self._fresh - self.price * self._effort.new).max()) * cards.new.sum()
        learned = self.waiting(cards.taken(np.flatnonzero(~cards.new)))[0].sum()
        self._set(self.price)
        return float(begun + learned + self.price @ seconds) / len(cards.new)

    def _held(self, cards: Cards) -> Floats:
        """Recall on the date of cards that are not answered again."""
        return self._model.recall(self.days - cards.last, cards.stability)


def _softest(net: Floats, heat: float) -> tuple[Floats, Floats]:
    """Return the softened maximum over the first axis, and how much each choice has of it."""
    top: Floats = net.max(axis=0)
    power: Floats = np.exp((net - top) / heat)
    total: Floats = power.sum(axis=0)
    best: Floats = top + heat * np.log(total)
    share: Floats = power / total
    return best, share


def _knots(days: int) -> tuple[Floats, Floats]:
    """Return the knots, in days before the date, and how much each day has of each: days × knots, rows summing to 1."""
    place = np.log2(days - np.arange(days))
    number = np.arange(int(np.ceil(place[0])) + 1)
    reach: Floats = np.maximum(0.0, 1 - np.abs(place[:, None] - number))
    return np.exp2(number), reach


def _best_from_here(net: Floats) -> Floats:
    """Maximum over the rest of the first axis, from each place on."""
    best: Floats = np.maximum.accumulate(net[::-1])[::-1]
    return best


def _ahead(price: Floats, gaps: Ints) -> Floats:
    """Return the price after each gap from each day: days × gaps; beyond the last day nothing can be bought."""
    then = np.arange(len(price))[:, None] + gaps
    return np.where(then < len(price), price[np.minimum(then, len(price) - 1)], -NEVER)


def _moves(states: Floats) -> Floats:
    """Return the chances of going from each grid state to each other after each gap: gaps × states × states."""
    corner, part = on_grid(states[1], states[2])
    gaps = corner.shape[1]
    start = (np.arange(gaps)[:, None] * STATES + np.arange(STATES))[..., None] * STATES
    chance = states[0][..., None] * part
    return _totals(start + corner, chance, gaps * STATES**2).reshape(gaps, STATES, STATES)


def _totals(places: Ints, amounts: Floats, count: int) -> Floats:
    """Return the sum of the amounts at each of `count` places."""
    return np.bincount(places.ravel(), amounts.ravel(), count).astype(np.float64)


def _spread(start: int, end: int) -> Ints:
    """Days from `start` up to `end`: every one at first, then ever fewer."""
    days = [start]
    while days[-1] < end:
        days.append(max(days[-1] + 1, round(1.4 * days[-1])))
    return np.array(days[:-1], dtype=np.intp)
