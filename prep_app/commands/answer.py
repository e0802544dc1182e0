"""prep answer: record a review."""

from __future__ import annotations

import difflib
import json
import math
from argparse import Namespace

from prep_app.commands.shelf import moment, opened
from prep_app.content.model import CardId
from prep_app.errors import UserError
from prep_app.memory.types import Rating


def run(options: Namespace) -> int:
    at = moment(options.at)
    seconds = options.seconds
    if seconds is not None and not (math.isfinite(seconds) and 0 <= seconds <= 86_400):
        raise UserError("--seconds must be from 0 to 86400")
    with opened(options) as shelf:
        card = shelf.library.cards.get(CardId(options.card))
        if card is None:
            close = difflib.get_close_matches(options.card, list(shelf.library.cards), 1)
            raise UserError(f'no card "{options.card}"' + (f'; did you mean "{close[0]}"?' if close else ""))
        rating = Rating[options.rating.upper()]
        done = shelf.memory.answer(card.id, rating, at=at, seconds=seconds, revision=card.revision)
        memory = done.memory
        if options.json:
            body = {
                "card": card.id,
                "stability": memory.stability,
                "difficulty": memory.difficulty,
                "interval_days": memory.interval_days,
                "due": memory.due_ms,
            }
            print(json.dumps(body))
        else:
            print(
                f"{card.id}: {options.rating}; back in {memory.interval_days:.1f} days (stability, in days: "
                f"{memory.stability:.2f}; difficulty: {memory.difficulty:.2f} of 10)"
            )
    return 0
