"""What a mock interview came to: scores, time, what to repair; as the journal keeps it and as Markdown.

Every score is a mean of credits. A question's credit is the share of its key points, gaps or cells; for the other kinds
it is 1 when all is right and 0 otherwise. What was skipped or not reached has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from prep_app.answers.mark import GOOD_SHARE, suggest
from prep_app.answers.response import Picked, Typed, mark
from prep_app.content.body import Choice, Cloze, Code, Compare, Order, Recall
from prep_app.content.model import DemoLink, FollowUp, Library
from prep_app.memory.store import Memory
from prep_app.practice.mock import Terms, is_own_follow_up, own_follow_ups
from prep_app.practice.mock_interview import Interview, Item
from prep_app.practice.session import LONGEST_ANSWER

MOST_DEMOS = 5
SLOW = 1.5  # times its share: such an answer is said to be long


@dataclass(frozen=True, slots=True)
class Scored:
    """A question with its credit, `right` of `total`."""

    item: Item
    right: int
    total: int

    @property
    def credit(self) -> float:
        return self.right / self.total

    @property
    def weak(self) -> bool:
        return self.item.reached and self.credit < GOOD_SHARE

    @property
    def missed(self) -> tuple[str, ...]:
        """What should have been said and was not, or the checks that failed; an order is not taken apart."""
        item = self.item
        match item.card.body:
            case Order():
                return ()
            case Code():
                failed = item.mark.parts if item.mark is not None else ()
                return tuple(part.why for part in failed if not part.counts)
            case Recall() | Choice():
                held = item.mark or mark(item.asked, Picked())
            case _:
                held = item.mark or mark(item.asked, Typed())
        return tuple(part.right for part in held.parts if not part.counts and part.right)


@dataclass(frozen=True, slots=True)
class Past:
    """A mock as the journal keeps it, in short. `by_question` is the mean credit of each question."""

    at: int  # UTC ms: when it began
    minutes: int
    questions: int
    score: float
    by_question: Mapping[str, float]

    @staticmethod
    def of(data: Mapping[str, Any]) -> Past:
        credits = ((item["question"], item["right"] / item["total"]) for item in data["items"])
        return Past(data["started"], data["minutes"], data["questions"], data["score"], _means(credits))


@dataclass(frozen=True, slots=True)
class Report:
    """`demos` would repair what was weak, weakest first; `earned` are follow-ups to answers only marked afterwards."""

    started: int
    ended: int
    terms: Terms
    seed: int
    turn: int
    questions: int
    items: tuple[Scored, ...]
    demos: tuple[DemoLink, ...]
    earned: tuple[tuple[str, FollowUp], ...]

    @property
    def score(self) -> float:
        return sum(scored.credit for scored in self.items) / len(self.items) if self.items else 0.0

    @property
    def answered_score(self) -> float | None:
        """The score of what was answered alone; None where nothing was."""
        credits = [scored.credit for scored in self.items if scored.item.answered]
        return sum(credits) / len(credits) if credits else None

    @property
    def seconds(self) -> float:
        return (self.ended - self.started) / 1000

    @property
    def not_reached(self) -> int:
        return sum(not scored.item.reached for scored in self.items)

    @property
    def skipped(self) -> int:
        return sum(scored.item.skipped for scored in self.items)

    @property
    def by_question(self) -> dict[str, float]:
        return _means((scored.item.card.question, scored.credit) for scored in self.items)

    @property
    def by_topic(self) -> dict[tuple[str, str], float]:
        """The mean credit of each (question, topic), weakest first."""
        means = _means(((scored.item.card.question, scored.item.card.topic), scored.credit) for scored in self.items)
        return dict(sorted(means.items(), key=lambda pair: pair[1]))

    @property
    def weakest(self) -> tuple[Scored, ...]:
        """What to repair, weakest first."""
        return _weakest(self.items)

    @property
    def as_data(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            "started": self.started,
            "ended": self.ended,
            "minutes": self.terms.minutes,
            "questions": self.questions,
            "topic": self.terms.topic,
            "seed": self.seed,
            "score": round(self.score, 4),
            "items": [
                {
                    "card": scored.item.card.id,
                    "question": scored.item.card.question,
                    "topic": scored.item.card.topic,
                    "turn": self.turn,
                    "seconds": scored.item.seconds,
                    "right": scored.right,
                    "total": scored.total,
                    "reached": scored.item.reached,
                    "skipped": scored.item.skipped,
                    "follow_up": scored.item.follow_up,
                }
                for scored in self.items
            ],
        }


def report(interview: Interview) -> Report:
    """What the interview came to, once all of it is marked."""
    items = tuple(Scored(item, *_credit(item)) for item in interview.items)
    return Report(
        started=interview.started,
        ended=interview.ended,
        terms=interview.terms,
        seed=interview.seed,
        turn=interview.turn,
        questions=interview.total,
        items=items,
        demos=_demos(items, interview.library),
        earned=_earned(items, interview.library),
    )


def history(memory: Memory) -> tuple[Past, ...]:
    """Every mock there was, in the order they were kept."""
    return tuple(Past.of(data) for data in memory.mocks())


def countable(held: Report) -> tuple[Item, ...]:
    """What may count as a review: cards that were answered; a question's own follow-ups are no cards."""
    return tuple(
        scored.item for scored in held.items if scored.item.mark is not None and not is_own_follow_up(scored.item.card)
    )


