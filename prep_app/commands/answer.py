"""prep answer: record a review, graded by the learner or by what was said."""

from __future__ import annotations

import difflib
import json
import math
from argparse import Namespace
from dataclasses import asdict
from typing import Any

from prep_app.answers.asked import ask
from prep_app.answers.mark import Mark, suggest
from prep_app.answers.response import mark
from prep_app.commands.shelf import moment, opened
from prep_app.content.model import CardId
from prep_app.errors import UserError
from prep_app.memory.types import Rating


def run(options: Namespace) -> int:
    at = moment(options.at)
    seconds = options.seconds
    if seconds is not None and not (math.isfinite(seconds) and 0 <= seconds <= 86_400):
        raise UserError("--seconds must be from 0 to 86400")
    if options.rating is None and not options.said:
        raise UserError("give a rating (again, hard, good or easy), or the answer itself with --said")
    with opened(options) as shelf:
        card = shelf.library.cards.get(CardId(options.card))
        if card is None:
            close = difflib.get_close_matches(options.card, list(shelf.library.cards), 1)
            raise UserError(f'no card "{options.card}"' + (f'; did you mean "{close[0]}"?' if close else ""))
        marked, suggested = None, None
        if options.said:
            from prep_app.commands.said import response_of

            asked = ask(card, shelf.memory.answers(card.id))
            marked = mark(asked, response_of(asked, options.said))
            suggested = suggest(card.body.kind, marked, hints=options.hints, seconds=seconds or 0.0)
        rating = Rating[options.rating.upper()] if options.rating else suggested
        assert rating is not None
        memory = shelf.memory.answer(card.id, rating, at=at, seconds=seconds, revision=card.revision).memory
        if options.json:
            body = {
                "card": card.id,
                "stability": memory.stability,
                "difficulty": memory.difficulty,
                "interval_days": memory.interval_days,
                "due": memory.due_ms,
            }
            if marked is not None and suggested is not None:
                body |= {"rating": rating.name.lower(), "mark": as_json(marked, suggested)}
            print(json.dumps(body, ensure_ascii=False))
        else:
            if marked is not None:
                print(as_text(marked))
            print(
                f"{card.id}: {rating.name.lower()}; back in {memory.interval_days:.1f} days (stability, in days: "
                f"{memory.stability:.2f}; difficulty: {memory.difficulty:.2f} of 10)"
            )
    return 0


def as_json(marked: Mark, suggested: Rating) -> dict[str, Any]:
    return {
        "right": marked.right,
        "total": marked.total,
        "correct": marked.correct,
        "suggested": suggested.name.lower(),
        "parts": [asdict(part) for part in marked.parts],
    }


def as_text(marked: Mark) -> str:
    lines = [f"{marked.right} of {marked.total} right"]
    for part in marked.parts:
        said = f" (you: {part.said})" if part.said and part.said != part.right else ""
        lines.append(
            f"  {'✓' if part.counts else '✗'} {part.right or part.said}{said}{f'  {part.why}' * bool(part.why)}"
        )
    return "\n".join(lines)
