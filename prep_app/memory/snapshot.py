"""Everything that the journal folds to, at once; `folded` is where it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from prep_app.memory.days import zone
from prep_app.memory.fold import FOLD_VERSION, CardFold
from prep_app.memory.journal import Entry
from prep_app.memory.schedule import Parameters
from prep_app.memory.types import Proof
from prep_app.settings import Settings

Proofs = dict[tuple[str, str], Proof]


@dataclass(slots=True)
class Snapshot:
    """Everything folded from the entries up to number `seq`, whose id is `tip`.

    `stamp` names what else it depends on: with another stamp it was folded from something else, or in another way.
    """

    stamp: list[Any]
    seq: int = 0
    tip: str = ""
    cards: dict[str, CardFold] = field(default_factory=dict)
    proofs: Proofs = field(default_factory=dict)

    def fold_other(self, entry: Entry) -> None:
        """Fold one more entry, which is about no card."""
        self.proofs |= proofs_of(entry)


def proofs_of(entry: Entry) -> Proofs:
    """How a demo's checks came out, where an entry tells of that."""
    if entry.kind != "demo":
        return {}
    data = entry.data
    device, seconds = data.get("device", ""), data.get("seconds", 0.0)  # not kept before 0.2
    return {(data["name"], check): Proof(held, device, seconds, entry.at) for check, held in data["checks"].items()}


def stamp(settings: Settings, parameters: Parameters) -> list[Any]:
    """What card memory depends on besides the journal."""
    return [FOLD_VERSION, settings.desired_retention, settings.rollover_hour, list(parameters), zone()]
