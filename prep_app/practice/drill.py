"""What can be practised beside the schedule, which it leaves as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prep_app.content.model import CardId, Library, Listed
from prep_app.memory.days import study_day
from prep_app.memory.schedule import recall
from prep_app.memory.store import Memory
from prep_app.memory.types import CardMemory, Learned, New, Rating
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
    cards = [Held(card, fold.of(card.revision)) for card, fold in memory.each(library) if not fold.suspended]
    cards.sort(key=lambda held: held.weakness(at))
    by_topic: dict[str, list[Held]] = defaultdict(list)
    for held in cards:
        by_topic[f"{held.card.question} · {held.card.topic}"].append(held)
    whole = (
        _drill("Everything, weakest first", cards, at),
        _drill(f"What slipped in the last {LATELY} days", _slipped(cards, memory, settings, at), at),
        _drill("Hardest for you first", _hardest_first(cards), at),
    )
    topics = sorted((_drill(name, members, at) for name, members in by_topic.items()), key=lambda drill: drill.mastery)
    return Drills(tuple(drill for drill in whole if drill.cards), tuple(topics))


@dataclass(frozen=True, slots=True)
class Held:
    """A card and how well it is known."""

    card: Listed
    state: CardMemory

    def weakness(self, at: int) -> tuple[bool, float]:
        """What is likeliest forgotten comes first, new cards last: practice repairs, it does not introduce."""
        return isinstance(self.state, New), recall(self.state, at)


def _slipped(cards: Iterable[Held], memory: Memory, settings: Settings, at: int) -> list[Held]:
    """The last to slip first."""
    hour = settings.rollover_hour
    since = study_day(at, hour) - LATELY
    failed = [review for review in memory.reviews() if review.rating is Rating.AGAIN and review.at <= at]
    last = {review.card: review.at for review in failed if study_day(review.at, hour) > since}
    return sorted((held for held in cards if held.card.id in last), key=lambda held: -last[held.card.id])


def _hardest_first(cards: Iterable[Held]) -> list[Held]:
    """By FSRS's difficulty; cards not begun have none."""
    begun = [(held.state.difficulty, held) for held in cards if isinstance(held.state, Learned)]
    return [held for _, held in sorted(begun, key=lambda pair: -pair[0])]


def _drill(name: str, cards: Sequence[Held], at: int) -> Drill:
    mastery = sum(recall(held.state, at) for held in cards) / max(1, len(cards))
    return Drill(name, tuple(held.card.id for held in cards), mastery)
