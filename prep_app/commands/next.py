"""prep next: the card to ask now."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from prep_app.commands.shelf import Shelf, moment, opened
from prep_app.content.model import Card, Choice
from prep_app.memory.queue import todays_queue
from prep_app.memory.types import New


def run(options: Namespace) -> int:
    at = moment(options.at)
    with opened(options) as shelf:
        queue = todays_queue(list(shelf.library.cards.values()), shelf.memory, shelf.settings, at)
        card = shelf.library.cards[queue.cards[0]] if queue.cards else None
        if options.json:
            print(json.dumps(described(shelf, card) if card else None, ensure_ascii=False))
        elif card is None:
            print("Nothing is due.")
        else:
            print(f"{card.id}  ({card.question} · {card.topic})\n\n{card.prompt}")
            for option in card.body.options if isinstance(card.body, Choice) else ():
                print(f"  ○ {option.text}")
    return 0


def described(shelf: Shelf, card: Card) -> dict[str, Any]:
    state = shelf.memory.state(card.id, card.revision)
    body: dict[str, Any] = {
        "card": card.id,
        "question": card.question,
        "kind": card.body.kind,
        "prompt": card.prompt,
        "due": None if isinstance(state, New) else state.due_ms,
        "new": isinstance(state, New),
        "topic": card.topic,
        "difficulty": card.difficulty,
        "hint": card.hint,
        "demo": card.demo.name if card.demo else None,
    }
    if isinstance(card.body, Choice):
        body["options"] = [option.text for option in card.body.options]
    return body
