"""The whole journal folded at once: fsrs-rs replays plain cards in one batch, and gives what it gives one by one.

A card is plain if all that happened to it are answers to one revision, none of them practice, that arrived in the order
they were given. Most are. The others are left to `fold`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from fsrs_rs_python import FSRSItem, FSRSReview

from prep_app.cache import no_garbage
from prep_app.memory import snapshot
from prep_app.memory.days import day_start, study_day
from prep_app.memory.fold import CardFold, fold_card
from prep_app.memory.journal import CardRow, Journal
from prep_app.memory.schedule import Parameters, due_day, engine, step_due
from prep_app.memory.snapshot import Snapshot
from prep_app.memory.types import Learned, Rating
from prep_app.settings import Settings

AGAIN, HARD = int(Rating.AGAIN), int(Rating.HARD)


def fold_all(journal: Journal, settings: Settings, parameters: Parameters) -> Snapshot:
    """Fold everything in the journal."""
    folded = Snapshot(snapshot.stamp(settings, parameters), *journal.tip())
    plain = _Replay(settings, parameters)
    with no_garbage():
        for rows in journal.card_rows(folded.seq):
            try:
                plain.take(rows)
            except (ValueError, KeyError, TypeError, AttributeError):
                where = f"entry {rows[0][0]} or one of the {len(rows)} from there"
                raise journal.damaged(f"{where} cannot be read") from None
        folded.cards = plain.folds()
    for card in plain.odd:
        folded.cards[card] = fold_card(journal.of_card(card, folded.seq), settings, parameters)
    arrived = [entry for entry in journal.of_kind("demo") if entry.seq <= folded.seq]
    for entry in sorted(arrived, key=lambda entry: entry.seq):
        folded.fold_other(entry)
    return folded


@dataclass(slots=True)
class _History:
    """A plain card's answers so far; `day` and what follows are the last one's."""

    revision: int
    introduced_ms: int
    reviews: list[FSRSReview] = field(default_factory=list)
    learning: bool = True
    lapses: int = 0
    spaced: int = 0
    seconds: float = 0.0
    timed: int = 0
    day: int = 0
    at: int = 0
    id: str = ""
    rating: int = 0
    offset: int | None = None


class _Replay:
    """Takes all rows about cards in the order they arrived, and then gives the folds of the plain ones."""

    def __init__(self, settings: Settings, parameters: Parameters) -> None:
        self.odd: set[str] = set()  # the cards that are not plain
        self._settings = settings
        self._parameters = parameters
        self._cards: dict[str, _History] = {}
        self._made: dict[int, FSRSReview] = {}  # few differ from each other

    def take(self, rows: Sequence[CardRow]) -> None:
        hour, cards, odd, made = self._settings.rollover_hour, self._cards, self.odd, self._made
        bodies = json.loads(f"[{','.join([row[5] for row in rows])}]")  # at once takes half the time of one by one
        for (_, card, at, ident, kind, _), body in zip(rows, bodies, strict=True):
            if card in odd:
                continue
            held = cards.get(card)
            if held is None:
                held = cards[card] = _History(body.get("revision", 1), at)
            if (
                kind != "review"
                or "practice" in body
                or body.get("revision", 1) != held.revision
                or at < held.at
                or (at == held.at and ident < held.id)
            ):
                odd.add(card)
                del cards[card]
                continue
            rating, offset, seconds = body["rating"], body.get("offset"), body.get("seconds")
            day = study_day(at, hour, offset)
            elapsed = day - held.day if held.reviews and day > held.day else 0
            review = made.get(elapsed * 8 + rating)
            if review is None:
                review = made[elapsed * 8 + rating] = FSRSReview(Rating(rating), elapsed)
            held.reviews.append(review)
            if elapsed:
                held.spaced += 1
            if rating == AGAIN:
                held.lapses += not held.learning
                held.learning = True
            elif rating != HARD:  # which stays in learning, if it is there
                held.learning = False
            if seconds is not None:
                held.seconds += seconds
                held.timed += 1
            held.day, held.at, held.id, held.rating, held.offset = day, at, ident, rating, offset

    def folds(self) -> dict[str, CardFold]:
        """Return the plain cards, each folded."""
        model, settings = engine(self._parameters), self._settings
        states = model.memory_state_batch([FSRSItem(held.reviews) for held in self._cards.values()])
        starts: dict[int, int] = {}  # of study days, in UTC ms
        folds = {}
        for (card, held), state in zip(self._cards.items(), states, strict=True):
            interval = model.next_interval(state.stability, settings.desired_retention, held.rating)
            if held.learning:
                due = step_due(Rating(held.rating), held.at)
            else:
                day = due_day(held.day, interval)
                due = starts.get(day) or starts.setdefault(day, day_start(day, settings.rollover_hour))
            memory = Learned(
                stability=state.stability,
                difficulty=state.difficulty,
                last_ms=held.at,
                due_ms=due,
                interval_days=interval,
                learning=held.learning,
                reviews=len(held.reviews),
                lapses=held.lapses,
                decay=self._parameters[20],
                offset=held.offset,
            )
            folds[card] = CardFold(
                memory=memory,
                revision=held.revision,
                introduced_ms=held.introduced_ms,
                answers=len(held.reviews),
                spaced=held.spaced,
                seconds=held.seconds,
                timed=held.timed,
                last_at=held.at,
                last_id=held.id,
            )
        return folds
