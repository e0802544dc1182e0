"""prep study: open the app in a session, or hold it in plain lines."""

from __future__ import annotations

import difflib
import sys
from argparse import Namespace
from pathlib import Path

from prep_app import paths
from prep_app.commands.shelf import opened
from prep_app.content.folder import pack_folders
from prep_app.content.library import library_for
from prep_app.content.model import Library
from prep_app.content.report import place
from prep_app.errors import UserError
from prep_app.ui import phrases


def run(options: Namespace) -> int:
    home = paths.home(options.home)
    packs = pack_folders(Path(options.pack)) if options.pack else []
    library = library_for(home, packs)
    if packs:
        _tell_problems(library, options.pack)
    known = {question.upper(): question for question in library.questions}
    chosen = []
    for word in options.questions:
        if word.upper() not in known:
            close = difflib.get_close_matches(word.upper(), known, 1, 0.4)
            hint = f"did you mean {known[close[0]]}?" if close else f"there are {', '.join(known.values())}"
            raise UserError(f"no question {word}; {hint}")
        chosen.append(known[word.upper()])
    if options.plain:
        from prep_app.commands.plain.conversation import hold

        with opened(options) as shelf:
            hold(shelf, chosen)
        return 0
    from prep_app.ui.app import run as open_app

    return open_app(home, study=chosen, packs=packs)


def _tell_problems(library: Library, pack: str) -> None:
    """Say on stderr what is wrong with a pack. Raises UserError where nothing is left of it."""
    for problem in library.problems:
        print(place(problem), file=sys.stderr)
    if not library.cards:
        raise UserError(f"{pack}: no card can be asked; mend the above, or start from: prep new-pack DIR")
    if library.problems:
        cards = phrases.plural(len(library.cards), "card")
        print(f"{phrases.plural(len(library.problems), 'problem')}; opening with the rest, {cards}", file=sys.stderr)
