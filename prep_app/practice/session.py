"""A study session: which card now, what a grade does to the rest, how it is taken back and resumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace

from prep_app.answers.asked import Asked, ask
from prep_app.answers.mark import Mark, suggest
from prep_app.answers.response import Response, mark
from prep_app.content.model import Card, CardId, Library, QuestionId
from prep_app.memory.days import study_day
from prep_app.memory.queue import minutes_for, todays_queue
from prep_app.memory.schedule import recall
from prep_app.memory.store import Memory
from prep_app.memory.types import Learned, New, Preview, Rating, Reviewed
from prep_app.practice.summary import Summary
from prep_app.settings import Settings

FIRST_SESSION = 5  # cards: long enough to see how it works, short enough to finish
RETURN_AFTER = 3  # other cards between a failure and the next try, where there are so many
LONGEST_ANSWER = 300.0  # seconds; longer than this and the learner was away


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a session stands: the cards still to ask, and how many are done."""

    waiting: tuple[CardId, ...]
    done: int

    @property
    def total(self) -> int:
        return self.done + len(self.waiting)

    def within(self, cards: Container[CardId]) -> Plan:
        return replace(self, waiting=tuple(card for card in self.waiting if card in cards))


@dataclass(frozen=True, slots=True)
class Answered:
    card: CardId
    rating: Rating
    seconds: float


class Session:
    """One sitting. Start it with `Session.start`; grade until `current` is None."""

    def __init__(
        self,
        library: Library,
        memory: Memory,
        settings: Settings,
        clock: Callable[[], int],
        plan: Plan,
        *,
        practice: bool = False,
        resumed: bool = False,
    ) -> None:
        self.memory = memory
        self.settings = settings
        self.practice = practice
        self.resumed = resumed
        self.hints_used = 0
        self._cards = library.cards
        self._clock = clock
        self._plan = plan
        self._history: list[tuple[str, Plan]] = []  # the journal kind taken back, and the plan before it
        self._answers: list[Answered] = []
        self._shown_at = clock()
        self._answered_at: int | None = None
        self._asked: Asked | None = None

    @classmethod
    def start(
        cls,
        library: Library,
        memory: Memory,
        settings: Settings,
        *,
        clock: Callable[[], int],
        limit: int | None = None,
        only: Sequence[QuestionId] = (),
        cards: Sequence[CardId] = (),
        practice: bool = False,
        extra_new: int = 0,
    ) -> Session:
        """Begin a session, or go on with the one that was left today.

        `only` keeps to some questions, `cards` asks exactly these, `practice` leaves the schedule alone, `extra_new`
        goes beyond the day's limit of new cards. A session that was left is resumed only when nothing special is asked.
        """
        at = clock()
        plain = limit is None and not only and not cards and not practice and not extra_new
        held = unfinished(library, memory, settings, at) if plain else None
        if held is not None:
            return cls(library, memory, settings, clock, held, resumed=True)
        pool = [card for card in library.cards.values() if not only or card.question in only]
        if cards:
            order = tuple(cards)
        elif practice:
            order = _practice_order(pool, memory, at)
        else:
            if limit is None and memory.empty():
                limit = FIRST_SESSION
            queue = todays_queue(pool, memory, settings, at, limit=limit, extra_new=extra_new, plan=memory.plan())
            order = queue.cards
        session = cls(library, memory, settings, clock, Plan(order, 0), practice=practice)
        session._note()
        return session

    # Where it stands

    @property
    def current(self) -> Card | None:
        return self._cards[self._plan.waiting[0]] if self._plan.waiting else None

    @property
    def position(self) -> int:
        return self._plan.done

    @property
    def total(self) -> int:
        return self._plan.total

    @property
    def left(self) -> int:
        return len(self._plan.waiting)

    @property
    def minutes_left(self) -> float:
        return minutes_for(self.left, self.memory)

    # The card in hand

    @property
    def asked(self) -> Asked:
        """The card in hand as it is asked this time: shuffled and drawn anew for each time it is answered."""
        card = self._in_hand()
        if self._asked is None or self._asked.card is not card:
            self._asked = ask(card, self.memory.answers(card.id))
        return self._asked

    def hint(self) -> str:
        """Return the hint; from now on the suggested grade is lower."""
        self.hints_used += 1
        return self.asked.hint

    def mark(self, response: Response) -> Mark:
        """Mark an answer. The first call is when it was given; what is ticked later changes the mark, not the time."""
        if self._answered_at is None:
            self._answered_at = self._clock()
        return mark(self.asked, response)

    def suggest(self, response: Response) -> Rating:
        """Suggest a grade: by the mark, the hints used and the time taken."""
        held = self.mark(response)
        seconds = ((self._answered_at or self._shown_at) - self._shown_at) / 1000
        return suggest(self._in_hand().body.kind, held, hints=self.hints_used, seconds=seconds)

    def previews(self) -> dict[Rating, Preview]:
        card = self._in_hand()
        return self.memory.preview(card.id, card.revision, self._clock())

    # What the learner does

    def grade(self, rating: Rating) -> Reviewed:
        """Record a grade and go on. It is on disk when this returns; what did not stick comes back."""
        card, at = self._in_hand(), self._clock()
        seconds = min(LONGEST_ANSWER, max(0.0, (at - self._shown_at) / 1000))
        reviewed = self.memory.answer(
            card.id, rating, at=at, seconds=seconds, revision=card.revision, practice=self.practice
        )
        comes_back = rating is Rating.AGAIN if self.practice else reviewed.memory.learning
        rest = self._plan.waiting[1:]
        before = self._plan
        if comes_back:
            place = min(RETURN_AFTER, len(rest))
            rest = (*rest[:place], card.id, *rest[place:])
        self._answers.append(Answered(card.id, rating, seconds))
        self._go("review", before, Plan(rest, before.done + (not comes_back)))
        return reviewed

    def bury(self) -> None:
        self.memory.bury(self._in_hand().id, self._clock())
        self._drop("bury")

    def suspend(self) -> None:
        self.memory.suspend(self._in_hand().id, self._clock())
        self._drop("suspend")

    def toggle_mark(self) -> bool:
        """Mark or unmark the card; returns whether it is marked now."""
        card = self._in_hand().id
        marked = self.memory.flags(card).marked
        (self.memory.unmark if marked else self.memory.mark)(card, self._clock())
        self._history.append(("mark", self._plan))
        return not marked

    def undo(self) -> Card | None:
        """Take back the last thing done here and return to its card; None when there is nothing."""
        if not self._history:
            return None
        kind, plan = self._history.pop()
        self.memory.undo(self._clock())
        if kind == "review":
            self._answers.pop()
        self._plan = plan
        self._next()
        self._note()
        return self.current

    def adopt(self, library: Library) -> bool:
        """Go on with packs that were read anew: cards as they stand now, and none that are gone.

        Returns whether the card in hand is another now, or was edited. May write to the journal: call it in a thread.
        """
        before, plan, held = self.current, self._plan, library.cards
        # A card that was not edited stays the very same; one that is gone is still summed up if it was answered.
        self._cards = self._cards | {name: card for name, card in held.items() if self._cards.get(name) != card}
        self._plan = plan.within(held)
        self._history = [(kind, earlier.within(held)) for kind, earlier in self._history]
        if self._plan.waiting[:1] != plan.waiting[:1]:
            self._next()
        if self._plan != plan:
            self._note()
        return self.current is not before

    def summary(self) -> Summary:
        cards = list(dict.fromkeys(answer.card for answer in self._answers))
        slipped = [card for card in cards if any(a.card == card and a.rating is Rating.AGAIN for a in self._answers)]
        schedule = []
        for card_id in cards if not self.practice else []:
            card = self._cards[card_id]
            state = self.memory.state(card_id, card.revision)
            if not isinstance(state, New):
                schedule.append((card, state.due_ms))
        right = sum(answer.rating is not Rating.AGAIN for answer in self._answers)
        return Summary(
            answered=len(self._answers),
            correct_share=right / len(self._answers) if self._answers else None,
            by_rating=Counter(answer.rating for answer in self._answers),
            slipped=tuple(self._cards[card] for card in slipped),
            schedule=tuple(schedule),
            seconds=sum(answer.seconds for answer in self._answers),
        )

    def _in_hand(self) -> Card:
        card = self.current
        if card is None:
            raise IndexError("the session is over")
        return card

    def _drop(self, kind: str) -> None:
        before = self._plan
        self._go(kind, before, replace(before, waiting=before.waiting[1:]))

    def _go(self, kind: str, before: Plan, after: Plan) -> None:
        self._history.append((kind, before))
        self._plan = after
        self._next()
        self._note()

    def _next(self) -> None:
        self.hints_used = 0
        self._shown_at = self._clock()
        self._answered_at = self._asked = None

    def _note(self) -> None:
        if not self.practice:
            self.memory.note_session({"waiting": list(self._plan.waiting), "done": self._plan.done}, self._clock())


