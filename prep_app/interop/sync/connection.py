"""The way to the database: its URL, a connection with limits, errors in one line that never tell the password."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from prep_app.errors import UserError
from prep_app.settings import Settings
from prep_app.text import printable

Connection = psycopg.Connection[tuple[Any, ...]]

SCHEMES = ("postgresql://", "postgres://")
EXAMPLE = "postgresql://NAME@HOST/DATABASE"
CONNECT_SECONDS = 10  # the URL's connect_timeout goes before it
LONGEST_SAID = 300  # characters of what the server says
# Nobody's temporary objects or functions pass for PostgreSQL's own; nothing waits for ever, nor holds others up.
SESSION = """
SET search_path = pg_catalog;
SET statement_timeout = '60s';
SET lock_timeout = '30s';
SET idle_in_transaction_session_timeout = '60s'
"""
NOT_SET_UP = ("3F000", "42P01")  # no such schema, no such table
NOT_ALLOWED = "42501"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the database is. `shown` may be printed, the rest may hold a password."""

    url: str = field(repr=False)
    shown: str
    secrets: tuple[str, ...] = field(repr=False)


def address_for(given: str | None, settings: Settings) -> Address:
    """Return the address given on the command line, else PREP_SYNC_URL's, else config.toml's.

    Raises UserError when there is none or it cannot be read; the message does not quote it.
    """
    url = given or os.environ.get("PREP_SYNC_URL") or settings.sync_url
    if not url:
        raise UserError(f"no database to sync with; give {EXAMPLE}, or set PREP_SYNC_URL or sync_url in config.toml")
    try:
        parts = conninfo_to_dict(url) if url.startswith(SCHEMES) else None
    except psycopg.Error:
        parts = None
    if parts is None:
        raise UserError(f"the database's URL cannot be read; write {EXAMPLE}, and %40 for an @ inside a password")
    known = {str(parts[key]) for key in ("password", "sslpassword") if parts.get(key)}
    secrets = sorted(known | {quote(secret, safe="") for secret in known}, key=len, reverse=True)
    shown = printable(f"{parts.get('host', 'this machine')}/{parts.get('dbname', '')}").rstrip("/")
    return Address(url, _without(secrets, shown), tuple(secrets))


@contextmanager
def connected(address: Address) -> Iterator[Connection]:
    """Connect; each statement commits by itself unless in a transaction.

    Whatever PostgreSQL or the network raises meanwhile becomes a UserError of one line.
    """
    with _explained(address):
        timeout = {} if "connect_timeout" in conninfo_to_dict(address.url) else {"connect_timeout": CONNECT_SECONDS}
        connection = psycopg.connect(
            address.url,
            autocommit=True,
            prepare_threshold=None,  # a pooler in between may not keep what was prepared
            client_encoding="utf8",
            application_name="prep",
            **timeout,  # type: ignore[arg-type]
        )
        try:
            connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED  # exchange.py relies on it
            connection.execute(SESSION)
            yield connection
        finally:
            connection.close()


@contextmanager
def _explained(address: Address) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        said = " ".join(printable(_without(address.secrets, str(error))).split())[:LONGEST_SAID] or "no reason given"
        raise UserError(f"{address.shown}: {said}; {_remedy(error)}") from None


def _without(secrets: Iterable[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, "…")
    return text


def _remedy(error: psycopg.Error) -> str:
    if error.sqlstate in NOT_SET_UP:
        return "if this is the right database, its owner sets it up once with: prep sync --setup URL"
    if error.sqlstate == NOT_ALLOWED:
        return "ask the database's owner to: GRANT prep_learner TO your role"
    if error.sqlstate is not None:
        return "nothing is lost; try again"
    if "password" in str(error):
        return "put the password into PGPASSWORD or ~/.pgpass, or see that it is right"
    return "nothing is lost; see that the server runs and that the URL is right, then sync again"
