"""prep export: a deck for Anki, a table for a spreadsheet, or everything as JSON, by the file's ending."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from prep_app import paths
from prep_app.commands.shelf import Shelf, opened
from prep_app.errors import UserError

Done = tuple[dict[str, Any], list[str]]  # for --json, and as lines


def run(options: Namespace) -> int:
    path = Path(options.file)
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise UserError(f"{path}: name a file that ends in {', '.join(_WRITERS)}")
    if not path.parent.is_dir():
        raise UserError(f"{path.parent}: no such folder; make it, or name another place")
    with opened(options) as shelf:
        body, lines = writer(shelf, path, options)
    print(json.dumps({"file": str(path), **body}, ensure_ascii=False) if options.json else "\n".join(lines))
    return 0


def _deck(shelf: Shelf, path: Path, options: Namespace) -> Done:
    from prep_app.commands.progress import Progress
    from prep_app.content.library import folders_for
    from prep_app.interop.anki.collection import require_anki

    require_anki(f"prep export {path.name}")
    from prep_app.interop.anki.exporting import export_package

    folders = folders_for(paths.home(options.home))
    with Progress() as progress:
        done = export_package(
            shelf.library, folders, shelf.memory, path, progress.say, with_pictures=not options.no_pictures
        )
    body = {"cards": done.cards, "reviews": done.reviews, "pictures": done.pictures}
    lines = [f"Wrote {path}: {done.cards:,} cards, {done.reviews:,} reviews, {done.pictures} pictures"]
    lines += [f"  no picture of {line}" for line in done.failed]
    if done.other_reviews:
        lines.append(f"  left out: {done.other_reviews:,} reviews of cards that no pack here has, or of days to come")
    lines.append("  In Anki: File, Import; to have it schedule as prep does, turn FSRS on in the deck's options")
    return {**body, "failed": list(done.failed), "other_reviews": done.other_reviews}, lines


def _table(shelf: Shelf, path: Path, options: Namespace) -> Done:
    from prep_app.interop.tables import export_csv

    what: Any = "cards" if options.cards else "reviews"
    count = export_csv(shelf.library, shelf.memory, shelf.settings, path, what)
    return {what: count}, [f"Wrote {path}: {count:,} {what}"]


def _everything(shelf: Shelf, path: Path, options: Namespace) -> Done:
    from prep_app.interop.tables import export_json

    count = export_json(shelf.library, shelf.memory, shelf.settings, path)
    return {"entries": count}, [f"Wrote {path}: {count:,} journal entries, with reviews and cards"]


_WRITERS: Mapping[str, Callable[[Shelf, Path, Namespace], Done]] = {
    ".apkg": _deck,
    ".csv": _table,
    ".json": _everything,
}