def count_as_reviews(held: Report, memory: Memory) -> int:
    """Grade each card that was answered, once, as its mark suggests and when it was answered; returns how many."""
    for item in countable(held):
        assert item.mark is not None
        rating = suggest(item.card.body.kind, item.mark, seconds=item.seconds)
        seconds = min(LONGEST_ANSWER, item.seconds)
        memory.answer(item.card.id, rating, at=item.at, seconds=seconds, revision=item.card.revision)
    return len(countable(held))


def next_step(held: Report) -> str:
    """The one thing to do now, in a sentence or two."""
    said = []
    if held.not_reached:
        share = spell(held.terms.share)
        said.append(f"{held.not_reached} not reached: keep to {share} a question, and say the answer's frame first.")
    if held.weakest:
        worst = held.weakest[0].item.card
        demo = f" and run {held.demos[0].name}" if held.demos else ""
        said.append(f"Study {worst.question} · {worst.topic} next{demo}; then take another mock.")
    elif not held.not_reached:
        said.append("Nothing to repair. Next time ask for more questions in the same minutes.")
    return " ".join(said)


def spell(seconds: float) -> str:
    """A length of time as a stopwatch shows it: 2:05."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def _credit(item: Item) -> tuple[int, int]:
    """(right, total): parts of an answer given in parts, else one thing that is right or not."""
    match item.card.body:
        case Recall(points):
            total = len(points)
        case Cloze() | Compare() as body:
            total = len(body.gaps)
        case _:
            return int(item.mark is not None and item.mark.correct), 1
    return (item.mark.right if item.mark is not None else 0), max(1, total)


def _weakest(items: Iterable[Scored]) -> tuple[Scored, ...]:
    return tuple(sorted((scored for scored in items if scored.weak), key=lambda scored: scored.credit))


def _demos(items: Iterable[Scored], library: Library) -> tuple[DemoLink, ...]:
    """The demos of what was weak, each once; where a card has none, its question's first."""
    links: dict[str, DemoLink] = {}
    for scored in _weakest(items):
        question = library.questions.get(scored.item.card.question)
        link = scored.item.asked.demo or next(iter(question.demos if question else ()), None)
        if link is not None:
            links.setdefault(link.name, link)
    return tuple(links.values())[:MOST_DEMOS]


def _earned(items: Iterable[Scored], library: Library) -> tuple[tuple[str, FollowUp], ...]:
    """What an interviewer would have asked after answers that were said aloud, and turned out good."""
    taken = {scored.item.card.id for scored in items}
    earned = []
    for scored in items:
        item = scored.item
        question = library.questions.get(item.card.question)
        aloud = item.answered and item.card.body.kind == "recall" and not item.typed.strip() and not item.follow_up
        if question is None or not aloud or scored.weak:
            continue
        for card, own in zip(own_follow_ups(question), question.follow_ups, strict=True):
            if card.id not in taken:
                taken.add(card.id)
                earned.append((str(question.id), own))
                break
    return tuple(earned)


def _means(pairs: Iterable[tuple[Any, float]]) -> dict[Any, float]:
    held: dict[Any, list[float]] = {}
    for key, value in pairs:
        held.setdefault(key, []).append(value)
    return {key: sum(values) / len(values) for key, values in held.items()}
