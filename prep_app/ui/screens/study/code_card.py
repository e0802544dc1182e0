"""A code card's function: what the learner begins with, and what the demo's own program has there."""

from __future__ import annotations

import asyncio

from prep_app.content.body import Code
from prep_app.content.model import Card


async def to_mend(card: Card) -> str:
    """The function with its slip, or without its body; nothing for other kinds of card."""
    body, link = card.body, card.demo
    if not isinstance(body, Code) or link is None:
        return ""
    from prep_app.lab.catalogue import blank, function_source

    if body.mistake:
        return await asyncio.to_thread(function_source, link.name, body.function, body.mistake)
    return await asyncio.to_thread(blank, link.name, body.function)


async def solution(card: Card) -> str:
    """The function as the demo has it; nothing for other kinds of card."""
    body, link = card.body, card.demo
    if not isinstance(body, Code) or link is None:
        return ""
    from prep_app.lab.catalogue import function_source

    return await asyncio.to_thread(function_source, link.name, body.function)
