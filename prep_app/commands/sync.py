"""prep sync: exchange journals with a PostgreSQL database, and what a cohort shares."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prep_app import paths
from prep_app.errors import UserError
from prep_app.interop.sync import require_psycopg
from prep_app.memory.days import now
from prep_app.memory.journal import Journal
from prep_app.paths import Home
from prep_app.settings import Settings, read_settings

if TYPE_CHECKING:
    from prep_app.interop.sync.connection import Address, Connection
    from prep_app.interop.sync.exchange import Exchanged, Progress


def run(options: Namespace) -> int:
    require_psycopg()
    from prep_app.interop.sync.schema import set_up

    home = paths.home(options.home)
    settings = read_settings(home.config)
    address = address_of(options, settings)
    if options.setup:
        if options.share or options.unshare or options.board or options.no_board:
            raise UserError("--setup goes alone; whoever syncs gives the others")
        version = set_up(address)
        done = f"{address.shown} is set up (version {version}). Learners are roles in prep_learner; see docs/sync.md."
        print(json.dumps({"version": version}) if options.json else done)
        return 0
    found = synced(home, settings, address, options)
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        print(as_text(found, address))
        for line in (*found["refused"], *found["packs"]["left"]):
            print(f"prep: {line}", file=sys.stderr)
    return 1 if found["refused"] or found["packs"]["left"] else 0


def address_of(options: Namespace, settings: Settings) -> Address:
    """Return where to sync to; says on stderr when others on this machine can read a password in the command line."""
    from prep_app.interop.sync.connection import address_for

    address = address_for(options.url, settings)
    if options.url and address.secrets:
        remedy = "put it into PGPASSWORD, ~/.pgpass or PREP_SYNC_URL instead"
        print(f"prep: `ps` shows the password in your command line to everybody here; {remedy}", file=sys.stderr)
    return address


def synced(home: Home, settings: Settings, address: Address, options: Namespace) -> dict[str, Any]:
    """Sync once; returns what it came to, as --json prints it."""
    from prep_app.interop.sync import board, packs
    from prep_app.interop.sync.connection import connected

    offered = packs.read_pack(Path(options.share), home) if options.share else None
    with _shown() as progress:
        progress(f"connecting to {address.shown}")
        with connected(address) as connection:
            exchanged = _exchanged(home, connection, progress)
            if offered:
                packs.share(connection, offered)
            if options.unshare:
                packs.unshare(connection, options.unshare)
            progress("looking at shared packs")
            brought = packs.bring(connection, home)
            if options.no_board:
                board.leave(connection)
            elif options.board is not None:
                board.join(connection, options.board)
            name = board.renew(connection, home, settings)
    shared = {"shared": offered.name if offered else None, **asdict(brought)}
    return {**asdict(exchanged), "packs": shared, "board": name}


def _exchanged(home: Home, connection: Connection, progress: Progress) -> Exchanged:
    from prep_app.interop.sync.exchange import exchange

    journal = Journal(home.journal, home.backups)
    try:
        journal.backup_if_due(now())
        return exchange(journal, connection, home.cache, progress)
    finally:
        journal.close()


@contextmanager
def _shown() -> Iterator[Progress]:
    """On a terminal, say what is being done."""
    visible = sys.stderr.isatty()

    def progress(doing: str) -> None:
        if visible:
            print(f"\r\x1b[K{doing} …", end="", file=sys.stderr, flush=True)

    try:
        yield progress
    finally:
        if visible:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def as_text(found: dict[str, Any], address: Address) -> str:
    moved = f"Sent {found['sent']} and received {found['received']} entries"
    lines = [f"{moved}; this machine and {address.shown} have the same now."]
    if found["compared"]:
        lines.append("Everything was compared: the two had not met before, or one was put back from a backup.")
    if found["packs"]["shared"]:
        lines.append(f"The cohort has your pack {found['packs']['shared']} now.")
    lines += [f"Shared pack {name} is here now." for name in found["packs"]["packs"]]
    if found["board"]:
        lines.append(f"On the board as {found['board']}; see it with: prep scores")
    return "\n".join(lines)
