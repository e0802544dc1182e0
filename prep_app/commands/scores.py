"""prep scores: the board of those in a cohort who chose to be on it."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from prep_app import paths
from prep_app.commands.sync import address_of
from prep_app.interop.sync import require_psycopg
from prep_app.settings import read_settings
from prep_app.ui import phrases

if TYPE_CHECKING:
    from prep_app.interop.sync.board import Standing


def run(options: Namespace) -> int:
    require_psycopg()
    from prep_app.interop.sync.board import standings
    from prep_app.interop.sync.connection import connected

    address = address_of(options, read_settings(paths.home(options.home).config))
    with connected(address) as connection:
        found = standings(connection)
    print(json.dumps([asdict(one) for one in found], ensure_ascii=False) if options.json else table(found))
    return 0


def table(found: Sequence[Standing]) -> str:
    if not found:
        return "Nobody is on the board yet; go on it with: prep sync --board NAME"
    lines = [f"{'':<4}{'name':<42}{'readiness':>9}{'reviews':>9}{'streak':>8}  synced"]
    for place, one in enumerate(found, 1):
        when = datetime.fromtimestamp(one.at / 1000)
        figures = f"{phrases.percent(one.readiness):>9}{one.reviews:>9}{one.streak:>8}  {when:%Y-%m-%d %H:%M}"
        lines.append(f"{place:>2}  {one.name:<42}{figures}{'  you' if one.you else ''}")
    return "\n".join(lines)
