"""The order in which cards come: topics mixed, and what a card needs before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Protocol, TypeVar


class Orderable(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def question(self) -> str: ...
    @property
    def topic(self) -> str: ...
    @property
    def needs(self) -> Sequence[str]: ...


Each = TypeVar("Each", bound=Orderable)


def turns(cards: Sequence[Orderable]) -> list[int]:
    """Return each card's place in the order in which new cards come."""
    place = {card.id: turn for turn, card in enumerate(in_order(mixed(cards)))}
    return [place[card.id] for card in cards]


def mixed(cards: Sequence[Each]) -> list[Each]:
    """Deal the cards out: questions take turns, and within a question its topics do, each topic's own order kept."""
    by_topic = _dealt(cards, [(card.question, card.topic) for card in cards])
    return _dealt(by_topic, [card.question for card in by_topic])


def _dealt(cards: Sequence[Each], piles: Sequence[Hashable]) -> list[Each]:
    """The first of each pile, then the second of each, and so on; piles in the order in which they first appear."""
    order = {pile: number for number, pile in enumerate(dict.fromkeys(piles))}
    dealt: Counter[Hashable] = Counter()
    rounds = []
    for place, pile in enumerate(piles):
        rounds.append((dealt[pile], order[pile], place))
        dealt[pile] += 1
    return [cards[place] for _, _, place in sorted(rounds)]


def in_order(cards: Sequence[Each]) -> list[Each]:
    """Put those among `cards` that a card needs before it, and otherwise leave the order as it is."""
    waiting = {card.id: card for card in cards}
    ordered: list[Each] = []
    for card in cards:
        chain = [card] if waiting.pop(card.id, None) else []
        while chain:
            need = next((need for need in chain[-1].needs if need in waiting), None)
            if need is None:
                ordered.append(chain.pop())
            else:
                chain.append(waiting.pop(need))
    return ordered
