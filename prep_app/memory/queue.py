"""Today's queue: what has started to slip, then what is due, then what is new; topics mixed, siblings apart.

New cards come in the order of the concept graph: a card after those it needs. Towards an interview the plan says which
cards and how many new ones, whatever is due; once it is over, the day is as any other.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prep_app.content.model import Card, CardId
from prep_app.memory.days import day_start, study_day
from prep_app.memory.schedule import recall
from prep_app.memory.store import Memory
from prep_app.memory.types import CardMemory, InterviewPlan, Learned, New
from prep_app.settings import Settings


@dataclass(frozen=True, slots=True)
class Queue:
    """Cards in the order to ask them, how many of each kind, and when the next one comes if none is left."""

    cards: tuple[CardId, ...]
    due: int
    new: int
    learning: int
    overdue: int  # due before today
    next_due: int | None  # UTC ms


def todays_queue(
    cards: Sequence[Card],
    memory: Memory,
    settings: Settings,
    at: int,
    *,
    limit: int | None = None,
    extra_new: int = 0,
    plan: InterviewPlan | None = None,
) -> Queue:
    """Return what to ask on the study day of `at`, by the `plan` as long as its date is not over.

    With a `limit`, the reviews likeliest to be forgotten come first: they are what a short session should save.
    """
    today = study_day(at, settings.rollover_hour)
    tomorrow = day_start(today + 1, settings.rollover_hour)
    planned = plan is not None and plan.days_left(today) >= 0
    learning: list[tuple[int, Card]] = []
    due: list[tuple[float, Card]] = []
    held: list[tuple[Learned, Card]] = []  # what a plan chooses from
    new: list[Card] = []
    later: list[int] = []
    overdue = 0
    for card in cards:
        flags = memory.flags(card.id, at)
        if flags.suspended:
            continue
        state = memory.state(card.id, card.revision)
        if isinstance(state, New):
            if not flags.buried:
                new.append(card)
        elif flags.buried:
            later.append(max(tomorrow, state.due_ms))
        elif state.learning:
            learning.append((state.due_ms, card))
        elif planned:
            held.append((state, card))
        elif state.due_ms < tomorrow:
            due.append((recall(state, at), card))
            overdue += _days_late(state, at, settings) > 0
        else:
            later.append(state.due_ms)
    learning.sort(key=lambda pair: pair[0])
    fresh = in_order(_mixed(new))
    if plan is not None and planned:
        later += [tomorrow] * bool(held or new)
        room = None if limit is None else max(0, limit - len(learning))
        reviews, begun = _by_plan(plan, held, len(new), memory, settings, at, repeats=len(learning), limit=room)
        fresh = fresh[: begun + extra_new]
        due_count = len(reviews)
    else:
        allowance = max(0, settings.new_per_day - memory.introduced_on(today)) + extra_new
        if len(new) > allowance and allowance <= settings.new_per_day:
            later.append(tomorrow)
        fresh = fresh[:allowance]
        due.sort(key=lambda pair: (pair[0], pair[1].id))
        reviews = [card for _, card in due][:limit]
        due_count = len(due)
    order = _mixed([card for _, card in learning] + reviews) + fresh
    if limit is not None:
        order = order[:limit]
    return Queue(
        cards=tuple(card.id for card in _prerequisites_first(apart(order, lambda card: card.question), fresh)),
        due=due_count,
        new=len(fresh),
        learning=len(learning),
        overdue=overdue,
        next_due=min(later, default=None),
    )


def _by_plan(
    plan: InterviewPlan,
    held: Sequence[tuple[Learned, Card]],
    new: int,
    memory: Memory,
    settings: Settings,
    at: int,
    *,
    repeats: int,
    limit: int | None,
) -> tuple[list[Card], int]:
    """Return the reviews that a plan asks today, what gains most first, and how many cards it begins."""
    from prep_app.memory.plan import study_towards, todays_picks  # numpy, only where there is a plan

    states: list[CardMemory] = [state for state, _ in held]
    study = study_towards(plan, [*states, *[New()] * new], memory, settings, at, repeats)
    picks = todays_picks(study)[:limit]
    reviews = [held[place][1] for place in picks if place < len(held)]
    return reviews, len(picks) - len(reviews)


def minutes_for(count: int, memory: Memory) -> float:
    """How long `count` cards take this learner."""
    return count * memory.seconds_per_card() / 60


def _days_late(state: Learned, at: int, settings: Settings) -> int:
    hour = settings.rollover_hour
    return study_day(at, hour) - study_day(state.due_ms, hour)


def in_order(cards: Sequence[Card]) -> list[Card]:
    """Put those among `cards` that a card needs before it, and otherwise leave the order as it is."""
    waiting = {card.id: card for card in cards}
    ordered: list[Card] = []
    for card in cards:
        chain = [card] if waiting.pop(card.id, None) else []
        while chain:
            need = next((need for need in chain[-1].needs if need in waiting), None)
            if need is None:
                ordered.append(chain.pop())
            else:
                chain.append(waiting.pop(need))
    return ordered


def _prerequisites_first(cards: Sequence[Card], fresh: Sequence[Card]) -> list[Card]:
    """The new cards change places among themselves until each stands behind those it needs."""
    new = {card.id for card in fresh}
    turns = iter(in_order([card for card in cards if card.id in new]))
    return [next(turns) if card.id in new else card for card in cards]


def _mixed(cards: Sequence[Card]) -> list[Card]:
    """Deal the cards out topic by topic, each topic's own order kept."""
    topics: dict[tuple[str, str], deque[Card]] = {}
    for card in cards:
        topics.setdefault((card.question, card.topic), deque()).append(card)
    # Questions take turns, and within a question its topics do.
    questions: dict[str, deque[deque[Card]]] = {}
    for (question, _), held in topics.items():
        questions.setdefault(question, deque()).append(held)
    turns = deque(questions.values())
    mixed: list[Card] = []
    while turns:
        question_topics = turns.popleft()
        topic = question_topics.popleft()
        mixed.append(topic.popleft())
        if topic:
            question_topics.append(topic)
        if question_topics:
            turns.append(question_topics)
    return mixed


def apart(cards: Sequence[Card], of: Callable[[Card], str]) -> list[Card]:
    """Keep cards that are `of` the same question, or topic, from following each other, as far as the mix allows."""
    waiting = list(cards)
    ordered: list[Card] = []
    left = Counter(map(of, waiting))
    most = len(waiting)  # none has more left; looked up only where that could be over half
    while waiting:
        last = of(ordered[-1]) if ordered else None
        fullest = None
        if most * 2 > len(waiting):
            fullest = max(left, key=left.__getitem__)
            most = left[fullest]
        if fullest is not None and fullest != last and most * 2 > len(waiting):
            wanted = fullest  # it holds over half of what is left: it must come now
        else:
            wanted = next((of(card) for card in waiting if of(card) != last), of(waiting[0]))
        card = waiting.pop(next(i for i, card in enumerate(waiting) if of(card) == wanted))
        left[of(card)] -= 1
        ordered.append(card)
    return ordered
