"""Today's queue: what has started to slip, then what is due, then what is new; topics mixed, siblings apart.

New cards come in the order of the concept graph: a card after those it needs. Towards an interview the plan says which
cards and how many new ones, whatever is due; once it is over, the day is as any other.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeVar

from prep_app.content.model import CardId, Library, QuestionId
from prep_app.content.order import in_order, mixed
from prep_app.memory.days import day_start, study_day
from prep_app.memory.fold import CardFold
from prep_app.memory.store import LEARNED, Memory
from prep_app.memory.types import CardMemory, InterviewPlan, New
from prep_app.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Queue:
    """Cards in the order to ask them, how many of each kind, and when the next one comes if none is left."""

    cards: tuple[CardId, ...]
    due: int
    new: int
    learning: int
    overdue: int  # due before today
    next_due: int | None  # UTC ms


class _Asked(NamedTuple):
    id: CardId
    question: QuestionId
    topic: str
    needs: tuple[CardId, ...] = ()


def todays_queue(
    library: Library,
    memory: Memory,
    settings: Settings,
    at: int,
    *,
    only: Collection[QuestionId] = (),
    limit: int | None = None,
    extra_new: int = 0,
    plan: InterviewPlan | None = None,
) -> Queue:
    """Return what to ask on the study day of `at`, by the `plan` as long as its date is not over.

    `only` keeps to some questions. With a `limit`, the reviews likeliest to be forgotten come first: they are what a
    short session should save.
    """
    deck = _Deck(library, memory, at, only)
    learning = deck.learning()
    if plan is not None and plan.days_left(deck.today) >= 0:
        held, new = deck.held(), deck.count_new()
        room = None if limit is None else max(0, limit - len(learning))
        picks, begun = _by_plan(plan, [state for _, state in held], new, memory, settings, at, len(learning), room)
        reviews, fresh = [held[place][0] for place in picks], deck.new(begun + extra_new)
        due, overdue = len(reviews), 0
        next_due = deck.tomorrow if held or new else deck.first_buried()
    else:
        allowance = max(0, settings.new_per_day - memory.introduced_on(deck.today)) + extra_new
        waiting = deck.new(allowance + 1)
        fresh = waiting[:allowance]
        reviews, overdue = deck.due()
        due, reviews = len(reviews), reviews[:limit]
        more = len(waiting) > allowance and allowance <= settings.new_per_day
        next_due = deck.tomorrow if more else deck.first_later()
    order = (mixed(learning + reviews) + fresh)[:limit]
    cards = _prerequisites_first(apart(order, lambda card: card.question), fresh)
    return Queue(
        cards=tuple(card.id for card in cards),
        due=due,
        new=len(fresh),
        learning=len(learning),
        overdue=overdue,
        next_due=next_due,
    )


class _Deck:
    """What may be asked of a library on the study day of `at`."""

    def __init__(self, library: Library, memory: Memory, at: int, only: Collection[QuestionId]) -> None:
        hour = memory.settings.rollover_hour
        self.today = study_day(at, hour)
        self._ask = partial(memory.beside, library)
        self.tomorrow = day_start(self.today + 1, hour)
        self._named = {
            "at": at,
            "today": self.today,
            "start": day_start(self.today, hour),
            "tomorrow": self.tomorrow,
            "only": json.dumps(list(only)),
        }
        self._only = "AND d.question IN (SELECT value FROM json_each(:only))" if only else ""

    def learning(self) -> list[_Asked]:
        """What did not stick, in the order in which it comes back."""
        rows = self._known("d.id, d.question, d.topic", "f.learning AND f.buried_day != :today ORDER BY f.due_ms")
        return [_Asked(*row) for row in rows]

    def due(self) -> tuple[list[_Asked], int]:
        """What is due today, the likeliest to be forgotten first, and how many of it were due before today."""
        rows = self._known(
            "d.id, d.question, d.topic, f.due_ms < :start",
            "f.due_ms < :tomorrow AND NOT f.learning AND f.buried_day != :today "
            "ORDER BY recall(f.stability, f.last_ms, f.decay, :at), d.id",
        )
        return [_Asked(*row[:3]) for row in rows], sum(row[3] for row in rows)

    def held(self) -> list[tuple[_Asked, CardMemory]]:
        """What is learned and need not be repeated today, due or not, in the order of the packs."""
        rows = self._known(
            "d.id, d.question, d.topic, f.*", "NOT f.learning AND f.buried_day != :today ORDER BY d.place"
        )
        return [(_Asked(*row[:3]), CardFold.from_row(row[4:]).memory) for row in rows]

    def new(self, count: int) -> list[_Asked]:
        """The first so many new cards, in the order in which they come."""
        rows = self._unknown("d.id, d.question, d.topic, d.needs", f"ORDER BY d.turn LIMIT {count:d}")
        return [_Asked(name, question, topic, tuple(json.loads(needs))) for name, question, topic, needs in rows]

    def count_new(self) -> int:
        return int(self._unknown("count(*)")[0][0])

    def first_later(self) -> int | None:
        """When the first card comes that is not asked today; None if none does."""
        rows = self._known("f.due_ms", "f.due_ms >= :tomorrow AND NOT f.learning ORDER BY f.due_ms LIMIT 1")
        return min(filter(None, [self.first_buried(), *(due for (due,) in rows)]), default=None)

    def first_buried(self) -> int | None:
        """When the first of those comes that were put off until tomorrow."""
        rows = self._known("min(max(f.due_ms, :tomorrow))", "f.buried_day AND f.buried_day = :today")
        first: int | None = rows[0][0]
        return first

    def _known(self, what: str, which: str) -> list[Any]:
        return self._ask(f"SELECT {what} FROM {LEARNED} WHERE NOT f.suspended {self._only} AND {which}", self._named)

    def _unknown(self, what: str, order: str = "") -> list[Any]:
        return self._ask(
            f"SELECT {what} FROM fresh d LEFT JOIN fold f ON f.card = d.id WHERE NOT ifnull(f.suspended, 0) "
            f"AND ifnull(f.buried_day, 0) != :today {self._only} {order}",
            self._named,
        )


def _by_plan(
    plan: InterviewPlan,
    held: Sequence[CardMemory],
    new: int,
    memory: Memory,
    settings: Settings,
    at: int,
    repeats: int,
    limit: int | None,
) -> tuple[list[int], int]:
    """Return the reviews that a plan asks today as places in `held`, and how many cards it begins."""
    from prep_app.memory.plan import study_towards, todays_picks  # numpy, only where there is a plan

    study = study_towards(plan, [*held, *[New()] * new], memory, settings, at, repeats)
    picks = todays_picks(study)[:limit]
    reviews = [place for place in picks if place < len(held)]
    return reviews, len(picks) - len(reviews)


def minutes_for(count: int, memory: Memory) -> float:
    """How long `count` cards take this learner."""
    return count * memory.seconds_per_card() / 60


def _prerequisites_first(cards: Sequence[_Asked], fresh: Sequence[_Asked]) -> list[_Asked]:
    """The new cards change places among themselves until each stands behind those it needs."""
    new = {card.id for card in fresh}
    turns = iter(in_order([card for card in cards if card.id in new]))
    return [next(turns) if card.id in new else card for card in cards]


def apart(cards: Sequence[T], of: Callable[[T], str]) -> list[T]:
    """Keep cards that are `of` the same question, or topic, from following each other, as far as the mix allows."""
    waiting = deque((of(card), card) for card in cards)
    ordered: list[T] = []
    left: Counter[str | None] = Counter(kind for kind, _ in waiting)
    most = len(waiting)  # none has more left; looked up only where that could be over half
    last: str | None = None
    while waiting:
        place = 0
        if most * 2 > len(waiting):
            most = max(left.values())
        if most * 2 > len(waiting) and left[last] != most:  # one holds over half of what is left: it must come now
            place = next(place for place, (kind, _) in enumerate(waiting) if left[kind] == most)
        elif waiting[0][0] == last:
            place = next((place for place, (kind, _) in enumerate(waiting) if kind != last), 0)
        last, card = waiting[place]
        del waiting[place]
        left[last] -= 1
        ordered.append(card)
    return ordered
