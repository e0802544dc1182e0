"""Every card as an Anki deck: the note, the pictures, where FSRS stands with it, and its reviews."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anki.cards_pb2 import FsrsMemoryState
from anki.collection import AddNoteRequest, Collection, ExportAnkiPackageOptions
from anki.consts import (
    CARD_TYPE_LRN,
    CARD_TYPE_RELEARNING,
    CARD_TYPE_REV,
    QUEUE_TYPE_LRN,
    QUEUE_TYPE_REV,
    QUEUE_TYPE_SUSPENDED,
)

from prep_app.content.model import CardId, DemoLink, Library, Question
from prep_app.errors import UserError
from prep_app.interop.anki.collection import anki_errors, collection_in, working_folder
from prep_app.interop.anki.history import LogRow, log_rows
from prep_app.interop.anki.markup import Markup, formulas_in
from prep_app.interop.anki.note import note_of
from prep_app.interop.anki.notetype import BASIC, CLOZE, add_notetypes
from prep_app.interop.anki.pictures import picture_name, pictures
from prep_app.interop.anki.reader import GUID, MARKED
from prep_app.memory import days
from prep_app.memory.days import DAY, study_day
from prep_app.memory.fold import standing
from prep_app.memory.journal import Entry
from prep_app.memory.store import Memory
from prep_app.memory.types import Learned
from prep_app.settings import Settings

if TYPE_CHECKING:  # Anki's modules import each other: only its collection can be imported first
    from anki.cards import Card as AnkiCard
    from anki.notes import Note as AnkiNote

Say = Callable[[str], None]
AT_ONCE = 500  # notes added in one go


@dataclass(frozen=True, slots=True)
class Exported:
    """`other_reviews`, left out, are of cards that no pack holds any more, or lie more than a day ahead.

    `failed` has a line for each demo without a picture.
    """

    cards: int
    reviews: int
    pictures: int
    other_reviews: int
    failed: tuple[str, ...]


def export_package(
    library: Library, folders: Sequence[Path], memory: Memory, path: Path, say: Say, *, with_pictures: bool = True
) -> Exported:
    """Write the deck to `path`, which it replaces; `say` is told how far it is.

    `folders` are the packs', for the LaTeX that the library has turned into letters.
    Raises UserError where `path` cannot be written.
    """
    cards = list(library.cards.values())
    drawn: dict[str, str] = {}
    failed: list[str] = []
    if with_pictures:
        drawn, failed = asyncio.run(pictures((card.demo for card in cards if card.demo), say))
    say(f"writing {len(cards):,} cards")
    with working_folder() as folder, anki_errors(path, "not written"):
        add_notetypes(folder)  # Anki reads them anew when the collection is opened again
        with collection_in(folder) as collection:
            for name, picture in drawn.items():
                collection.media.write_data(name, picture.encode())
            notes = _add_notes(collection, library, memory, Markup(formulas_in(folders)), drawn)
            reviews, others = _add_memory(collection, library, memory, notes)
            made = folder / "made.apkg"
            options = ExportAnkiPackageOptions(with_scheduling=True, with_media=True)
            collection.export_anki_package(out_path=str(made), options=options, limit=None)
        _put(made, path)
    return Exported(len(cards), reviews, len(drawn), others, tuple(failed))


def _put(made: Path, path: Path) -> None:
    """Move the finished file to its place, so that there is never half a deck."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        shutil.copyfile(made, beside)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UserError(f"{path}: cannot be written ({error.strerror}); name another place") from None


