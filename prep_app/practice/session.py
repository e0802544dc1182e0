"""A study session: which card now, what a grade does to the rest, how it is taken back and resumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace

from prep_app.answers.asked import Asked, ask
from prep_app.answers.mark import Mark, suggest
from prep_app.answers.response import Response, mark
from prep_app.content.model import Card, CardId, Library, QuestionId
from prep_app.memory.days import study_day
from prep_app.memory.journal import Entry
from prep_app.memory.queue import minutes_for, todays_queue
from prep_app.memory.schedule import stays_in_learning
from prep_app.memory.store import Memory
from prep_app.memory.types import Learned, New, Preview, Rating, Reviewed
from prep_app.practice.summary import Summary
from prep_app.settings import Settings

FIRST_SESSION = 5  # cards: long enough to see how it works, short enough to finish
RETURN_AFTER = 3  # other cards between a failure and the next try, where there are so many
LONGEST_ANSWER = 300.0  # seconds; longer than this and the learner was away


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a session stands: the cards still to ask, and how many are done.

    What is still to ask is what stands at the `front`, then `order` without the first that were `taken`: one step takes
    no more than a few names, however many wait.
    """

    order: tuple[CardId, ...]
    done: int = 0
    taken: int = 0
    front: tuple[CardId, ...] = ()

    @property
    def waiting(self) -> tuple[CardId, ...]:
        return self.front + self.order[self.taken :]

    @property
    def first(self) -> CardId | None:
        return self.front[0] if self.front else self.order[self.taken] if self.left else None

    @property
    def left(self) -> int:
        return len(self.front) + len(self.order) - self.taken

    @property
    def total(self) -> int:
        return self.done + self.left

    def within(self, cards: Container[CardId]) -> Plan:
        return Plan(tuple(card for card in self.waiting if card in cards), self.done)

    def answered(self, comes_back: bool) -> Plan:
        """The first card was answered; what did not stick comes back after a few others."""
        card, plan = self.first, self.dropped()
        if card is None or not comes_back:
            return replace(plan, done=plan.done + 1)
        more = plan.order[plan.taken : plan.taken + max(0, RETURN_AFTER - len(plan.front))]
        front = (*plan.front, *more)
        front = (*front[:RETURN_AFTER], card, *front[RETURN_AFTER:])
        return replace(plan, front=front, taken=plan.taken + len(more))

    def dropped(self) -> Plan:
        """The first card is not asked any more."""
        return replace(self, front=self.front[1:]) if self.front else replace(self, taken=self.taken + 1)

    def begun_with(self, card: CardId) -> Plan:
        """One of the cards comes first."""
        if card == self.first:
            return self
        waiting = list(self.waiting)
        waiting.remove(card)
        return Plan((card, *waiting), self.done)


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
        self._held: dict[CardId, Card] = {}  # what was in hand here
        self._clock = clock
        self._plan = plan
        self._history: list[tuple[str, str, Plan]] = []  # an entry of the journal, its kind, and the plan before it
        self._noted = 0  # how much of that the journal's last word on this session has in it
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

        `only` keeps to some questions, `cards` asks exactly these, `practice` of them leaves the schedule alone,
        `extra_new` goes beyond the day's limit of new cards. A session that was left is resumed only when nothing
        special is asked.
        """
        at = clock()
        plain = limit is None and not only and not cards and not practice and not extra_new
        held = unfinished(library, memory, settings, at) if plain else None
        if held is not None:
            return cls(library, memory, settings, clock, held, resumed=True)
        if cards:
            order = tuple(cards)
        else:
            if limit is None and memory.empty():
                limit = FIRST_SESSION
            plan = memory.plan()
            queue = todays_queue(library, memory, settings, at, only=only, limit=limit, extra_new=extra_new, plan=plan)
            order = queue.cards
        session = cls(library, memory, settings, clock, Plan(order), practice=practice)
        session._note()
        return session

    # Where it stands

    @property
    def current(self) -> Card | None:
        first = self._plan.first
        return None if first is None else self._card(first)

    @property
    def position(self) -> int:
        return self._plan.done

    @property
    def total(self) -> int:
        return self._plan.total

    @property
    def left(self) -> int:
        return self._plan.left

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
        self._answers.append(Answered(card.id, rating, seconds))
        self._go(reviewed.entry, "review", self._plan.answered(comes_back))
        return reviewed

    def bury(self) -> None:
        self._go(self.memory.bury(self._in_hand().id, self._clock()), "bury", self._plan.dropped())

    def suspend(self) -> None:
        self._go(self.memory.suspend(self._in_hand().id, self._clock()), "suspend", self._plan.dropped())

    def toggle_mark(self) -> bool:
        """Mark or unmark the card; returns whether it is marked now."""
        card = self._in_hand().id
        marked = self.memory.flags(card).marked
        entry = (self.memory.unmark if marked else self.memory.mark)(card, self._clock())
        self._history.append((entry, "mark", self._plan))
        return not marked

    def undo(self) -> Card | None:
        """Take back the last thing done here, whatever other windows did since, and return to its card.

        None when there is nothing.
        """
        if not self._history:
            return None
        entry, kind, plan = self._history.pop()
        self.memory.undo(self._clock(), entry)
        if kind == "review":
            self._answers.pop()
        self._plan = plan
        self._next()
        if len(self._history) < self._noted:
            self._note()
        return self.current

    def adopt(self, library: Library) -> bool:
        """Go on with packs that were read anew: cards as they stand now, and none that are gone.

        Returns whether the card in hand is another now, or was edited. May write to the journal: call it in a thread.
        """
        before, plan = self.current, self._plan
        self._cards = library.cards
        # A card that was not edited stays the very same; one that is gone is still summed up if it was answered.
        self._held = {name: self._edited(card) for name, card in self._held.items()}
        self._plan = plan.within(self._cards)
        self._history = [(entry, kind, earlier.within(self._cards)) for entry, kind, earlier in self._history]
        if self._plan.first != plan.first:
            self._next()
        if self._plan.left != plan.left:
            self._note()
        return self.current is not before

    def _edited(self, card: Card) -> Card:
        now = self._cards.get(card.id, card)
        return card if now == card else now

    def summary(self) -> Summary:
        cards = list(dict.fromkeys(answer.card for answer in self._answers))
        slipped = [card for card in cards if any(a.card == card and a.rating is Rating.AGAIN for a in self._answers)]
        schedule = []
        for card_id in cards if not self.practice else []:
            card = self._held[card_id]
            state = self.memory.state(card_id, card.revision)
            if not isinstance(state, New):
                schedule.append((card, state.due_ms))
        right = sum(answer.rating is not Rating.AGAIN for answer in self._answers)
        return Summary(
            answered=len(self._answers),
            correct_share=right / len(self._answers) if self._answers else None,
            by_rating=Counter(answer.rating for answer in self._answers),
            slipped=tuple(self._held[card] for card in slipped),
            schedule=tuple(schedule),
            seconds=sum(answer.seconds for answer in self._answers),
        )

    def _in_hand(self) -> Card:
        card = self.current
        if card is None:
            raise IndexError("the session is over")
        return card

    def _card(self, name: CardId) -> Card:
        if name not in self._held:
            self._held[name] = self._cards[name]
        return self._held[name]

    def _go(self, entry: str, kind: str, after: Plan) -> None:
        self._history.append((entry, kind, self._plan))
        self._plan = after
        self._next()

    def _note(self) -> None:
        """Keep what waits: once, since what is done to the cards from now on says the rest."""
        self._noted = len(self._history)
        if not self.practice:
            self.memory.note_session({"waiting": list(self._plan.waiting), "done": self._plan.done}, self._clock())

    def _next(self) -> None:
        self.hints_used = 0
        self._shown_at = self._clock()
        self._answered_at = self._asked = None


def unfinished(library: Library, memory: Memory, settings: Settings, at: int) -> Plan | None:
    """Return the plan of a session that was begun and left on the study day of `at`.

    The journal has the cards as they waited when it was begun (an earlier prep: after each answer); what was done to
    them since says the rest, whichever window it was done in.
    """
    held = memory.last_session()
    hour = settings.rollover_hour
    today = study_day(at, hour)
    if held is None or study_day(held["at"], hour) != today:
        return None
    plan = _since(Plan(tuple(map(CardId, held["waiting"])), held["done"]), memory.done_since(held["seq"]))
    if not plan.done:
        return None
    known = memory.some(library, plan.waiting)  # a pack may have changed meanwhile
    waiting = []
    for name in plan.waiting:
        if name not in known:
            continue
        card, fold = known[name]
        flags, state = memory.flags_of(fold, at), fold.of(card.revision)
        # Whatever else was answered today; what is early by its due date may be there by the plan.
        answered = isinstance(state, Learned) and not state.learning and study_day(state.last_ms, hour) == today
        if not (flags.suspended or flags.buried or answered):
            waiting.append(name)
    return Plan(tuple(waiting), plan.done) if waiting else None


def _since(plan: Plan, done: Iterable[Entry]) -> Plan:
    """Where a plan stands after what was done."""
    waiting = set(plan.waiting)
    for entry in done:
        card = CardId(entry.card or "")
        if card not in waiting or entry.data.get("practice"):
            continue
        if entry.kind == "review":
            comes_back = stays_in_learning(Rating(entry.data["rating"]), entry.data.get("was") != "review")
            plan = plan.begun_with(card).answered(comes_back)
        elif entry.kind in ("bury", "suspend"):
            comes_back = False
            plan = plan.begun_with(card).dropped()
        else:
            continue
        if not comes_back:
            waiting.discard(card)
    return plan
