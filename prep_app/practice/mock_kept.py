"""Mock interviews in the journal: noted when they end, and again once they are marked or thrown away.

The last word on a mock counts: what was answered can be marked another day, and a report opened again as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from prep_app.answers.asked import ask
from prep_app.answers.code import Checked
from prep_app.answers.response import Arranged, Picked, Ran, Response, Typed
from prep_app.content.model import Card, CardId, DemoLink, FollowUp, Library
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.practice.mock import Terms, own_follow_ups
from prep_app.practice.mock_interview import FIRST_TURN, Answers, Item
from prep_app.practice.mock_report import LONGEST_NOTES, Report, Scored
from prep_app.practice.session import LONGEST_ANSWER
from prep_app.text import printable

LONGEST_TEXT, LONGEST_LINE = 20_000, 1_000  # characters that are kept of notes or code, and of a gap or a number

Data = Mapping[str, Any]


def history(memory: Memory) -> tuple[Report, ...]:
    """Every mock that was marked, in the order they began."""
    return tuple(_report(data) for data in _last_words(memory) if "items" in data)


def unmarked(memory: Memory) -> tuple[Data, ...]:
    """What is kept of the mocks that wait to be marked, in the order they began; see `answers`."""
    return tuple(data for data in _last_words(memory) if "answers" in data)


def note_answers(memory: Memory, held: Answers, at: int) -> None:
    """Keep what was answered, and the marks it has by now, to be marked on."""
    memory.note_mock(_head(held.started, held.ended, held.terms, held.seed) | {"answers": _answers(held)}, at)


def note_report(memory: Memory, held: Report, at: int) -> None:
    memory.note_mock(report_data(held), at)


def note_thrown_away(memory: Memory, held: Answers, at: int) -> None:
    memory.note_mock({"started": held.started, "thrown_away": True}, at)


def count_as_reviews(held: Report, memory: Memory) -> int:
    """Grade each card that was answered, once, as its mark suggests and when it was answered; returns how many."""
    for scored in held.countable:
        assert scored.rating is not None
        seconds = min(LONGEST_ANSWER, scored.seconds)
        memory.answer(scored.card, scored.rating, at=scored.at, seconds=seconds, revision=scored.revision)
    return len(held.countable)


def counted(held: Report, memory: Memory) -> bool:
    """Whether any of its answers stands as a review."""
    reviews = {(review.card, review.at) for review in memory.reviews()}
    return any((scored.card, scored.at) in reviews for scored in held.countable)


def answers(data: Data, library: Library) -> Answers | None:
    """What was answered, with the cards as they are now; None where none of them is left as it was."""
    terms, seed = _terms(data), data["seed"]
    kept = [_item(body, library, FIRST_TURN + seed) for body in data["answers"]]
    items = [item for item in kept if item is not None]
    if not any(item.reached for item in items):
        return None
    total = sum(not item.follow_up for item in items)
    return Answers(library, terms, seed, data["started"], data["ended"], total, items)


def report_data(held: Report) -> dict[str, Any]:
    return _head(held.started, held.ended, held.terms, held.seed) | {
        "questions": held.questions,
        "score": round(held.score, 4),
        "items": [asdict(scored) | {"typed": _text(scored.typed, LONGEST_NOTES)} for scored in held.items],
        "demos": [{"name": link.name, "parameters": dict(link.parameters)} for link in held.demos],
        "earned": [{"question": question, "ask": own.ask, "answer": own.answer} for question, own in held.earned],
    }


def _last_words(memory: Memory) -> list[Data]:
    """One of each mock. What was marked stays so, however the clock was set meanwhile."""
    last: dict[int, Data] = {}
    for data in memory.mocks():
        if "answers" not in data or "answers" in last.get(data["started"], data):
            last[data["started"]] = data
    return [last[started] for started in sorted(last)]


# Reports


def _report(data: Data) -> Report:
    return Report(
        started=data["started"],
        ended=data["ended"],
        terms=_terms(data),
        seed=data["seed"],
        questions=data["questions"],
        items=tuple(map(_scored, data["items"])),
        demos=tuple(DemoLink(link["name"], link["parameters"]) for link in data.get("demos", ())),
        earned=tuple((own["question"], FollowUp(own["ask"], own["answer"])) for own in data.get("earned", ())),
    )


def _scored(body: Data) -> Scored:
    held = {field.name: body[field.name] for field in fields(Scored) if field.name in body}
    rating = held.get("rating")
    return Scored(**held | {"missed": tuple(held.get("missed", ())), "rating": rating and Rating(rating)})


def _head(started: int, ended: int, terms: Terms, seed: int) -> dict[str, Any]:
    agreed = {"minutes": terms.minutes, "wanted": terms.questions, "topic": terms.topic}
    return {"started": started, "ended": ended, **agreed, "seed": seed}


def _terms(data: Data) -> Terms:
    wanted = data["wanted"] if "wanted" in data else data["questions"]
    return Terms(data["minutes"], wanted, data["topic"])


# Answers


def _answers(held: Answers) -> list[dict[str, Any]]:
    return [
        {
            "card": item.card.id,
            "topic": item.card.topic,
            "follows": item.follows,
            "reached": item.reached,
            "skipped": item.skipped,
            "seconds": item.seconds,
            "at": item.at,
            "typed": _text(item.typed, LONGEST_TEXT),
            "response": _response_data(item.response),
        }
        for item in held.items
    ]


def _item(body: Data, library: Library, turn: int) -> Item | None:
    """None where the card is gone, or was edited so that the answer does not fit it."""
    card = _card(CardId(body["card"]), body["topic"], library)
    if card is None:
        return None
    kept = {name: body[name] for name in ("follows", "reached", "skipped", "seconds", "at", "typed")}
    item = Item(ask(card, turn), response=_response(body["response"]), **kept)
    try:
        _ = item.mark
    except (TypeError, ValueError, IndexError):
        return None
    return item


def _card(name: CardId, topic: str, library: Library) -> Card | None:
    """A card, or a question's own follow-up."""
    if name in library.cards:
        return library.cards[name]
    own = (card for question in library.questions.values() for card in own_follow_ups(question))
    return next((replace(card, topic=topic) for card in own if card.id == name), None)


def _response_data(response: Response | None) -> dict[str, Any] | None:
    match response:
        case Picked(indices):
            return {"picked": sorted(indices)}
        case Typed(texts):
            return {"typed": [_text(text, LONGEST_LINE) for text in texts]}
        case Arranged(places):
            return {"arranged": list(places)}
        case Ran(checks, failure):
            return {"checks": [asdict(check) for check in checks], "failure": failure}
    return None


def _text(text: str, longest: int) -> str:
    """What was typed, as the journal can hold it and another machine will take it."""
    return printable(text[:longest]).encode("utf-8", "replace").decode("utf-8")


def _response(data: Data | None) -> Response | None:
    match data:
        case {"picked": indices}:
            return Picked(frozenset(indices))
        case {"typed": texts}:
            return Typed(tuple(texts))
        case {"arranged": places}:
            return Arranged(tuple(places))
        case {"checks": checks, "failure": failure}:
            return Ran(tuple(Checked(**check) for check in checks), failure)
    return None
