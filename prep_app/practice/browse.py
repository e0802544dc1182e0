"""Looking through all cards: found by words and by how they stand, and changed there with a way back."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from prep_app.content.body import KINDS
from prep_app.content.model import Card, CardId, Library
from prep_app.content.query import Filter, Query, Word, parse
from prep_app.content.search import Found, Index, Watch, open_index
from prep_app.memory.days import study_day
from prep_app.memory.fold import CardFold
from prep_app.memory.store import Memory
from prep_app.memory.types import CardMemory, New
from prep_app.settings import Settings

SHOWN = 200  # cards that are listed, and practised together
STATES = ("new", "learning", "due", "known", "suspended", "buried", "marked", "leech")
FRESH_MS = 30_000  # how long the states of all cards are taken to stand: a learning card falls due within minutes


@dataclass(frozen=True, slots=True)
class Standing:
    """How a card stands: one of the first six STATES, and whether it is marked or a leech as well."""

    state: str
    memory: CardMemory
    marked: bool = False

    @property
    def leech(self) -> bool:
        return not isinstance(self.memory, New) and self.memory.leech

    @property
    def states(self) -> tuple[str, ...]:
        return (self.state, *["marked"] * self.marked, *["leech"] * self.leech)


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter that can be set, and how many cards it leaves."""

    filter: Filter
    count: int


@dataclass(frozen=True, slots=True)
class Finding:
    """The cards found, best first and no more than SHOWN, of `total`; `filters` as understood; `notes` on what was not.

    Where nothing is found, `why` says what stands in the way.
    """

    cards: tuple[Card, ...]
    standings: Mapping[CardId, Standing]
    total: int
    filters: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    why: str = ""


class Browse:
    """All cards of a library. Every method may take a moment: call it in a thread."""

    def __init__(self, library: Library, memory: Memory, settings: Settings, index: Index) -> None:
        self.library = library
        self.memory = memory
        self.settings = settings
        self._index = index
        self._states: tuple[int, dict[str, set[int]]] | None = None  # when they were looked at, and who is in which
        self._lock = threading.Lock()
        self._done: list[str] = []  # entries of the journal that were made here

    @classmethod
    def open(cls, library: Library, memory: Memory, settings: Settings, cache: Path | None, watch: Watch) -> Browse:
        """Open the index, made anew if a card's text has changed. Raises Abandoned when `watch` gives it up."""
        return cls(library, memory, settings, open_index(library, cache, watch))

    def close(self) -> None:
        self._index.close()

    # Finding

    @property
    def size(self) -> int:
        return len(self._index.cards)

    def find(self, text: str, at: int) -> Finding:
        self.memory.refresh()  # with what other windows did by now
        query = parse(text)
        notes = [*query.notes, *self._unknown(query)]
        found = self._search(query, SHOWN, at)
        cards = tuple(self._index.cards[row] for row in found.rows)
        return Finding(
            cards=cards,
            standings={card.id: self.standing(card, at) for card in cards},
            total=found.total,
            filters=tuple(map(str, query.filters)),
            notes=tuple(notes),
            why="" if found.total else self._why(query, at),
        )

    def standing(self, card: Card, at: int) -> Standing:
        return self._standing(card.revision, self.memory.fold(card.id), at)

    def _standing(self, revision: int, fold: CardFold, at: int) -> Standing:
        memory, flags = fold.of(revision), self.memory.flags_of(fold, at)
        if flags.suspended or flags.buried:
            state = "suspended" if flags.suspended else "buried"
        elif isinstance(memory, New):
            state = "new"
        elif memory.learning:
            state = "learning"
        else:
            hour = self.settings.rollover_hour
            state = "due" if study_day(memory.due_ms, hour) <= study_day(at, hour) else "known"
        return Standing(state, memory, flags.marked)

    def choices(self, at: int) -> dict[str, list[Choice]]:
        """The filters that can be set, by name, with how many of all cards each leaves."""
        states = self._by_state(at)
        counts = {"is": {state: len(states[state]) for state in STATES if states[state]}}
        counts |= {name: self._index.values(name) for name in ("kind", "question", "topic", "tag")}
        return {
            name: [
                Choice(Filter(name, value, exact=name == "topic" or not value.isalnum()), n)
                for value, n in held.items()
            ]
            for name, held in counts.items()
        }

    # Changing; each is on disk when it returns

    def toggle_suspended(self, card: Card, at: int) -> bool:
        """Suspend a card or let it back in; returns whether it is suspended now."""
        suspended = self.memory.flags(card.id).suspended
        self._changed((self.memory.unsuspend if suspended else self.memory.suspend)(card.id, at))
        return not suspended

    def toggle_marked(self, card: Card, at: int) -> bool:
        marked = self.memory.flags(card.id).marked
        self._changed((self.memory.unmark if marked else self.memory.mark)(card.id, at))
        return not marked

    def reset(self, card: Card, at: int) -> None:
        """Make the card new again; its reviews stay in the journal."""
        self._changed(self.memory.reset(card.id, at))

    def undo(self, at: int) -> CardId | None:
        """Take back the last change made here; None when there is none left."""
        if not self._done:
            return None
        undone = self.memory.undo(at, self._done.pop())
        self._states = None
        return undone.card if undone else None

    def leave(self) -> None:
        """Other things are about to be done to cards: what was done here can no longer be taken back from here."""
        self._done.clear()
        self._states = None

    def _changed(self, entry: str) -> None:
        self._done.append(entry)
        self._states = None

    # States

    def _by_state(self, at: int) -> dict[str, set[int]]:
        with self._lock:
            if self._states is None or not 0 <= at - self._states[0] < FRESH_MS:
                held: dict[str, set[int]] = {state: set() for state in STATES}
                for row, (card, fold) in enumerate(self.memory.each(self.library)):
                    for state in self._standing(card.revision, fold, at).states:
                        held[state].add(row)
                self._states = at, held
            return self._states[1]

    def _search(self, query: Query, limit: int, at: int) -> Found:
        asked = any(wanted.name == "is" for wanted in query.filters)
        return self._index.find(query, limit, self._by_state(at) if asked else None)

    # What stands in the way

    def _unknown(self, query: Query) -> Iterator[str]:
        for wanted in query.filters:
            for name, values in (("is", STATES), ("kind", KINDS)):
                if wanted.name == name and not any(value.startswith(wanted.value.casefold()) for value in values):
                    yield f"{name}: takes {', '.join(values)}"

    def _why(self, query: Query, at: int) -> str:
        """Which word or filter leaves nothing."""
        if not self.size:
            return "There are no cards yet."
        alone = [part for part in query.parts if not part.without and not self._count(_only([part]), at)]
        if alone:
            said = (f"No card has {part}." if isinstance(part, Word) else f"{part} leaves no card." for part in alone)
            return " ".join(said)
        without = [
            (self._count(_only([other for other in query.parts if other is not part]), at), part)
            for part in query.parts
            if len(query.parts) > 1
        ]
        count, part = max(without, key=lambda pair: pair[0], default=(0, None))
        if count:
            return f"{part} leaves nothing: without it there {'is' if count == 1 else 'are'} {count}."
        return "No card has all of this."

    def _count(self, query: Query, at: int) -> int:
        return self._search(query, 0, at).total


def _only(parts: list[Word | Filter]) -> Query:
    words = tuple(part for part in parts if isinstance(part, Word))
    return Query(words, tuple(part for part in parts if isinstance(part, Filter)))
