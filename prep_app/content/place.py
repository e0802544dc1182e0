"""Where a card stands in its pack's YAML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from prep_app.content.folder import snapshot
from prep_app.content.model import Card
from prep_app.content.yaml_text import parse


@dataclass(frozen=True, slots=True)
class Place:
    path: Path
    line: int  # from 1


def place_of(card: Card, folders: Iterable[Path]) -> Place | None:
    """Find the card in the files of `folders` as they are now; None when no file holds it any more.

    Reads and parses YAML: call it in a thread.
    """
    for folder in folders:
        for held in snapshot(folder).files:
            if card.id.encode() not in held.raw:
                continue
            parsed = parse(held.raw)
            data = parsed.data if isinstance(parsed.data, dict) else {}
            listed = data.get("cards") if data.get("id") == card.question else None
            for index, each in enumerate(listed if isinstance(listed, list) else ()):
                if isinstance(each, dict) and each.get("id") == card.id:
                    return Place(held.path, parsed.place(("cards", index))[0])
    return None