def _add_notes(
    collection: Collection, library: Library, memory: Memory, markup: Markup, drawn: Mapping[str, str]
) -> dict[CardId, AnkiNote]:
    def picture(link: DemoLink) -> str:
        name = picture_name(link)
        return name if name in drawn else ""

    notes: dict[CardId, AnkiNote] = {}
    requests: list[AddNoteRequest] = []
    models = {number: collection.models.get(number) for number in (BASIC, CLOZE)}
    for pack in library.packs:
        for question in pack.questions:
            deck = collection.decks.id(f"{_in_a_name(pack.title)}::{_in_a_name(_called(question))}")
            for card in question.cards:
                laid_out = note_of(card, question, markup, picture)
                model = models[CLOZE if laid_out.cloze else BASIC]
                assert model is not None
                note = collection.new_note(model)
                note.guid = GUID.format(card.id)  # the same at every export: Anki brings its note up to date
                note.fields = list(laid_out.fields)
                marked = memory.flags(card.id).marked
                note.tags = [*laid_out.tags, *([MARKED] if marked else [])]
                notes[card.id] = note
                requests.append(AddNoteRequest(note=note, deck_id=deck))
    for start in range(0, len(requests), AT_ONCE):
        collection.add_notes(requests[start : start + AT_ONCE])
    return notes


def _called(question: Question) -> str:
    """Q4 LoRA; but a question that came out of Anki goes by its title, since its id was made up."""
    return question.title if question.id.startswith(f"{question.pack}-") else f"{question.id} {question.title}"


def _in_a_name(title: str) -> str:
    """A title as a deck's name; Anki takes :: for a deck in a deck."""
    return title.replace("::", ": ").strip()


def _add_memory(
    collection: Collection, library: Library, memory: Memory, notes: Mapping[CardId, AnkiNote]
) -> tuple[int, int]:
    """Give each card its state and its reviews. Returns how many reviews, and how many belong to no card here."""
    assert collection.db is not None
    by_card: dict[str, list[Entry]] = defaultdict(list)
    for entry in standing(memory.history()):
        by_card[entry.card or ""].append(entry)
    cards_of = dict(collection.db.execute("SELECT nid, id FROM cards"))
    taken: set[int] = set()
    log: list[list[int]] = []
    changed = []
    now = days.now()
    today = study_day(now, memory.settings.rollover_hour)
    others = 0
    for ident, note in notes.items():
        card = library.cards[ident]
        entries = by_card.pop(ident, [])
        rows = log_rows(entries, card.revision, memory.settings, memory.parameters)
        fit = [row for row in rows if row.at < now + DAY]  # Anki exports no collection that has been in the future
        others += sum(row.ease > 0 for row in rows) - sum(row.ease > 0 for row in fit)
        log += [_log_line(row, cards_of[note.id], taken) for row in fit]
        state, suspended = memory.state(ident, card.revision), memory.flags(ident).suspended
        if isinstance(state, Learned) or suspended:
            held = collection.get_card(cards_of[note.id])
            if isinstance(state, Learned):
                _remember(held, state, memory.settings, collection.sched.today - today)
            if suspended:
                held.queue = QUEUE_TYPE_SUSPENDED
            changed.append(held)
    collection.update_cards(changed)
    collection.db.executemany("INSERT INTO revlog VALUES (?, ?, -1, ?, ?, ?, ?, ?, ?)", log)
    others += sum(entry.kind == "review" for entries in by_card.values() for entry in entries)
    return sum(line[2] > 0 for line in log), others


def _remember(held: AnkiCard, state: Learned, settings: Settings, days_off: int) -> None:
    """Where FSRS stands, and when it is due. Anki counts days from its own first one, `days_off` from prep's."""
    held.memory_state = FsrsMemoryState(stability=state.stability, difficulty=state.difficulty)
    held.desired_retention, held.decay = settings.desired_retention, state.decay
    held.last_review_time = state.last_ms // 1000
    held.reps, held.lapses = state.reviews, state.lapses
    held.ivl = max(1, round(state.interval_days))
    if state.learning:
        held.type, held.queue = CARD_TYPE_RELEARNING if state.lapses else CARD_TYPE_LRN, QUEUE_TYPE_LRN
        held.due, held.left = state.due_ms // 1000, 1
    else:
        held.type, held.queue = CARD_TYPE_REV, QUEUE_TYPE_REV
        held.due = study_day(state.due_ms, settings.rollover_hour) + days_off


def _log_line(row: LogRow, card: int, taken: set[int]) -> list[int]:
    """A line of the review log, which goes by its time in milliseconds: no two lines have the same."""
    at = row.at
    while at in taken:
        at += 1
    taken.add(at)
    return [at, card, row.ease, row.interval, row.last_interval, row.factor, row.took, row.kind]
