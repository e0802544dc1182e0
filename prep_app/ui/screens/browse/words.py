"""What Browse says: how much was found, and what a key just did. The changes are on disk before they are said."""

from __future__ import annotations

from textual.content import Content

from prep_app.content.model import Card
from prep_app.memory.days import now
from prep_app.practice.browse import Browse, Finding
from prep_app.ui import phrases


def tally(finding: Finding, size: int) -> Content:
    """37 of 132 cards · kind:numeric; and what of the query was not understood."""
    parts = [f"{finding.total:,} of {size:,} {'card' if size == 1 else 'cards'}"]
    if finding.total > len(finding.cards):
        parts.append(f"the first {len(finding.cards)} are listed")
    notes = "".join(f"\n! {note}" for note in finding.notes[:1])
    return Content.assemble(" · ".join([*parts, *finding.filters]), (notes, "$text-warning"))


def indexing(share: float) -> Content:
    return Content(f"indexing… {phrases.percent(share)}" if share else "indexing…")


def suspend(browse: Browse, card: Card) -> str:
    return "Suspended: never asked" if browse.toggle_suspended(card, now()) else "Back in: asked again"


def mark(browse: Browse, card: Card) -> str:
    return "★ Marked" if browse.toggle_marked(card, now()) else "No longer marked"


def reset(browse: Browse, card: Card) -> str:
    browse.reset(card, now())
    return "New again"
