"""How the checks of demos last came out on this machine."""

from __future__ import annotations

from prep_app.memory.journal import Entry
from prep_app.memory.types import Proof

Proofs = dict[tuple[str, str], Proof]  # by demo and check


def proofs_of(entry: Entry) -> Proofs:
    """How a demo's checks came out, where an entry tells of that."""
    if entry.kind != "demo":
        return {}
    data = entry.data
    device, seconds = data.get("device", ""), data.get("seconds", 0.0)  # not kept before 0.2
    return {(data["name"], check): Proof(held, device, seconds, entry.at) for check, held in data["checks"].items()}
