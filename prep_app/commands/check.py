"""prep check: validate packs; every problem with its place."""

from __future__ import annotations

import json
from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import Any

from prep_app.content.folder import pack_folders
from prep_app.content.library import builtin_folders, load_library
from prep_app.content.model import Library
from prep_app.content.report import show
from prep_app.ui import phrases


def run(options: Namespace) -> int:
    if options.schema:
        from prep_app.content.editor_schema import schema_text

        print(schema_text(options.schema), end="")
        return 0
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
