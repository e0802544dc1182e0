"""An answer given in words on the command line, read as the card's kind wants it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from prep_app.answers.asked import Asked
from prep_app.answers.recall import heard
from prep_app.answers.response import Arranged, Picked, Ran, Response, Typed
from prep_app.content.body import Code, Recall
from prep_app.errors import UserError

LONGEST_FILE = 1 << 20  # bytes; no function comes near it


def response_of(asked: Asked, said: Sequence[str], judged: Callable[[Asked, str], Ran] | None = None) -> Response:
    """Read what was said; `judged` runs code, in a lab of its own where it is left out.

    Text for a recall card; options' numbers, or their texts, for a choice; one text for each gap; a number; the steps'
    numbers in order; the code itself, @FILE or - (standard input).

    Raises UserError saying what this kind of card takes.
    """
    match asked.card.body:
        case Recall(points):
            return Picked(heard(points, "\n".join(said)))
        case Code():
            return (judged or _judged)(asked, _text(said))
    if asked.options:
        return Picked(frozenset(_place(word, [option.text for option in asked.options]) for word in _words(said)))
    if asked.steps:
        places = [_place(word, [step.text for step in asked.steps]) for word in _words(said)]
        if sorted(places) != list(range(len(asked.steps))):
            raise UserError(f"give every step's number once, such as {_example(len(asked.steps))}")
        return Arranged(tuple(places))
    return Typed(tuple(said))


def _words(said: Sequence[str]) -> list[str]:
    """«2 1 3» and «2,1,3» are three words; a text that is none of these is one."""
    words: list[str] = []
    for text in said:
        parts = text.replace(",", " ").split()
        words += parts if parts and all(part.isdecimal() for part in parts) else [text.strip()]
    return [word for word in words if word]


def _place(word: str, shown: Sequence[str]) -> int:
    if word.isdecimal() and len(word) < 4 and 1 <= int(word) <= len(shown):
        return int(word) - 1
    if word in shown:
        return list(shown).index(word)
    raise UserError(f"no {word[:40]} here: there are 1 to {len(shown)}")


def _example(count: int) -> str:
    return " ".join(str(number) for number in range(count, 0, -1))


def _text(said: Sequence[str]) -> str:
    word = "\n".join(said)
    if word == "-":
        return sys.stdin.read(LONGEST_FILE)
    if not word.startswith("@"):
        return word
    try:
        with Path(word[1:]).open(encoding="utf-8") as file:
            return file.read(LONGEST_FILE)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{word[1:]}: cannot be read ({error})") from None


def _judged(asked: Asked, text: str) -> Ran:
    from prep_app.lab.client import LabClient
    from prep_app.practice.code_run import judge_code, ran

    async def alone() -> Ran:
        client = LabClient()
        try:
            return ran(await judge_code(client, asked, text))
        finally:
            await client.close()

    return asyncio.run(alone())
