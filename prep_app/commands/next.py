"""prep next: the card to ask now."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from prep_app.answers.asked import Asked, ask
from prep_app.commands.shelf import Shelf, moment, opened
from prep_app.content.body import Code, Compare, Numeric
from prep_app.memory.queue import todays_queue
from prep_app.memory.types import New


def run(options: Namespace) -> int:
    at = moment(options.at)
    with opened(options) as shelf:
        queue = todays_queue(shelf.library, shelf.memory, shelf.settings, at, plan=shelf.memory.plan())
        card = shelf.library.cards[queue.cards[0]] if queue.cards else None
        asked = ask(card, shelf.memory.answers(card.id)) if card else None
        if options.json:
            print(json.dumps(described(shelf, asked) if asked else None, ensure_ascii=False))
        elif asked is None:
            print("Nothing is due.")
        else:
            print(as_text(asked))
    return 0


def described(shelf: Shelf, asked: Asked) -> dict[str, Any]:
    card = asked.card
    state = shelf.memory.state(card.id, card.revision)
    return {
        "card": card.id,
        "question": card.question,
        "kind": card.body.kind,
        "prompt": asked.prompt,
        "due": None if isinstance(state, New) else state.due_ms,
        "new": isinstance(state, New),
        "topic": card.topic,
        "difficulty": card.difficulty,
        "hint": asked.hint,
        "demo": asked.demo.name if asked.demo else None,
        **_of_kind(asked),
    }


def as_text(asked: Asked) -> str:
    card = asked.card
    lines = [f"{card.id}  ({card.question} · {card.topic} · {card.body.kind})", "", asked.prompt]
    extra = _of_kind(asked)
    lines += [f"  {number}  {text}" for number, text in enumerate(extra.get("options") or extra.get("steps") or (), 1)]
    for row in extra.get("rows", ()):
        cells = (f"{column}: {cell or '___'}" for column, cell in zip(extra["columns"], row["cells"], strict=True))
        lines.append(f"  {row['aspect']}  |  " + "  |  ".join(cells))
    if "start" in extra:
        lines += ["", extra["start"]]
    if card.body.kind == "numeric" and extra["unit"]:
        lines.append(f"  (in {extra['unit']})")
    return "\n".join(lines)


def _of_kind(asked: Asked) -> dict[str, Any]:
    """What this kind of card shows beside its prompt, as it is asked this time."""
    match asked.card.body:
        case Numeric(unit=unit):
            return {"unit": unit}
        case Compare(columns, rows):
            cells = [[cell if isinstance(cell, str) else None for cell in row.cells] for row in rows]
            shown = [{"aspect": row.aspect, "cells": held} for row, held in zip(rows, cells, strict=True)]
            return {"columns": list(columns), "rows": shown}
        case Code(function, checks, mistake):
            return {"function": function, "checks": list(checks), "start": start_text(asked, function, mistake)}
    if asked.options:
        return {"options": [option.text for option in asked.options]}
    if asked.steps:
        return {"steps": [step.text for step in asked.steps]}
    return {}


def start_text(asked: Asked, function: str, mistake: str) -> str:
    """What the learner of a code card begins with."""
    from prep_app.lab.catalogue import blank, function_source

    name = asked.demo.name if asked.demo else ""
    return function_source(name, function, mistake) if mistake else blank(name, function)
