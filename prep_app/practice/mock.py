"""What a mock interview asks: which cards, in which order, and what follows a good answer."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from prep_app.content.body import KeyPoint, Kind, Recall
from prep_app.content.model import Card, CardId, Library, Listed, Question
from prep_app.memory.queue import apart
from prep_app.memory.schedule import recall
from prep_app.memory.store import Memory
from prep_app.settings import Settings

MINUTES, QUESTIONS = 20, 8
# How an interviewer mixes: most of it is talk, a little is counted or written.
MIX: Mapping[Kind, float] = {
    "recall": 0.50,
    "numeric": 0.14,
    "choice": 0.12,
    "code": 0.08,
    "cloze": 0.06,
    "order": 0.05,
    "compare": 0.05,
}
RARE = 0.05  # what is left of a kind's chance once it has had its share
PROBING = frozenset({"design", "debugging", "trap"})  # tags of what interviewers like best: twice as likely
KNOWN = 0.2  # the weight of a card that is not weak; one that is forgotten or new weighs six times as much
AGAIN = 4.0  # so many times less likely is a topic for each time it was chosen
SPOKEN = 1 / 3  # of the follow-ups are the question's own, where it has some and there are cards to follow up with

OWN = ":follow-up:"  # in the id of what is no card; a pack's ids hold no colon


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed: so many minutes, so many questions, all of them or those of one topic or question."""

    minutes: int = MINUTES
    questions: int = QUESTIONS
    topic: str = ""

    @property
    def share(self) -> float:
        """Seconds that each question may take."""
        return self.minutes * 60 / self.questions


def choose(
    library: Library, memory: Memory, settings: Settings, at: int, count: int, seed: int, topic: str = ""
) -> tuple[Card, ...]:
    """Return `count` cards to ask, or as many as there are; the same again for the same seed.

    Questions have equal weight; within one, kinds come as in MIX and weak cards are likelier. A card's weight is its
    shortfall, (R* − R) / R* with R the predicted recall and R* the retention wanted, and KNOWN besides. Easy ones come
    first; no two of one topic follow each other, as far as there are topics. What is suspended or buried is not asked.
    """
    draw = random.Random(seed)
    held: dict[str, list[Weighed]] = {}
    for weighed in askable(library, memory, settings, at, topic):
        held.setdefault(weighed.card.question, []).append(weighed)
    questions = list(held.values())
    draw.shuffle(questions)
    turns = deque(questions)
    chosen: list[Listed] = []
    while turns and len(chosen) < count:
        pool = turns.popleft()
        kind = _kind(pool, chosen, count, draw)
        taken = _weak([one for one in pool if one.card.kind == kind], chosen, draw)
        pool.remove(taken)
        chosen.append(taken.card)
        if pool:
            turns.append(pool)
    chosen.sort(key=lambda card: card.difficulty)
    return tuple(library.cards[card.id] for card in apart(chosen, lambda card: card.topic))


@dataclass(frozen=True, slots=True)
class Weighed:
    """A card that may be asked, and how likely its weakness makes it."""

    card: Listed
    weight: float


def askable(library: Library, memory: Memory, settings: Settings, at: int, topic: str = "") -> Iterator[Weighed]:
    """The cards that may be asked; with a `topic`, those of that topic or question."""
    wanted, retention = topic.casefold(), settings.desired_retention
    for card, fold in memory.each(library):
        flags = memory.flags_of(fold, at)
        if not (flags.suspended or flags.buried) and (
            not wanted or wanted in (card.topic.casefold(), card.question.casefold())
        ):
            shortfall = max(0.0, retention - recall(fold.of(card.revision), at)) / retention
            yield Weighed(card, KNOWN + shortfall)


def follow_up(
    card: Card,
    library: Library,
    memory: Memory,
    settings: Settings,
    at: int,
    taken: Collection[CardId],
    draw: random.Random,
) -> Card | None:
    """Return what follows a good answer to `card`, or None; nothing that is `taken`.

    That is a card that needs it, a harder one of its topic, or one of the question's own follow-ups.
    """
    deeper = [
        other
        for other in askable(library, memory, settings, at)
        if other.card.id not in taken and _follows(other.card, card)
    ]
    question = library.questions.get(card.question)
    spoken = [own for own in own_follow_ups(question) if own.id not in taken] if question is not None else []
    if spoken and (not deeper or draw.random() < SPOKEN):
        return replace(spoken[0], topic=card.topic)
    return library.cards[_weak(deeper, (), draw).card.id] if deeper else None


def _follows(other: Listed, card: Card) -> bool:
    same = other.question == card.question and other.topic == card.topic
    return card.id in other.needs or (same and other.difficulty > card.difficulty)


def own_follow_ups(question: Question) -> tuple[Card, ...]:
    """A question's follow-ups as cards: spoken, and marked by whether the answer was said. They are never scheduled."""
    return tuple(
        Card(
            id=CardId(f"{question.id}{OWN}{number}"),
            question=question.id,
            topic="Follow-up",
            prompt=own.ask,
            answer="",
            body=Recall((KeyPoint(own.answer),)),
            difficulty=3,
        )
        for number, own in enumerate(question.follow_ups, 1)
    )


def is_own_follow_up(card: Card) -> bool:
    return OWN in card.id


def _kind(pool: Sequence[Weighed], chosen: Sequence[Listed], count: int, draw: random.Random) -> Kind:
    """Draw the kind to ask next, by how much of its share is still to come."""
    had = Counter(card.kind for card in chosen)
    kinds = sorted({one.card.kind for one in pool})
    return draw.choices(kinds, [max(RARE, MIX[kind] * count - had[kind]) for kind in kinds])[0]


def _weak(pool: Sequence[Weighed], chosen: Sequence[Listed], draw: random.Random) -> Weighed:
    """Draw a card: weak ones, and such as an interviewer likes, are likelier; topics that were had are not."""
    had = Counter(card.topic for card in chosen)

    def weight(one: Weighed) -> float:
        liked = 2 if PROBING.intersection(one.card.tags) else 1
        return one.weight * liked / AGAIN ** had[one.card.topic]

    return draw.choices(pool, [weight(one) for one in pool])[0]
