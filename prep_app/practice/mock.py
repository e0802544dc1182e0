"""What a mock interview asks: which cards, in which order, and what follows a good answer."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from prep_app.content.body import KeyPoint, Kind, Recall
from prep_app.content.model import Card, CardId, Library, Question
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
    held: dict[str, list[Card]] = {}
    for card in askable(library, memory, at, topic):
        held.setdefault(card.question, []).append(card)
    questions = list(held.values())
    draw.shuffle(questions)
    turns = deque(questions)
    chosen: list[Card] = []
    while turns and len(chosen) < count:
        pool = turns.popleft()
        kind = _kind(pool, chosen, count, draw)
        card = _weak([card for card in pool if card.body.kind == kind], chosen, memory, settings, at, draw)
        pool.remove(card)
        chosen.append(card)
        if pool:
            turns.append(pool)
    return tuple(apart(sorted(chosen, key=lambda card: card.difficulty), lambda card: card.topic))


def askable(library: Library, memory: Memory, at: int, topic: str = "") -> Iterator[Card]:
    """The cards that may be asked; with a `topic`, those of that topic or question."""
    wanted = topic.casefold()
    for card in library.cards.values():
        flags = memory.flags(card.id, at)
        if not (flags.suspended or flags.buried) and (
            not wanted or wanted in (card.topic.casefold(), card.question.casefold())
        ):
            yield card


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
        for other in askable(library, memory, at)
        if other.id not in taken
        and (
            card.id in other.needs
            or (other.question == card.question and other.topic == card.topic and other.difficulty > card.difficulty)
        )
    ]
    question = library.questions.get(card.question)
    spoken = [own for own in own_follow_ups(question) if own.id not in taken] if question is not None else []
    if spoken and (not deeper or draw.random() < SPOKEN):
        return replace(spoken[0], topic=card.topic)
    return _weak(deeper, (), memory, settings, at, draw) if deeper else None


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


def _kind(pool: Sequence[Card], chosen: Sequence[Card], count: int, draw: random.Random) -> Kind:
    """Draw the kind to ask next, by how much of its share is still to come."""
    had = Counter(card.body.kind for card in chosen)
    kinds = sorted({card.body.kind for card in pool})
    return draw.choices(kinds, [max(RARE, MIX[kind] * count - had[kind]) for kind in kinds])[0]


def _weak(
    cards: Sequence[Card],
    chosen: Sequence[Card],
    memory: Memory,
    settings: Settings,
    at: int,
    draw: random.Random,
) -> Card:
    """Draw a card: weak ones, and such as an interviewer likes, are likelier; topics that were had are not."""
    had = Counter(card.topic for card in chosen)
    wanted = settings.desired_retention

    def weight(card: Card) -> float:
        shortfall = max(0.0, wanted - recall(memory.state(card.id, card.revision), at)) / wanted
        liked = 2 if PROBING.intersection(card.tags) else 1
        return (KNOWN + shortfall) * liked / AGAIN ** had[card.topic]

    return draw.choices(cards, [weight(card) for card in cards])[0]
