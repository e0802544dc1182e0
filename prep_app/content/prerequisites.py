"""The concept graph: which cards come before which. Faults are reported where they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from prep_app.content.faults import did_you_mean, shown
from prep_app.content.model import CardId, Question
from prep_app.content.yaml_file import YamlFile


def with_prerequisites(found: Sequence[tuple[YamlFile, Question]]) -> list[Question]:
    """Return the questions with only those `needs` that name another card of the pack and lead round no circle."""
    written = {name for file, _ in found for name in _written_cards(file)}
    graph: dict[CardId, tuple[CardId, ...]] = {}
    for file, question in found:
        for card in question.cards:
            for need in card.needs:
                if need not in written or need == card.id:
                    why = "the card itself" if need == card.id else f"no card of this pack{did_you_mean(need, written)}"
                    _report(file, card.id, need, f"{shown(need)} is {why}")
            graph[card.id] = tuple(need for need in card.needs if need in written and need != card.id)
    while (circle := _circle(graph)) is not None:
        last, first = circle[1], circle[0]  # last needs first, and first, by way of the rest, needs last
        for file, _ in found:
            _report(file, last, first, f"leads round in a circle: {' needs '.join(reversed(circle))}")
        graph[last] = tuple(need for need in graph[last] if need != first)
    return [
        replace(question, cards=tuple(replace(card, needs=graph[card.id]) for card in question.cards))
        for _, question in found
    ]


def _circle(graph: Mapping[CardId, Sequence[CardId]]) -> list[CardId] | None:
    """Cards of which each is needed by the next, the last being the first again; None when there is no circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[CardId] = error.args[1]
        return circle
    return None


def _written_cards(file: YamlFile) -> list[str]:
    """Every card's id in the file, faulty cards too: a card that needs one is not at fault for it."""
    listed = (file.data or {}).get("cards")
    ids = (card.get("id") for card in (listed if isinstance(listed, list) else ()) if isinstance(card, dict))
    return [name for name in ids if isinstance(name, str)]


def _report(file: YamlFile, card: str, need: str, message: str) -> None:
    listed = (file.data or {}).get("cards")
    for index, data in enumerate(listed if isinstance(listed, list) else ()):
        needs = data.get("needs") if isinstance(data, dict) and data.get("id") == card else None
        if isinstance(needs, list) and need in needs:
            file.at(("cards", index, "needs", needs.index(need)), message)
