"""prep import: a deck or collection of Anki's, reviews as CSV, or JSON from prep export, by the file's ending."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from prep_app import paths
from prep_app.commands.shelf import Shelf, opened
from prep_app.errors import UserError
from prep_app.ui.phrases import plural

DECKS, TABLES = (".apkg", ".colpkg"), (".csv", ".json")


def run(options: Namespace) -> int:
    path = Path(options.file)
    ending = path.suffix.lower()
    if ending not in DECKS + TABLES:
        raise UserError(f"{path}: prep reads files that end in {', '.join(DECKS + TABLES)}")
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    with opened(options) as shelf:
        body, lines, sound = _deck(shelf, path, options) if ending in DECKS else _rows(shelf, path, ending)
    print(json.dumps({"file": str(path), **body}, ensure_ascii=False) if options.json else "\n".join(lines))
    return 0 if sound else 1


def _deck(shelf: Shelf, path: Path, options: Namespace) -> tuple[dict[str, Any], list[str], bool]:
    from prep_app.commands.progress import Progress
    from prep_app.interop.anki.collection import require_anki

    require_anki(f"prep import {path.name}")
    from prep_app.interop.anki.importing import import_package

    with Progress() as progress:
        done = import_package(paths.home(options.home), shelf.library, shelf.memory, path, progress.say)
    body = {
        "packs": [str(pack.folder) for pack in done.packs],
        "cards": sum(pack.cards for pack in done.packs),
        "known": done.known,
        "reviews": done.reviews,
        "known_reviews": done.known_reviews,
        "left_out": done.left_out,
    }
    lines = [f"{pack.folder}: {plural(pack.cards, 'card')}, {plural(pack.media, 'file')} beside" for pack in done.packs]
    lines += [f"{plural(done.known, 'card')} there already"] if done.known else []
    there = f", {done.known_reviews:,} there already" if done.known_reviews else ""
    lines += [f"{plural(done.reviews, 'review')} added{there}"]
    lines += [f"left out: {plural(count, 'card')} {why}" for why, count in done.left_out.items()]
    return body, lines, True


def _rows(shelf: Shelf, path: Path, ending: str) -> tuple[dict[str, Any], list[str], bool]:
    from prep_app.interop.tables import import_csv, import_json

    reader = import_csv if ending == ".csv" else import_json
    done = reader(shelf.library, shelf.memory, shelf.settings, path)
    body = {"added": done.added, "known": done.known, "problems": list(done.problems)}
    if done.problems:
        return body, [*done.problems, "nothing was added"], False
    there = f", {done.known:,} there already" if done.known else ""
    return body, [f"{done.added:,} added{there}"], True