def unfinished(library: Library, memory: Memory, settings: Settings, at: int) -> Plan | None:
    """Return the plan of a session that was begun and left on the study day of `at`."""
    held = memory.last_session()
    hour = settings.rollover_hour
    today = study_day(at, hour)
    if held is None or not held["done"] or study_day(held["at"], hour) != today:
        return None
    cards = library.cards  # a pack may have changed meanwhile, or another window answered
    waiting = []
    for name in held["waiting"]:
        card = cards.get(CardId(name))
        if card is None:
            continue
        flags, state = memory.flags(card.id, at), memory.state(card.id, card.revision)
        # Whatever another window has answered meanwhile; what is early by its due date may be there by the plan.
        answered = isinstance(state, Learned) and not state.learning and study_day(state.last_ms, hour) == today
        if not (flags.suspended or flags.buried or answered):
            waiting.append(card.id)
    return Plan(tuple(waiting), held["done"]) if waiting else None


def _practice_order(pool: Sequence[Card], memory: Memory, at: int) -> tuple[CardId, ...]:
    """What is weakest first, new cards last: practice repairs, it does not introduce."""

    def weakness(card: Card) -> tuple[bool, float]:
        state = memory.state(card.id, card.revision)
        return isinstance(state, New), recall(state, at)

    usable = [card for card in pool if not memory.flags(card.id, at).suspended]
    return tuple(card.id for card in sorted(usable, key=weakness))
