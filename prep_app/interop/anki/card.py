"""A card of Anki's as a card of a pack, or why it cannot be one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from prep_app.content.model import CardId
from prep_app.interop.anki import html
from prep_app.interop.anki.html import Unreadable
from prep_app.interop.anki.reader import GUID, MARKED, AnkiCard
from prep_app.text import printable

MOST_GAPS = 9
LONGEST_GAP = 80  # characters; nobody types more into a sentence
MOST_POINTS = 12
LONGEST_POINT = 160
LONGEST_TOPIC = 60
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}\Z")
_ITEM = re.compile(r"[ \t]*(?:-|\d+\.)[ \t]+(.+)")


@dataclass(frozen=True, slots=True)
class Made:
    """A card as a pack's YAML has it, and the pictures and sounds it mentions."""

    card: dict[str, Any]
    media: tuple[str, ...]


class Unfit(Exception):
    """Why a card was left out, to be read after "3 cards"."""


def card_id(card: AnkiCard) -> CardId:
    """prep's own id where prep exported it; else one that follows from the note, the same at every import.

    A note that was copied in Anki, or has been given more cards there, is somebody's own.
    """
    if card.guid == GUID.format(card.prep_id) and card.place == 0 and _NAME.match(card.prep_id):
        return CardId(card.prep_id)
    short = blake2b(card.guid.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return CardId(f"anki-{short}" + (f"-{card.place + 1}" if card.place else ""))


def card_of(card: AnkiCard) -> Made:
    """Raises Unfit where prep cannot ask it."""
    if card.unfit:
        raise Unfit(card.unfit)
    try:
        front, back = html.plain(card.front), html.markdown(card.back)
        gapped = html.with_gaps(card.front) if card.cloze else None
        points = _key_points(html.plain(card.back).text)
    except Unreadable:
        raise Unfit("whose HTML is too tangled to read") from None
    if not front.text:
        raise Unfit("with an empty front")
    made: dict[str, Any] = {"id": str(card_id(card)), "kind": "recall", "topic": topic(card.deck)}
    if gapped is not None and _can_be_typed(gapped.gaps):
        made |= {"kind": "cloze", "prompt": gapped.text, "gaps": [{"accept": [gap]} for gap in gapped.gaps]}
        made |= {"answer": back.text} if back.text else {}
    elif not back.text:
        raise Unfit("with an empty back")
    else:
        made |= {"prompt": front.text, "answer": back.text, "key_points": points or [back.text[:LONGEST_POINT]]}
    if tags := _tags(card.tags):
        made["tags"] = tags
    return Made(made, tuple(dict.fromkeys([*front.media, *back.media])))


def topic(deck: str) -> str:
    """The last part of a deck's name."""
    line = " ".join(printable(deck.rsplit("::", 1)[-1]).split())
    return line[:LONGEST_TOPIC].strip() or "Anki"


def _can_be_typed(gaps: tuple[str, ...]) -> bool:
    return 1 <= len(gaps) <= MOST_GAPS and all(map(_short, gaps))


def _short(gap: str) -> bool:
    """Whether a gap can be typed: one line, some letter or digit, no formula and no picture."""
    plain = len(gap) <= LONGEST_GAP and not re.search(r"[\n$]|\[picture: |\[sound: ", gap)
    return plain and any(each.isalnum() for each in gap)


def _key_points(answer: str) -> list[str]:
    """What a learner ticks: the items of the answer's lists, or its first line."""
    lines = [line for line in answer.splitlines() if line.strip() and not line.startswith("```")]
    items = [found[1].strip() for line in lines if (found := _ITEM.match(line))]
    points = items[:MOST_POINTS] or [line.strip() for line in lines[:1]]
    return [point if len(point) <= LONGEST_POINT else point[: LONGEST_POINT - 1] + "…" for point in points]


def _tags(tags: tuple[str, ...]) -> list[str]:
    named = (re.sub(r"[^A-Za-z0-9_.-]+", "-", tag).strip("-_.")[:80] for tag in tags if tag.lower() != MARKED)
    return [name for name in dict.fromkeys(named) if _NAME.match(name)]
