"""What the journal folded to, kept in cache.db so that a start folds only what is new. It may be lost at any time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from prep_app.cache import no_garbage, open_cache
from prep_app.memory.days import zone
from prep_app.memory.fold import FOLD_VERSION, CardFold
from prep_app.memory.journal import Entry
from prep_app.memory.schedule import Parameters
from prep_app.memory.types import Proof
from prep_app.settings import Settings

_HEAD = "head"
_CARD = "card "  # before a card's id
_CARDS = (_CARD, _CARD.replace(" ", "!"))  # the keys of all cards lie between


@dataclass(slots=True)
class Snapshot:
    """Everything folded from the entries up to number `seq`, whose id is `tip`.

    `stamp` names what else it depends on: with another stamp it was folded from something else, or in another way.
    """

    stamp: list[Any]
    seq: int = 0
    tip: str = ""
    cards: dict[str, CardFold] = field(default_factory=dict)
    proofs: dict[tuple[str, str], Proof] = field(default_factory=dict)
    session: dict[str, Any] | None = None

    def fold_other(self, entry: Entry) -> None:
        """Fold one more entry, which is about no card."""
        data = entry.data
        if entry.kind == "session":
            self.session = {**data, "at": entry.at}
        elif entry.kind == "demo":
            device, seconds = data.get("device", ""), data.get("seconds", 0.0)  # not kept before 0.2
            for check, held in data["checks"].items():
                self.proofs[data["name"], check] = Proof(held, device, seconds, entry.at)


def stamp(settings: Settings, parameters: Parameters) -> list[Any]:
    """What card memory depends on besides the journal."""
    return [FOLD_VERSION, settings.desired_retention, settings.rollover_hour, list(parameters), zone()]


def seen(path: Path) -> tuple[int, str]:
    """Return the number and the id of the last entry that a snapshot was folded from; (0, "") without one."""
    try:
        with closing(open_cache(path)) as cache:
            head = _head(cache)
        return (head["seq"], head["tip"]) if head else (0, "")
    except (sqlite3.Error, OSError, ValueError, KeyError, TypeError):
        return 0, ""


def load(path: Path, stamp: list[Any]) -> Snapshot | None:
    """Return the snapshot kept at `path`, unless there is none with this stamp."""
    try:
        with closing(open_cache(path)) as cache:
            cache.execute("BEGIN")  # both at one moment
            head = _head(cache)
            if head is None or head["stamp"] != stamp:
                return None
            rows = cache.execute("SELECT key, body FROM memory WHERE key > ? AND key < ?", _CARDS)
            held = rows.fetchall()
        with no_garbage():
            folds = json.loads(f"[{','.join([body for _, body in held])}]")  # at once takes half the time of one by one
            cards = {key[len(_CARD) :]: CardFold.from_json(fold) for (key, _), fold in zip(held, folds, strict=True)}
        proofs = {(demo, check): Proof(**proof) for demo, check, proof in head["proofs"]}
        return Snapshot(stamp, head["seq"], head["tip"], cards, proofs, head["session"])
    except (sqlite3.Error, OSError, ValueError, KeyError, TypeError):
        return None  # without a snapshot everything is folded from the journal


def save(path: Path, snapshot: Snapshot, changed: Collection[str], since: int) -> None:
    """Keep a snapshot. Only the cards that `changed` are written where the one kept was folded up to `since`."""
    try:
        with closing(open_cache(path)) as cache:
            cache.execute("BEGIN IMMEDIATE")
            head = _head(cache)
            same = head is not None and head["stamp"] == snapshot.stamp
            if head is not None and same and head["seq"] > snapshot.seq:
                return  # another window has seen more
            if head is None or not same or head["seq"] != since:
                cache.execute("DELETE FROM memory")
                changed = snapshot.cards
            rows = ((_CARD + card, json.dumps(snapshot.cards[card].to_json())) for card in changed)
            cache.executemany("INSERT OR REPLACE INTO memory VALUES (?, ?)", rows)
            body = {
                "stamp": snapshot.stamp,
                "seq": snapshot.seq,
                "tip": snapshot.tip,
                "proofs": [[*key, asdict(proof)] for key, proof in snapshot.proofs.items()],
                "session": snapshot.session,
            }
            cache.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", (_HEAD, json.dumps(body)))
            cache.execute("COMMIT")
    except (sqlite3.Error, OSError):
        return  # it costs time at the next start, nothing else


def _head(cache: sqlite3.Connection) -> Mapping[str, Any] | None:
    row = cache.execute("SELECT body FROM memory WHERE key = ?", (_HEAD,)).fetchone()
    return json.loads(row[0]) if row else None
