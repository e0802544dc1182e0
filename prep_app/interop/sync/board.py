"""The scoreboard of those who chose to be on it. Each learner's figures are worked out on their own machine."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from prep_app.content.library import library_for
from prep_app.errors import UserError
from prep_app.interop.sync.connection import Connection
from prep_app.interop.sync.schema import LONGEST_NAME
from prep_app.memory import days
from prep_app.memory.statistics import statistics
from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.settings import Settings
from prep_app.text import printable

MINE = "learner = current_user"
MOST_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Standing:
    """One line of the board. `readiness` is the share of cards recalled if asked at `at` (UTC ms)."""

    name: str
    readiness: float
    reviews: int
    streak: int
    at: int
    you: bool


def standings(connection: Connection) -> list[Standing]:
    """Everybody on the board, the readiest first."""
    query = f"""
        SELECT name, readiness, reviews, streak, (extract(epoch FROM at) * 1000)::bigint, {MINE}
        FROM prep.board WHERE name IS NOT NULL ORDER BY readiness DESC, reviews DESC, name LIMIT {MOST_SHOWN}
    """
    rows = connection.execute(query.encode()).fetchall()
    return [Standing(plain(name) or "?", *rest) for name, *rest in rows]


def join(connection: Connection, name: str) -> None:
    """Go on the board under `name`, or change the name there. Raises UserError for a name that cannot stand there."""
    name = plain(name)
    if not 1 <= len(name) <= LONGEST_NAME:
        raise UserError(f"a name on the board has 1 to {LONGEST_NAME} characters")
    try:
        connection.execute(
            "INSERT INTO prep.board (name, readiness, reviews, streak) VALUES (%s, 0, 0, 0) "
            "ON CONFLICT (learner) DO UPDATE SET name = excluded.name",
            (name,),
        )
    except psycopg.errors.UniqueViolation:
        raise UserError(f'somebody on the board is called "{name}" already; choose another name') from None


def leave(connection: Connection) -> None:
    """Go off the board; no figure stays there."""
    query = f"UPDATE prep.board SET name = NULL, readiness = 0, reviews = 0, streak = 0 WHERE {MINE}"
    connection.execute(query.encode())


def renew(connection: Connection, home: Home, settings: Settings) -> str | None:
    """Renew this learner's figures, for one who is on the board; returns the name there."""
    row = connection.execute(f"SELECT name FROM prep.board WHERE {MINE} AND name IS NOT NULL".encode()).fetchone()
    if row is None:
        return None
    at = days.now()
    memory = Memory.open(home, settings)
    try:
        reviews = [review for review in memory.reviews() if review.at <= at]
        now = statistics(library_for(home), memory, settings, at, reviews)
    finally:
        memory.close()
    connection.execute(
        f"UPDATE prep.board SET readiness = %s, reviews = %s, streak = %s, at = now() WHERE {MINE}".encode(),
        (now.readiness, now.reviews_total, now.streak_days),
    )
    return plain(row[0])


def plain(name: str) -> str:
    """A name in one line, without anything that a terminal would act on."""
    return " ".join(printable(name).split())
