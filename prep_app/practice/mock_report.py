"""What a mock interview came to: scores, time, what to repair.

Every score is a mean of credits. A question's credit is the share of its key points, gaps or cells; for the other kinds
it is 1 when all is right and 0 otherwise. What was skipped or not reached has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from prep_app.answers.mark import GOOD_SHARE, suggest
from prep_app.answers.response import Picked, Typed, mark
from prep_app.content.body import Choice, Cloze, Code, Compare, Kind, Order, Recall
from prep_app.content.model import CardId, DemoLink, FollowUp, Library
from prep_app.memory.types import Rating
from prep_app.practice.mock import Terms, is_own_follow_up, own_follow_ups
from prep_app.practice.mock_interview import Answers, Item

MOST_DEMOS = 5
LONGEST_NOTES = 2_000  # characters of what was typed that a report keeps
SLOW = 1.5  # times its share: such an answer is said to be long


@dataclass(frozen=True, slots=True)
class Scored:
    """A question and what became of it, with its credit, `right` of `total`.

    `missed` is what should have been said and was not, or the checks that failed. `rating` is what the answer would
    count as in the schedule; None for what was not answered, and for a question's own follow-up, which is no card.
    """

    card: CardId
    question: str
    topic: str
    right: int
    total: int
    seconds: float
    reached: bool
    skipped: bool
    follow_up: bool
    prompt: str = ""
    kind: Kind = "recall"
    at: int = 0  # UTC ms: when it was answered
    typed: str = ""
    missed: tuple[str, ...] = ()
    rating: Rating | None = None
    revision: int = 1

    @property
    def credit(self) -> float:
        return self.right / self.total

    @property
    def answered(self) -> bool:
        return self.reached and not self.skipped

    @property
    def weak(self) -> bool:
        return self.reached and self.credit < GOOD_SHARE

    @property
    def headline(self) -> str:
        return self.prompt or self.card


@dataclass(frozen=True, slots=True)
class Report:
    """`demos` would repair what was weak, weakest first; `earned` are follow-ups to answers only marked afterwards."""

    started: int
    ended: int
    terms: Terms
    seed: int
    questions: int
    items: tuple[Scored, ...]
    demos: tuple[DemoLink, ...]
    earned: tuple[tuple[str, FollowUp], ...]

    @property
    def score(self) -> float:
        return _mean([scored.credit for scored in self.items])

    @property
    def answered_score(self) -> float | None:
        """The score of what was answered alone; None where nothing was."""
        credits = [scored.credit for scored in self.items if scored.answered]
        return _mean(credits) if credits else None

    @property
    def seconds(self) -> float:
        return (self.ended - self.started) / 1000

    @property
    def not_reached(self) -> int:
        return sum(not scored.reached for scored in self.items)

    @property
    def skipped(self) -> int:
        return sum(scored.skipped for scored in self.items)

    @property
    def by_question(self) -> dict[str, float]:
        return _means((scored.question, scored.credit) for scored in self.items)

    @property
    def by_topic(self) -> dict[tuple[str, str], float]:
        """The mean credit of each (question, topic), weakest first."""
        means = _means(((scored.question, scored.topic), scored.credit) for scored in self.items)
        return dict(sorted(means.items(), key=lambda pair: pair[1]))

    @property
    def weakest(self) -> tuple[Scored, ...]:
        """What to repair, weakest first."""
        return tuple(sorted((scored for scored in self.items if scored.weak), key=lambda scored: scored.credit))

    @property
    def countable(self) -> tuple[Scored, ...]:
        """What may count as reviews."""
        return tuple(scored for scored in self.items if scored.rating is not None)

    @property
    def as_json(self) -> dict[str, Any]:
        """In short, as `prep mock --history --json` prints it."""
        topics = [{"question": of, "topic": topic, "credit": share} for (of, topic), share in self.by_topic.items()]
        return {
            "at": self.started,
            "minutes": self.terms.minutes,
            "questions": self.questions,
            "seconds": self.seconds,
            "score": round(self.score, 4),
            "by_question": self.by_question,
            "by_topic": topics,
        }


@dataclass(frozen=True, slots=True)
class Change:
    """A topic's credit in one mock, and in the mock before that asked about it; None where that was the first."""

    question: str
    topic: str
    before: float | None
    credit: float

    @property
    def points(self) -> int:
        return 0 if self.before is None else round((self.credit - self.before) * 100)


