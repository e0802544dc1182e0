"""A mock interview: what is asked now, how much time is left, what was answered. Nothing here touches the schedule."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from prep_app.answers.asked import Asked, ask
from prep_app.answers.mark import Mark, suggest
from prep_app.answers.response import Picked, Ran, Response, mark
from prep_app.content.model import Card, Library
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.practice.mock import Terms, choose, follow_up
from prep_app.settings import Settings

FIRST_TURN = 1_000_000  # a mock asks with numbers and orders that no session comes to
FOLLOWED_UP = 1 / 3  # of the questions at most


@dataclass(frozen=True, slots=True)
class Item:
    """One question of the interview and what became of it.

    `follows` is the number of the question that it follows up, 0 for one of its own. `typed` holds notes or code.
    `response` is None for what was skipped or not reached, and for code until its checks have run.
    """

    asked: Asked
    follows: int = 0
    reached: bool = True
    skipped: bool = False
    seconds: float = 0.0
    at: int = 0  # UTC ms: when it was answered
    typed: str = ""
    response: Response | None = None

    @property
    def card(self) -> Card:
        return self.asked.card

    @property
    def follow_up(self) -> bool:
        return self.follows > 0

    @property
    def headline(self) -> str:
        """The prompt on one line, without its code."""
        return " ".join(self.asked.prompt.split("```")[0].split())

    @property
    def answered(self) -> bool:
        return self.reached and not self.skipped

    @property
    def pending(self) -> bool:
        """Whether its checks are still to run."""
        return self.answered and self.response is None

    @property
    def mark(self) -> Mark | None:
        return None if self.response is None else mark(self.asked, self.response)


class Answers:
    """What was asked and answered, to be marked: `tick` what was said aloud; code is `judged` once it has run.

    `total` counts the questions, follow-ups not among them.
    """

    def __init__(
        self, library: Library, terms: Terms, seed: int, started: int, ended: int, total: int, items: list[Item]
    ) -> None:
        self.library = library
        self.terms = terms
        self.seed = seed
        self.started = started
        self.ended = ended
        self.total = total
        self.items = items

    @property
    def turn(self) -> int:
        return FIRST_TURN + self.seed

    @property
    def answered(self) -> int:
        return sum(item.answered for item in self.items)

    def tick(self, place: int, points: Collection[int]) -> None:
        """Say which key points an answer made."""
        self.items[place] = replace(self.items[place], response=Picked(frozenset(points)))

    def judged(self, place: int, ran: Ran) -> None:
        """Say how the checks of a learner's code came out."""
        self.items[place] = replace(self.items[place], response=ran)


class Interview(Answers):
    """Ask `current` until it is None; then mark `items`. `clock` says the time in UTC ms."""

    def __init__(
        self,
        library: Library,
        memory: Memory,
        settings: Settings,
        clock: Callable[[], int],
        terms: Terms,
        seed: int,
    ) -> None:
        self.memory = memory
        self.settings = settings
        self.clock = clock
        at = clock()
        cards = choose(library, memory, settings, at, terms.questions, seed, terms.topic)
        super().__init__(library, terms, seed, at, at, len(cards), [])
        self._waiting = [Item(ask(card, self.turn)) for card in cards]
        self._taken = {card.id for card in cards}
        self._draw = random.Random(f"{seed}:follow-ups")
        self._shown_at = at

    # What is asked now

    @property
    def current(self) -> Asked | None:
        return self._waiting[0].asked if self._waiting else None

    @property
    def is_follow_up(self) -> bool:
        return bool(self._waiting) and self._waiting[0].follow_up

    @property
    def number(self) -> int:
        """Which question this is, from 1; a follow-up has the number of the one it follows."""
        follows = self._waiting[0].follows if self._waiting else 0
        return follows or self._had + 1

    @property
    def seconds_left(self) -> float:
        return max(0.0, self.terms.minutes * 60 - (self.clock() - self.started) / 1000)

    @property
    def time_is_up(self) -> bool:
        return self.seconds_left == 0

    @property
    def seconds_here(self) -> float:
        """How long the question in hand has been on the screen."""
        return max(0.0, (self.clock() - self._shown_at) / 1000)

    # What the learner does

    def answer(self, response: Response | None, typed: str = "") -> int:
        """Take an answer and go on; returns its place in `items`. Code has no response until it is `judged`."""
        return self._close(replace(self._waiting[0], response=response, typed=typed))

    def skip(self) -> None:
        self._close(replace(self._waiting[0], skipped=True))

    def end(self) -> None:
        """Leave it here: the question in hand counts as skipped, the rest as not reached."""
        if self._waiting:
            self._put_down(replace(self._waiting[0], skipped=True))
            self._finish()

    def judged(self, place: int, ran: Ran) -> None:
        """As in Answers; good code is followed up after the question in hand, if there is one still."""
        super().judged(place, ran)
        if self._waiting:
            self._follow(place, behind=1)

    @property
    def _had(self) -> int:
        return sum(not item.follow_up for item in self.items)

    def _close(self, item: Item) -> int:
        self._put_down(item)
        place = len(self.items) - 1
        if self.time_is_up:
            self._finish()
            return place
        self._follow(place, behind=0)
        self._shown_at = self.clock()
        return place

    def _put_down(self, item: Item) -> None:
        self.ended = self.clock()
        self.items.append(replace(item, seconds=round(self.seconds_here, 3), at=self.ended))
        del self._waiting[0]

    def _finish(self) -> None:
        """What is still waiting was not reached; a follow-up that nobody has heard is not missed."""
        self.items += [replace(item, reached=False) for item in self._waiting if not item.follow_up]
        self._waiting.clear()

    def _follow(self, place: int, behind: int) -> None:
        """Put what follows the answer at `place`, if anything does, behind so many of the questions that wait."""
        further = self._follow_up(self.items[place])
        if further is not None:
            number = sum(not item.follow_up for item in self.items[: place + 1])
            self._taken.add(further.id)
            self._waiting.insert(behind, Item(ask(further, self.turn), follows=number))

    def _follow_up(self, item: Item) -> Card | None:
        """What follows a good answer while there is time for it: one thing at most, and not after every question."""
        had = sum(other.follow_up for other in (*self.items, *self._waiting))
        in_time = (self.clock() - self.started) / 1000 <= self.terms.share * self._had
        held = item.mark
        if item.follow_up or held is None or not in_time or had >= self.total * FOLLOWED_UP:
            return None
        if suggest(item.card.body.kind, held) < Rating.GOOD:
            return None
        return follow_up(item.card, self.library, self.memory, self.settings, self.clock(), self._taken, self._draw)
