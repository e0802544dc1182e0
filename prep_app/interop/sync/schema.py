"""What the database holds and who may do what. Row-level security keeps learners apart; docs/sync.md explains it.

A learner is a database role of its own, a member of `prep_learner`. No function here runs with its owner's rights:
all that a learner can do is in the grants and policies below.
"""

from __future__ import annotations

from typing import Any

from prep_app.errors import UserError
from prep_app.interop.sync.connection import Address, Connection, connected

ROLE = "prep_learner"
LOCK = 0x70726570  # "prep": two set-ups at once take turns
OLDEST = 130_000  # PostgreSQL 13: gen_random_uuid() without an extension
LONGEST_NAME = 40  # characters on the board
LARGEST_ENTRY = 1 << 22  # bytes of an entry's data; mock interviews hold what was typed in them
LARGEST_PACK = 1 << 22  # bytes of all its files as JSON

_FIRST = f"""
CREATE SCHEMA prep;
CREATE TABLE prep.server (
    row_1 boolean PRIMARY KEY DEFAULT true CHECK (row_1),  -- there is one
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    version integer NOT NULL
);
INSERT INTO prep.server (version) VALUES (0);

-- A push locks its learner's row here, so that one learner's pushes take turns: they commit in the order of `seq`.
CREATE TABLE prep.learner (
    learner text COLLATE "C" PRIMARY KEY DEFAULT current_user CHECK (learner <> '{ROLE}'),
    pushed timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE prep.entry (
    learner text COLLATE "C" NOT NULL DEFAULT current_user CHECK (learner <> '{ROLE}'),
    seq bigint NOT NULL,   -- the order of arrival here, for each learner
    push bigint NOT NULL,  -- a random number for each push: the same seq and push mean the same history up to there
    id text COLLATE "C" NOT NULL CHECK (octet_length(id) <= 64),
    at bigint NOT NULL,    -- UTC ms
    kind text COLLATE "C" NOT NULL CHECK (octet_length(kind) <= 40),
    card text COLLATE "C" CHECK (octet_length(card) <= 400),
    data text COLLATE "C" NOT NULL CHECK (octet_length(data) <= {LARGEST_ENTRY}),  -- JSON, as it was written
    PRIMARY KEY (learner, seq),
    UNIQUE (learner, id)
);
CREATE TABLE prep.board (
    learner text COLLATE "C" PRIMARY KEY DEFAULT current_user CHECK (learner <> '{ROLE}'),
    name text CHECK (char_length(name) BETWEEN 1 AND {LONGEST_NAME}),  -- NULL: not on the board
    readiness double precision NOT NULL CHECK (readiness BETWEEN 0 AND 1),
    reviews integer NOT NULL CHECK (reviews >= 0),
    streak integer NOT NULL CHECK (streak >= 0),
    at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX board_name ON prep.board (lower(name));  -- nobody passes for another
CREATE TABLE prep.pack (
    name text COLLATE "C" PRIMARY KEY CHECK (octet_length(name) <= 80),
    learner text COLLATE "C" NOT NULL DEFAULT current_user CHECK (learner <> '{ROLE}'),  -- who shares it
    digest text COLLATE "C" CHECK (octet_length(digest) <= 64),  -- NULL: shared no more
    files text CHECK (octet_length(files) <= {LARGEST_PACK}),  -- JSON: the name of each file, and its text
    at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE prep.learner ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE prep.entry ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE prep.board ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE prep.pack ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY own ON prep.learner TO {ROLE} USING (learner = current_user) WITH CHECK (learner = current_user);
CREATE POLICY own ON prep.entry TO {ROLE} USING (learner = current_user) WITH CHECK (learner = current_user);
CREATE POLICY own ON prep.board TO {ROLE} USING (learner = current_user) WITH CHECK (learner = current_user);
CREATE POLICY all_read ON prep.board FOR SELECT TO {ROLE} USING (true);
CREATE POLICY own ON prep.pack TO {ROLE} USING (learner = current_user) WITH CHECK (learner = current_user);
CREATE POLICY all_read ON prep.pack FOR SELECT TO {ROLE} USING (true);

-- Columns only, and no DELETE: whoever may change a whole table may also lock it against everybody.
GRANT USAGE ON SCHEMA prep TO {ROLE};
GRANT SELECT ON prep.server TO {ROLE};
GRANT SELECT, INSERT (pushed), UPDATE (pushed) ON prep.learner TO {ROLE};
GRANT SELECT, INSERT (seq, push, id, at, kind, card, data) ON prep.entry TO {ROLE};  -- append-only
GRANT SELECT, INSERT (name, readiness, reviews, streak), UPDATE (name, readiness, reviews, streak, at)
    ON prep.board TO {ROLE};
GRANT SELECT, INSERT (name, digest, files), UPDATE (digest, files, at) ON prep.pack TO {ROLE};
"""
MIGRATIONS = (_FIRST,)  # each takes the database one version further; none is ever changed


def set_up(address: Address) -> int:
    """Create what is missing or take it to this prep's version; returns that. Run by the database's owner.

    Raises UserError where the role may not, or the database is a newer prep's.
    """
    with connected(address) as connection, connection.transaction():
        _refuse_unfit(connection)
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        _make_role(connection)
        there = _one(connection, "SELECT to_regclass('prep.server') IS NOT NULL")
        version = int(_one(connection, "SELECT version FROM prep.server")) if there else 0
        if version > len(MIGRATIONS):
            raise UserError(f"{address.shown}: set up by a newer prep (version {version}); update prep")
        for migration in MIGRATIONS[version:]:
            connection.execute(migration.encode())
        connection.execute("UPDATE prep.server SET version = %s", (len(MIGRATIONS),))
    return len(MIGRATIONS)


def _refuse_unfit(connection: Connection) -> None:
    if connection.info.server_version < OLDEST:
        raise UserError(f"PostgreSQL {connection.info.server_version // 10_000} is too old; prep needs 13 or newer")
    encoding = _one(connection, "SHOW server_encoding")
    if encoding != "UTF8":
        raise UserError(f"the database's encoding is {encoding}; create one with: createdb --encoding=UTF8 prep")


def _make_role(connection: Connection) -> None:
    """Make the role that learners are members of; it belongs to all databases of the server. The owner may sync too."""
    if not _one(connection, f"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}')"):
        if not _one(connection, "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"):
            raise UserError(f"this role may not create roles; have an administrator run: CREATE ROLE {ROLE} NOLOGIN")
        connection.execute(f"CREATE ROLE {ROLE} NOLOGIN")
    if not _one(connection, f"SELECT pg_has_role(current_user, '{ROLE}', 'USAGE')"):
        connection.execute(f"GRANT {ROLE} TO CURRENT_USER")


def _one(connection: Connection, query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None
