"""prep check: validate packs; every problem with its place."""

from __future__ import annotations

import json
from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import Any

from prep_app.content.library import builtin_folders, load_library
from prep_app.content.model import Library
from prep_app.content.report import show
from prep_app.errors import UserError
from prep_app.ui import phrases


def run(options: Namespace) -> int:
    folders = [folder for path in options.paths for folder in pack_folders(Path(path))] or builtin_folders()
    library = load_library(folders)
    if options.json:
        print(json.dumps(described(library), ensure_ascii=False))
    else:
        for problem in library.problems:
            print(show(problem))
        sizes = {"pack": library.packs, "question": library.questions, "card": library.cards}
        counts = ", ".join(phrases.plural(len(held), noun) for noun, held in sizes.items())
        found = phrases.plural(len(library.problems), "problem")
        print(f"{found} in {counts}" if library.problems else f"✓ {counts}: no problems")
    return 1 if library.problems else 0


def pack_folders(path: Path) -> list[Path]:
    """The pack at `path` (a folder or a file in one), or the packs in it. Raises UserError when there is none."""
    if not path.exists():
        raise UserError(f"{path}: no such file or folder")
    if path.is_file():
        path = path.parent
    if (path / "pack.yaml").exists():
        return [path]
    inside = sorted(found.parent for found in path.glob("*/pack.yaml"))
    if not inside:
        raise UserError(f"{path}: no pack here; a pack is a folder with a pack.yaml")
    return inside


def described(library: Library) -> dict[str, Any]:
    cards = library.cards.values()
    return {
        "packs": [pack.id for pack in library.packs],
        "questions": len(library.questions),
        "cards": len(library.cards),
        "cards_by_question": dict(Counter(card.question for card in cards)),
        "kinds": dict(Counter(card.body.kind for card in cards)),
        "problems": [
            {"file": str(item.file), "line": item.line, "column": item.column, "message": item.message}
            for item in library.problems
        ],
    }
