"""What can be practised beside the schedule, which it leaves as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from prep_app.content.model import Card, CardId, Library
from prep_app.memory.days import study_day
from prep_app.memory.schedule import recall
from prep_app.memory.store import Memory
from prep_app.memory.types import Learned, New, Rating
from prep_app.settings import Settings

LATELY = 7  # days


@dataclass(frozen=True, slots=True)
class Drill:
    """Cards in the order they are asked, and their mean predicted recall now; one not begun counts 0."""

    name: str
    cards: tuple[CardId, ...]
    mastery: float


@dataclass(frozen=True, slots=True)
class Drills:
    """`whole` are drills over all cards, empty ones left out; `topics` one a topic, weakest first."""

    whole: tuple[Drill, ...]
    topics: tuple[Drill, ...]


def drills(library: Library, memory: Memory, settings: Settings, at: int) -> Drills:
    """Return what there is to practise at `at` (UTC ms). Reads the journal: call it in a thread."""
    cards = [card for card in library.cards.values() if not memory.flags(card.id).suspended]
    by_topic: dict[str, list[Card]] = defaultdict(list)
    for card in cards:
        by_topic[f"{card.question} · {card.topic}"].append(card)
    topics = [_drill(name, weakest_first(members, memory, at), memory, at) for name, members in by_topic.items()]
    whole = (
        _drill("Everything, weakest first", weakest_first(cards, memory, at), memory, at),
        _drill(f"What slipped in the last {LATELY} days", _slipped(cards, memory, settings, at), memory, at),
        _drill("Hardest for you first", _hardest_first(cards, memory), memory, at),
    )
    return Drills(
        tuple(drill for drill in whole if drill.cards), tuple(sorted(topics, key=lambda drill: drill.mastery))
    )


def weakest_first(cards: Iterable[Card], memory: Memory, at: int) -> list[Card]:
    """What is likeliest forgotten comes first, new cards last: practice repairs, it does not introduce."""

    def weakness(card: Card) -> tuple[bool, float]:
        state = memory.state(card.id, card.revision)
        return isinstance(state, New), recall(state, at)

    return sorted(cards, key=weakness)


def _slipped(cards: Iterable[Card], memory: Memory, settings: Settings, at: int) -> list[Card]:
    hour = settings.rollover_hour
    since = study_day(at, hour) - LATELY
    failed = [review for review in memory.reviews() if review.rating is Rating.AGAIN and review.at <= at]
    last = {review.card: review.at for review in failed if study_day(review.at, hour) > since}
    return sorted((card for card in cards if card.id in last), key=lambda card: -last[card.id])


def _hardest_first(cards: Iterable[Card], memory: Memory) -> list[Card]:
    """By FSRS's difficulty; cards not begun have none."""
    states = [(card, memory.state(card.id, card.revision)) for card in cards]
    begun = [(state.difficulty, card) for card, state in states if isinstance(state, Learned)]
    return [card for _, card in sorted(begun, key=lambda pair: -pair[0])]


def _drill(name: str, cards: list[Card], memory: Memory, at: int) -> Drill:
    recalls = [recall(memory.state(card.id, card.revision), at) for card in cards]
    return Drill(name, tuple(card.id for card in cards), sum(recalls) / max(1, len(recalls)))
