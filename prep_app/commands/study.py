"""prep study: open the app in a session."""

from __future__ import annotations

import difflib
from argparse import Namespace

from prep_app import paths
from prep_app.content.library import library_for
from prep_app.errors import UserError


def run(options: Namespace) -> int:
    home = paths.home(options.home)
    known = {question.upper(): question for question in library_for(home).questions}
    chosen = []
    for word in options.questions:
        if word.upper() not in known:
            close = difflib.get_close_matches(word.upper(), known, 1, 0.4)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known.values())}"
            raise UserError(f"no question {word}; {hint}")
        chosen.append(known[word.upper()])
    from prep_app.ui.app import run as open_app

    return open_app(home, study=chosen)
