"""Journals exchanged through a PostgreSQL database; docs/sync.md says how and why.

`connection` gets there, `schema` sets the database up, `exchange` pushes and pulls entries, `untrusted` says which are
taken, `cursor` remembers how far both got, `packs` and `board` are what a cohort shares.
"""

from prep_app.errors import UserError


def require_psycopg() -> None:
    """Raises UserError where the extra is not installed."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise UserError("syncing needs psycopg, which is not installed; run: pip install 'prep[sync]'") from None
