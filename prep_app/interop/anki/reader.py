"""A deck or a whole collection of Anki's as plain data: what each card shows, and how it was answered."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anki.collection import ImportAnkiPackageOptions, ImportAnkiPackageRequest
from anki.consts import MODEL_CLOZE, QUEUE_TYPE_SUSPENDED
from anki.errors import AnkiException
from anki.notetypes_pb2 import StockNotetype

from prep_app.interop.anki.archive import checked_copy
from prep_app.interop.anki.collection import anki_errors, collection_in, working_folder

if TYPE_CHECKING:
    from anki.collection import Collection

ID_FIELD = "prep id"  # the field of a note that prep exported which says whose card it is
GUID = "prep:{}"  # the guid of a note that prep exported, with the card's id in it
MARKED = "marked"  # Anki's own tag for a note that was starred
LONGEST_NOTE = 64 << 10  # characters of all its fields
OCCLUSION = StockNotetype.OriginalStockKind.ORIGINAL_STOCK_KIND_IMAGE_OCCLUSION
_ANSWER = re.compile(r"<hr[^>]*\bid=[\"']?answer\b[^>]*>", re.IGNORECASE)
_TYPED = re.compile(r"\[\[type:(?:cloze:|nc:)*([^\]]*)\]\]")


@dataclass(frozen=True, slots=True)
class Review:
    """A line of Anki's review log. `at` is UTC ms, `took` ms; `ease` is 1 to 4, and 0 where nobody answered."""

    at: int
    ease: int
    factor: int
    kind: int
    took: int


@dataclass(frozen=True, slots=True)
class AnkiCard:
    """A card as Anki shows it, in HTML. `unfit` says why prep cannot ask it; `front` and `back` are empty then."""

    guid: str  # of its note, the same in every collection
    place: int  # among the cards of its note, from 0
    made: int  # UTC ms
    deck: str  # A::B
    tags: tuple[str, ...]
    suspended: bool
    cloze: bool
    prep_id: str
    reviews: tuple[Review, ...]
    front: str = ""
    back: str = ""
    unfit: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    cards: tuple[AnkiCard, ...]
    media: Path  # the folder of its pictures and sounds


@contextmanager
def opened_package(path: Path) -> Iterator[Package]:
    """What is in the deck (.apkg) or collection (.colpkg) at `path`; its media are there until the end.

    Raises UserError where it cannot be read, or is made to do harm.
    """
    with working_folder() as folder:
        checked = checked_copy(path, folder)
        media = folder / "collection.media"
        with anki_errors(path, "Anki cannot read it"):
            if checked.suffix == ".colpkg":
                _restore(checked, folder)
            with collection_in(folder) as collection:
                if checked.suffix == ".apkg":
                    options = ImportAnkiPackageOptions(with_scheduling=True)
                    collection.import_anki_package(ImportAnkiPackageRequest(package_path=str(checked), options=options))
                cards = tuple(_cards(collection))
        yield Package(cards, media)


def _restore(checked: Path, folder: Path) -> None:
    from anki._backend import RustBackend  # a collection restores another only through its backend

    media = folder / "collection.media"
    media.mkdir()
    RustBackend().import_collection_package(
        col_path=str(folder / "collection.anki2"),
        backup_path=str(checked),
        media_folder=str(media),
        media_db=str(folder / "collection.media.db2"),
    )


def _cards(collection: Collection) -> Iterator[AnkiCard]:
    assert collection.db is not None
    types = {model["id"]: model for model in collection.models.all()}
    decks = {deck.id: deck.name for deck in collection.decks.all_names_and_ids(include_filtered=True)}
    reviews = _reviews(collection)
    query = (
        "SELECT c.id, c.ord, c.queue, CASE c.odid WHEN 0 THEN c.did ELSE c.odid END, "
        "CAST(n.guid AS TEXT), n.mid, CAST(n.tags AS TEXT), "
        "CASE WHEN length(n.flds) <= ? THEN n.flds END FROM cards c JOIN notes n ON n.id = c.nid ORDER BY n.id, c.ord"
    )
    for ident, place, queue, deck, guid, model_id, tags, fields in collection.db.execute(query, LONGEST_NOTE):
        model = types.get(model_id)
        named = _named(model, fields)
        yield AnkiCard(
            guid=guid,
            place=place,
            made=ident,
            deck=decks.get(deck, ""),
            tags=tuple(tags.split()),
            suspended=queue == QUEUE_TYPE_SUSPENDED,
            cloze=model is not None and model["type"] == MODEL_CLOZE,
            prep_id=named.get(ID_FIELD, ""),
            reviews=tuple(reviews.get(ident, ())),
            **_shown(collection, ident, model, named),
        )


def _reviews(collection: Collection) -> Mapping[int, list[Review]]:
    assert collection.db is not None
    by_card: dict[int, list[Review]] = defaultdict(list)
    whole = ", ".join(f"CAST({column} AS INTEGER)" for column in ("cid", "id", "ease", "factor", "type", "time"))
    for card, *row in collection.db.execute(f"SELECT {whole} FROM revlog ORDER BY id"):
        by_card[card].append(Review(*row))
    return by_card


def _named(model: Mapping[str, Any] | None, fields: str | None) -> dict[str, str]:
    if model is None or fields is None:
        return {}
    return dict(zip((field["name"] for field in model["flds"]), fields.split("\x1f"), strict=False))


def _shown(
    collection: Collection, ident: int, model: Mapping[str, Any] | None, fields: dict[str, str]
) -> dict[str, str]:
    """What the card shows; or why not, as `unfit`."""
    if not fields:
        return {"unfit": f"longer than {LONGEST_NOTE >> 10} KiB" if model else "of no type of note"}
    if model is not None and model.get("originalStockKind") == OCCLUSION:
        return {"unfit": "with parts of a picture hidden, which a terminal cannot show"}
    try:
        # Rendered by Anki's backend itself: its Python layer would run latex on what the deck holds.
        shown = collection._backend.render_existing_card(card_id=ident, browser=False, partial_render=False)
    except AnkiException:
        return {"unfit": "whose template Anki itself cannot read"}
    if shown.is_empty:
        return {"unfit": "with an empty front"}
    front = "".join(node.text for node in shown.question_nodes)
    back = "".join(node.text for node in shown.answer_nodes)
    back = _ANSWER.split(back, maxsplit=1)[-1].removeprefix(front)
    back = _TYPED.sub(lambda found: fields.get(found[1], ""), back)
    return {"front": _TYPED.sub("", front), "back": back}
