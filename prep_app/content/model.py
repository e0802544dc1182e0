"""What a pack holds, as plain frozen data: packs, questions, cards, claims, demo links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, NewType, Protocol

from prep_app.content.body import Body, Kind, Numeric
from prep_app.content.order import turns
from prep_app.content.variant import in_letters

CardId = NewType("CardId", str)
QuestionId = NewType("QuestionId", str)
Scalar = int | float | str | bool


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from."""

    title: str
    year: int | None = None
    authors: str = ""
    where: str = ""  # section, table or page
    url: str = ""  # https only


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of the answer that a check in a demo can prove."""

    id: str
    text: str
    demo: str
    check: str


@dataclass(frozen=True, slots=True)
class DemoLink:
    """A demo to run beside an answer, with the knobs set for it."""

    name: str
    parameters: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FollowUp:
    ask: str
    answer: str


@dataclass(frozen=True, slots=True)
class Card:
    """The unit that is scheduled. `id` is stable; a bumped `revision` asks to learn it again."""

    id: CardId
    question: QuestionId
    topic: str
    prompt: str
    answer: str  # Markdown, shown after the reveal
    body: Body
    revision: int = 1
    difficulty: int = 1  # 1 easy to 3 hard
    hint: str = ""
    demo: DemoLink | None = None
    claims: tuple[str, ...] = ()  # ids of the question's claims this card leans on
    sources: tuple[Source, ...] = ()
    needs: tuple[CardId, ...] = ()  # cards to be introduced before this one
    tags: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """The prompt on one line, for lists."""
        prompt = in_letters(self.prompt) if isinstance(self.body, Numeric) else self.prompt
        return " ".join(prompt.split())


@dataclass(frozen=True, slots=True)
class Question:
    """A question as an interviewer asks it, its layered answer, and the cards that teach it."""

    id: QuestionId
    pack: str
    title: str
    ask: str
    short: str  # the answer in one sentence
    full: str  # the full answer, Markdown
    key_points: tuple[str, ...]
    mistakes: tuple[str, ...]
    follow_ups: tuple[FollowUp, ...]
    claims: tuple[Claim, ...]
    demos: tuple[DemoLink, ...]
    sources: tuple[Source, ...]
    cards: Sequence[Card]


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault in a pack: where it is, what it is, and the line it is on."""

    file: Path
    line: int  # from 1
    column: int  # from 1
    message: str
    excerpt: str = ""  # the line itself

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class Pack:
    id: str
    title: str
    description: str
    questions: tuple[Question, ...]


class Listed(NamedTuple):
    """What is known of a card without its text; `demo` is its own or its question's first, "" where there is none."""

    id: CardId
    question: QuestionId
    topic: str
    kind: Kind
    revision: int
    difficulty: int
    needs: tuple[CardId, ...]
    tags: tuple[str, ...]
    demo: str
    turn: int  # its place in the order in which new cards come


class Kept(Protocol):
    """A library's cards where they are kept on disk and read when they are asked for."""

    @property
    def key(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def cards(self) -> Mapping[CardId, Card]: ...
    def listed(self) -> Iterator[Listed]: ...


@dataclass(frozen=True, eq=False)
class Library:
    """Every pack that loaded, and every problem met on the way. The cards are held here, or `kept` on disk.

    `cards` and `listed` go through them in the order of the packs.
    """

    packs: tuple[Pack, ...]
    problems: tuple[Problem, ...] = ()
    kept: Kept | None = field(default=None, init=False)  # what is made from it with other packs holds its own

    @cached_property
    def questions(self) -> dict[QuestionId, Question]:
        return {question.id: question for pack in self.packs for question in pack.questions}

    @cached_property
    def cards(self) -> Mapping[CardId, Card]:
        if self.kept is not None:
            return self.kept.cards
        return {card.id: card for question in self.questions.values() for card in question.cards}

    @cached_property
    def digest(self) -> str:
        """The same for the same cards, and for no others."""
        if self.kept is not None:
            return self.kept.digest
        digest = blake2b(digest_size=20)
        for card in self.cards.values():
            digest.update(repr(card).encode())
        return digest.hexdigest()

    def listed(self) -> Iterator[Listed]:
        if self.kept is not None:
            yield from self.kept.listed()
            return
        cards = list(self.cards.values())
        for card, turn in zip(cards, turns(cards), strict=True):
            link = card.demo or next(iter(self.questions[card.question].demos), None)
            yield Listed(
                card.id,
                card.question,
                card.topic,
                card.body.kind,
                card.revision,
                card.difficulty,
                card.needs,
                card.tags,
                link.name if link else "",
                turn,
            )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Library):
            return NotImplemented
        if self.kept is not None and other.kept is not None and self.digest != other.digest:
            return False
        return (self.packs, self.problems) == (other.packs, other.problems)

    __hash__ = None  # type: ignore[assignment]