def report(answers: Answers) -> Report:
    """What a mock came to, once all of it is marked."""
    items = tuple(map(_scored, answers.items))
    return Report(
        started=answers.started,
        ended=answers.ended,
        terms=answers.terms,
        seed=answers.seed,
        questions=answers.total,
        items=items,
        demos=_demos(zip(answers.items, items, strict=True), answers.library),
        earned=_earned(answers.items, items, answers.library),
    )


def changes(past: Sequence[Report]) -> tuple[Change, ...]:
    """How each topic of the last of these mocks went against the time before: most gained first, new topics last."""
    before: dict[tuple[str, str], float] = {}
    for earlier in past[:-1]:
        before |= earlier.by_topic
    found = [Change(*topic, before.get(topic), credit) for topic, credit in past[-1].by_topic.items()]
    return tuple(sorted(found, key=lambda change: (change.before is None, -change.points)))


def next_step(held: Report) -> str:
    """The one thing to do now, in a sentence or two."""
    said = []
    if held.not_reached:
        share = spell(held.terms.share)
        said.append(f"{held.not_reached} not reached: keep to {share} a question, and say the answer's frame first.")
    if held.weakest:
        worst = held.weakest[0]
        demo = f" and run {held.demos[0].name}" if held.demos else ""
        said.append(f"Study {worst.question} · {worst.topic} next{demo}; then take another mock.")
    elif not held.not_reached:
        said.append("Nothing to repair. Next time ask for more questions in the same minutes.")
    return " ".join(said)


def spell(seconds: float) -> str:
    """A length of time as a stopwatch shows it: 2:05."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def _scored(item: Item) -> Scored:
    card, held = item.card, item.mark
    right, total = _credit(item)
    counts = held is not None and not is_own_follow_up(card)
    return Scored(
        card=card.id,
        question=card.question,
        topic=card.topic,
        right=right,
        total=total,
        seconds=item.seconds,
        reached=item.reached,
        skipped=item.skipped,
        follow_up=item.follow_up,
        prompt=item.headline,
        kind=card.body.kind,
        at=item.at,
        typed=item.typed[:LONGEST_NOTES],
        missed=_missed(item),
        rating=suggest(card.body.kind, held, seconds=item.seconds) if held is not None and counts else None,
        revision=card.revision,
    )


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


def _missed(item: Item) -> tuple[str, ...]:
    """An order is not taken apart."""
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


def _demos(pairs: Iterable[tuple[Item, Scored]], library: Library) -> tuple[DemoLink, ...]:
    """The demos of what was weak, each once; where a card has none, its question's first."""
    links: dict[str, DemoLink] = {}
    for item, _ in sorted((pair for pair in pairs if pair[1].weak), key=lambda pair: pair[1].credit):
        question = library.questions.get(item.card.question)
        link = item.asked.demo or next(iter(question.demos if question else ()), None)
        if link is not None:
            links.setdefault(link.name, link)
    return tuple(links.values())[:MOST_DEMOS]


def _earned(items: Sequence[Item], scores: Sequence[Scored], library: Library) -> tuple[tuple[str, FollowUp], ...]:
    """What an interviewer would have asked after answers that turned out good when the interview was over."""
    taken = {item.card.id for item in items}
    followed = {item.follows for item in items}
    number, earned = 0, []
    for item, scored in zip(items, scores, strict=True):
        number += not item.follow_up
        question = library.questions.get(item.card.question)
        late = item.card.body.kind == "code" or (item.card.body.kind == "recall" and not item.typed.strip())
        if question is None or not (late and item.answered) or item.follow_up or number in followed or scored.weak:
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
    return {key: _mean(values) for key, values in held.items()}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
