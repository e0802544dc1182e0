"""Reviews and cards as CSV and JSON, and back. The columns are documented in docs/data.md; keep both in step."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from prep_app.content.model import Card, Library
from prep_app.errors import UserError
from prep_app.interop.intake import Imported, Intake
from prep_app.interop.review_rows import COLUMNS, NEEDED, Cell, Row, iso, review_rows
from prep_app.memory.days import now
from prep_app.memory.schedule import recall
from prep_app.memory.store import Memory
from prep_app.memory.types import Learned
from prep_app.settings import Settings

What = Literal["reviews", "cards"]
VERSION = 1  # of the JSON; raise it when an older prep could not read it
CARD_COLUMNS = (
    *("card", "question", "topic", "kind", "prompt", "tags", "level", "revision", "state", "due", "last"),
    *("interval_days", "stability", "difficulty", "recall", "reviews", "lapses", "answers"),
    *("marked", "suspended", "buried"),
)
_FORMULA = re.compile("'*[=+\\-@\t\r]")  # a spreadsheet would run what begins so
_BLANK = re.compile(r"[ \t\r\n]*")


# Out


def export_csv(library: Library, memory: Memory, settings: Settings, path: Path, what: What) -> int:
    """Write the reviews that stand, or every card and how well it is known. Returns how many rows.

    Raises UserError where `path` cannot be written.
    """
    columns = COLUMNS if what == "reviews" else CARD_COLUMNS
    rows = list(review_rows(library, memory, settings) if what == "reviews" else card_rows(library, memory))
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None
    return len(rows)


def export_json(library: Library, memory: Memory, settings: Settings, path: Path) -> int:
    """Write reviews, cards and the whole journal. Returns how many journal entries.

    Raises UserError where `path` cannot be written.
    """
    journal = [
        {"id": entry.id, "at": entry.at, "kind": entry.kind, "card": entry.card, "data": _json(dict(entry.data))}
        for entry in memory.entries()
    ]
    head = {"prep": VERSION, "exported": iso(now())}
    lists = {"reviews": review_rows(library, memory, settings), "cards": card_rows(library, memory), "journal": journal}
    try:
        with path.open("w", encoding="utf-8") as file:
            file.write("{" + ", ".join(f'"{name}": {_json(value)}' for name, value in head.items()))
            for name, rows in lists.items():  # one a line, so that a fault has a line and a diff is short
                file.write(f',\n"{name}": [\n' + ",\n".join(map(_json, rows)) + "\n]")
            file.write("}\n")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None
    return len(journal)


def card_rows(library: Library, memory: Memory) -> Iterator[Row]:
    """Every card of the packs, and how well it is known now."""
    at = now()
    return (_card_row(card, memory, at) for card in library.cards.values())


def _card_row(card: Card, memory: Memory, at: int) -> Row:
    state, flags = memory.state(card.id, card.revision), memory.flags(card.id, at)
    held = state if isinstance(state, Learned) else None
    return {
        "card": card.id,
        "question": card.question,
        "topic": card.topic,
        "kind": card.body.kind,
        "prompt": card.headline,
        "tags": " ".join(card.tags),
        "level": card.difficulty,
        "revision": card.revision,
        "state": "new" if held is None else "learning" if held.learning else "due" if held.due_ms <= at else "known",
        "due": iso(held.due_ms) if held else None,
        "last": iso(held.last_ms) if held else None,
        "interval_days": round(held.interval_days, 4) if held else None,
        "stability": round(held.stability, 4) if held else None,
        "difficulty": round(held.difficulty, 4) if held else None,
        "recall": round(recall(state, at), 4),
        "reviews": held.reviews if held else 0,
        "lapses": held.lapses if held else 0,
        "answers": memory.answers(card.id),
        "marked": flags.marked,
        "suspended": flags.suspended,
        "buried": flags.buried,
    }


# In


def import_csv(library: Library, memory: Memory, settings: Settings, path: Path) -> Imported:
    """Add the reviews in `path`; with a bad row nothing is added. Raises UserError where it cannot be read."""
    text = _read(path)
    head = text.partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","  # as some spreadsheets have it
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, Row]] = []
    try:
        columns = [name.strip().lower() for name in next(reader, [])]
        _refuse_columns(path, columns)
        start = reader.line_num + 1
        for cells in reader:
            if any(cells):
                fits = len(cells) == len(columns)
                rows.append((start, dict(zip(columns, map(_plain, cells), strict=True)) if fits else {}))
            start = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path}:{reader.line_num}: not CSV ({error}); see docs/data.md") from None
    return Intake(library, memory, settings, path).reviews(rows)


def import_json(library: Library, memory: Memory, settings: Settings, path: Path) -> Imported:
    """Add the journal, or else the reviews, in `path`; with a bad entry nothing is added.

    Raises UserError where it cannot be read.
    """
    text = _read(path)
    try:
        body = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        line, why = getattr(error, "lineno", 1), getattr(error, "msg", "nested too deep")
        raise UserError(f"{path}:{line}: not JSON ({why})") from None
    if not isinstance(body, dict | list):
        raise UserError(f"{path}: holds no reviews; see docs/data.md")
    version = body.get("prep", VERSION) if isinstance(body, dict) else VERSION
    if version != VERSION:
        raise UserError(f"{path}: written by another prep (format {_json(version)[:20]}); update prep")
    intake = Intake(library, memory, settings, path)
    if isinstance(body, dict) and "journal" in body:
        return intake.entries(list(_rows(path, text, "journal")))
    return intake.reviews(list(_rows(path, text, "reviews")))


# Files


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None


def _refuse_columns(path: Path, columns: Sequence[str]) -> None:
    missing = [name for name in NEEDED if name not in columns]
    missing += [] if {"rating", "grade"} & set(columns) else ["rating"]
    if missing:
        cards = "; cards come from packs (prep new-pack)" if "due" in columns else ""
        raise UserError(f"{path}:1: no column {', '.join(missing)}; reviews have time, card and rating{cards}")
    twice = [name for name, count in Counter(columns).items() if count > 1 and name in COLUMNS]
    if twice:
        raise UserError(f"{path}:1: column {twice[0]} stands there twice; take one out")


def _rows(path: Path, text: str, section: str) -> Iterator[tuple[int, Any]]:
    """Every row of a list in sound JSON, the list itself or one of an object's, with the line it begins on."""
    decode = json.JSONDecoder().raw_decode

    def skip(at: int) -> int:
        found = _BLANK.match(text, at)
        return found.end() if found else at

    at = skip(0)
    if text[at] == "{":
        key, at = "", skip(at + 1)
        while key != section and text[at] != "}":
            key, at = decode(text, at)
            at = skip(skip(at) + 1)  # past the colon
            if key != section:
                _, at = decode(text, at)
                at = skip(at + 1) if text[at := skip(at)] == "," else at
    if text[at] != "[":
        raise UserError(f'{path}: holds no list of "reviews" and no "journal"; see docs/data.md')
    line, seen, at = 1, 0, skip(at + 1)
    while text[at] != "]":
        line, seen = line + text.count("\n", seen, at), at
        row, at = decode(text, at)
        yield line, row
        at = skip(at + 1) if text[at := skip(at)] == "," else at


def _cell(value: Cell) -> Cell:
    """A cell fit for a spreadsheet, which takes a text that begins like a formula for one."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _plain(cell: str) -> str:
    """What `_cell` was made from."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
