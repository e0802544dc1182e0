"""A deck of Anki's into prep: its cards as packs, its reviews into the journal. Importing it twice adds nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from prep_app.content.model import Library
from prep_app.interop.anki.card import Made, Unfit, card_id, card_of
from prep_app.interop.anki.history import EARLIEST, Known, journal_rows, plausible, row
from prep_app.interop.anki.pack import Written, write_pack
from prep_app.interop.anki.reader import MARKED, AnkiCard, opened_package
from prep_app.memory import days
from prep_app.memory.journal import NewRow
from prep_app.memory.store import Memory
from prep_app.paths import Home

Say = Callable[[str], None]
Decks = dict[str, dict[str, list[Made]]]  # by the first part of a deck's name, then by all of it


@dataclass(frozen=True, slots=True)
class Imported:
    """`known` cards were in a pack, and `known_reviews` in the journal, already. `left_out` are cards, by why."""

    packs: tuple[Written, ...]
    known: int
    reviews: int
    known_reviews: int
    left_out: dict[str, int]


def import_package(home: Home, library: Library, memory: Memory, path: Path, say: Say) -> Imported:
    """Take in the deck (.apkg) or collection (.colpkg) at `path`; `say` is told how far it is.

    Raises UserError where it cannot be read, is made to do harm, or the disk refuses.
    """
    say(f"reading {path.name}")
    now = days.now()
    left_out: Counter[str] = Counter()
    with opened_package(path) as package:
        known = [card for card in package.cards if card_id(card) in library.cards]
        new = [card for card in package.cards if card_id(card) not in library.cards]
        decks = _sorted_out(new, left_out, say)
        packs = tuple(
            write_pack(_title(top, path), inner, package.media, home.packs, library) for top, inner in decks.items()
        )
    refused = {ident for pack in packs for ident in pack.refused}
    left_out.update(["which prep check refuses"] * len(refused))
    made = {made.card["id"] for inner in decks.values() for cards in inner.values() for made in cards} - refused
    taken = [*known, *(card for card in package.cards if card_id(card) in made)]
    rows = list(_rows(taken, library, memory, now))
    memory.add(rows)
    reviews = sum(kind == "review" for _, _, kind, _, _ in rows)
    there = sum(1 <= review.ease <= 4 and plausible(review, now) for card in taken for review in card.reviews)
    return Imported(tuple(pack for pack in packs if pack.cards), len(known), reviews, there - reviews, dict(left_out))


def _sorted_out(cards: Sequence[AnkiCard], left_out: Counter[str], say: Say) -> Decks:
    decks: Decks = {}
    seen: set[str] = set()
    for number, card in enumerate(cards):
        if number % 500 == 0:
            say(f"card {number:,} of {len(cards):,}")
        try:
            made = card_of(card)
            if made.card["id"] in seen:
                raise Unfit("which are there twice")
        except Unfit as unfit:
            left_out[str(unfit)] += 1
            continue
        seen.add(made.card["id"])
        decks.setdefault(card.deck.split("::")[0], {}).setdefault(card.deck, []).append(made)
    return decks


def _title(top: str, path: Path) -> str:
    """What the pack of a deck is called; Anki's own deck is called Default in every collection."""
    return path.stem if top.strip() in ("", "Default") else top


def _rows(cards: Sequence[AnkiCard], library: Library, memory: Memory, now: int) -> Iterator[NewRow]:
    """What the journal lacks: reviews, then who is suspended and who marked."""
    known = Known(memory.history())
    for card in cards:
        ident = card_id(card)
        held = library.cards.get(ident)
        yield from journal_rows(ident, held.revision if held else 1, card.reviews, known, now)
        last = max([EARLIEST, card.made, *(review.at for review in card.reviews if plausible(review, now))])
        flags = memory.flags(ident)
        if card.suspended and not flags.suspended:
            yield row("suspend", min(last + 1, now), ident, {})
        if MARKED in map(str.lower, card.tags) and not flags.marked:
            yield row("mark", min(last + 1, now), ident, {})
