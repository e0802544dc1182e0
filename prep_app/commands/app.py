"""prep: open the app."""

from __future__ import annotations

from argparse import Namespace

from prep_app import paths


def run(options: Namespace) -> int:
    from prep_app.ui.app import run as open_app

    return open_app(paths.home(options.home))
