"""prep undo: take back the last thing done to a card."""

from __future__ import annotations

import json
from argparse import Namespace

from prep_app.commands.shelf import moment, opened


def run(options: Namespace) -> int:
    at = moment(options.at)
    with opened(options) as shelf:
        undone = shelf.memory.undo(at)
        if options.json:
            print(json.dumps(None if undone is None else {"card": undone.card, "undone": undone.kind}))
        elif undone is None:
            print("Nothing to take back.")
        else:
            print(f"Took back: {undone.kind} of {undone.card}")
    return 0 if undone is not None else 1
