"""Whether there is a screen to draw on."""

from __future__ import annotations

import os
import sys

from prep_app.errors import UserError


def require_screen() -> None:
    """Raise UserError, naming what works without one, where the app would only write gibberish."""
    if "TEXTUAL_DRIVER" in os.environ:  # a page of prep serve draws for itself
        return
    if os.environ.get("TERM") == "dumb":
        raise UserError("this terminal cannot be drawn on (TERM=dumb); in plain lines: prep study --plain")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError("the app needs a terminal for its input and output; in plain lines: prep study --plain")
