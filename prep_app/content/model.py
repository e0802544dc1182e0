"""What a pack holds, as plain frozen data: packs, questions, cards, claims, demo links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NewType

from prep_app.content.body import Body, Numeric
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
    cards: tuple[Card, ...]


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


@dataclass(frozen=True)
class Library:
    """Every pack that loaded, and every problem met on the way. `questions` and `cards` are made once."""

    packs: tuple[Pack, ...]
    problems: tuple[Problem, ...] = ()

    @cached_property
    def questions(self) -> dict[QuestionId, Question]:
        return {question.id: question for pack in self.packs for question in pack.questions}

    @cached_property
    def cards(self) -> dict[CardId, Card]:
        return {card.id: card for question in self.questions.values() for card in question.cards}
