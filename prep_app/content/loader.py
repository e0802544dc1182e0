"""A pack's YAML to a Pack. Every fault is reported, with its place; a bad card is left out, not its pack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from prep_app.content import card_schema, schema
from prep_app.content.bodies import Starter, body_of
from prep_app.content.faults import did_you_mean, shown
from prep_app.content.folder import HEAD, Snapshot
from prep_app.content.model import (
    Card,
    CardId,
    Claim,
    DemoLink,
    FollowUp,
    Pack,
    Problem,
    Question,
    QuestionId,
    Scalar,
    Source,
)
from prep_app.content.prerequisites import with_prerequisites
from prep_app.content.yaml_file import YamlFile
from prep_app.content.yaml_text import Path


class Parameter(Protocol):
    """A knob that a pack may set: its name, and how to read a value (ValueError for one it cannot take)."""

    @property
    def name(self) -> str: ...
    def coerce(self, value: object) -> Scalar: ...


class Declaration(Protocol):
    """What a pack may name of a demo; demos.kit.Demo is one."""

    @property
    def checks(self) -> Mapping[str, str]: ...
    @property
    def parameters(self) -> Sequence[Parameter]: ...


Demos = Mapping[str, Declaration]


@dataclass(frozen=True, slots=True)
class Programs:
    """What a pack may lean on: the demos, and what a learner starts from in a function of one."""

    demos: Demos
    starter: Starter


@dataclass(slots=True)
class Taken:
    """Ids in use, and where each was first seen."""

    packs: dict[str, str] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)
    cards: dict[str, str] = field(default_factory=dict)


def load_pack(held: Snapshot, programs: Programs, taken: Taken) -> tuple[Pack | None, list[Problem]]:
    """Compile a pack: it (None when it cannot be told what pack it is), and every problem.

    `taken` gains the ids of what was kept, and only of that: what is left out stands in no other pack's way.
    """
    if held.fault:
        return None, [Problem(held.folder, 1, 1, held.fault)]
    head, problems = _head(held, taken)
    seen = Taken(questions=dict(taken.questions), cards=dict(taken.cards))
    files = [YamlFile(one) for one in held.files if one.path.name != HEAD]
    found = [(file, _question(file, head.id if head else "", programs, seen)) for file in files]
    questions = with_prerequisites([(file, question) for file, question in found if question is not None])
    problems += [problem for file in files for problem in file.problems()]
    if head is None:
        return None, problems
    taken.packs[head.id] = held.folder.name
    for question in questions:
        taken.questions[question.id] = seen.questions[question.id]
        taken.cards |= {card.id: seen.cards[card.id] for card in question.cards}
    return Pack(head.id, head.title, head.description, tuple(questions)), problems


def _head(held: Snapshot, taken: Taken) -> tuple[schema.PackFile | None, list[Problem]]:
    """What pack.yaml says, None when it is missing, faulty, or a second pack of the same id."""
    found = next((one for one in held.files if one.path.name == HEAD), None)
    if found is None:
        message = f"{HEAD} is missing; a pack is a folder with a {HEAD} (id, title) and one file a question"
        return None, [Problem(held.folder, 1, 1, message)]
    file = YamlFile(found)
    head = file.model(schema.PackFile, file.data) if file.data is not None else None
    if head is not None and head.id in taken.packs:
        file.at(("id",), f'pack id "{head.id}" is already used by the pack in {taken.packs[head.id]}')
    problems = file.problems()
    return (None if problems else head), problems


def _question(file: YamlFile, pack: str, programs: Programs, seen: Taken) -> Question | None:
    """Compile a question's file; None when the question itself is faulty. Its cards are looked at all the same."""
    if file.data is None:
        return None
    demos = programs.demos
    raw = file.model(schema.QuestionFile, file.data)
    claims = _claims(file, raw.claims if raw else (), demos)
    listed = file.data.get("cards")
    cards = [
        _card(file, data, ("cards", index), claims, programs, seen)
        for index, data in enumerate(listed if isinstance(listed, list) else ())
    ]
    if raw is None:
        return None
    links = [_link(file, link, ("demos", index), demos) for index, link in enumerate(raw.demos)]
    if not _is_new(file, ("id",), "question", raw.id, seen.questions):
        return None
    if any(len(fault.path) < 2 or fault.path[0] != "cards" for fault in file.parsed.faults):
        return None  # a key written twice, say: no telling which was meant
    question = QuestionId(raw.id)
    return Question(
        id=question,
        pack=pack,
        title=raw.title,
        ask=raw.ask,
        short=raw.answer.short,
        full=raw.answer.full,
        key_points=tuple(raw.answer.key_points),
        mistakes=tuple(raw.answer.mistakes),
        follow_ups=tuple(FollowUp(item.ask, item.answer) for item in raw.answer.follow_ups),
        claims=tuple(claims.values()),
        demos=tuple(link for link in links if link is not None),
        sources=_sources(raw.sources),
        cards=tuple(card for card in cards if card is not None),
    )


def _claims(file: YamlFile, written: Sequence[schema.ClaimFile], demos: Demos) -> dict[str, Claim]:
    """The claims whose check exists, by id."""
    claims: dict[str, Claim] = {}
    seen: dict[str, str] = {}
    for index, claim in enumerate(written):
        at: Path = ("claims", index)
        stands = _is_new(file, (*at, "id"), "claim", claim.id, seen)
        demo = demos.get(claim.demo)
        if demo is None:
            file.at((*at, "demo"), f"there is no demo {shown(claim.demo)}{did_you_mean(claim.demo, demos)}")
        elif claim.check not in demo.checks:
            near = did_you_mean(claim.check, demo.checks)
            file.at((*at, "check"), f"demo {claim.demo} has no check {shown(claim.check)}{near}")
        elif stands:
            claims[claim.id] = Claim(claim.id, claim.text, claim.demo, claim.check)
    return claims


def _card(
    file: YamlFile, data: object, at: Path, claims: Mapping[str, Claim], programs: Programs, seen: Taken
) -> Card | None:
    """Compile the card at `at`; None, with every fault reported, when it cannot be asked as it is written."""
    kind = _kind(file, data, at)
    card = file.model(card_schema.CARDS[kind], {**data, "kind": kind} if isinstance(data, dict) else data, at)
    if card is None:
        return None
    stands = not any(fault.path[:2] == at for fault in file.parsed.faults)
    stands &= data.get("kind") == kind if isinstance(data, dict) else False
    stands &= _is_new(file, (*at, "id"), "card", card.id, seen.cards)
    named = _claim_ids(file)
    for index, claim in enumerate(card.claims):
        if claim not in named:
            near = did_you_mean(claim, named)
            file.at((*at, "claims", index), f"{shown(claim)} is not among this question's claims{near}")
            stands = False
    link = _link(file, card.demo, (*at, "demo"), programs.demos) if card.demo else None
    body = body_of(card, file, at, programs.demos.get(link.name) if link else None, programs.starter)
    if not stands or body is None or (card.demo and link is None):
        return None
    return Card(
        id=CardId(card.id),
        question=QuestionId(str((file.data or {}).get("id", ""))),
        topic=card.topic,
        prompt=card.prompt,
        answer=card.answer,
        body=body,
        revision=card.revision,
        difficulty=card.difficulty,
        hint=card.hint,
        demo=link,
        claims=tuple(claim for claim in card.claims if claim in claims),
        sources=_sources(card.sources),
        needs=tuple(CardId(need) for need in card.needs),
        tags=tuple(card.tags),
    )


def _kind(file: YamlFile, data: object, at: Path) -> str:
    """The card's kind; where it does not say, the likeliest, so that its other faults are found too."""
    if not isinstance(data, dict):
        return "recall"
    kind = data.get("kind")
    if isinstance(kind, str) and kind in card_schema.CARDS:
        return kind
    kinds = ", ".join(card_schema.CARDS)
    if "kind" not in data:
        known = {key for model in card_schema.CARDS.values() for key in card_schema.knows(model)}
        if not any(did_you_mean(key, ["kind"]) for key in set(data) - known):  # a slip is reported as an unknown key
            file.at(at, f'"kind" is missing; write kind: and one of {kinds}')
    else:
        near = did_you_mean(kind, card_schema.CARDS) if isinstance(kind, str) else ""
        file.at((*at, "kind"), f'"kind" must be one of {kinds}, not {shown(kind)}{near}')
    return next((kind for key, kind in card_schema.TELLTALES.items() if key in data), "recall")


def _claim_ids(file: YamlFile) -> set[str]:
    """The ids of the file's claims, faulty claims too: a card that names one is not at fault for it."""
    listed = (file.data or {}).get("claims")
    written = (claim.get("id") for claim in (listed if isinstance(listed, list) else ()) if isinstance(claim, dict))
    return {name for name in written if isinstance(name, str)}


def _link(file: YamlFile, link: schema.DemoLinkFile, at: Path, demos: Demos) -> DemoLink | None:
    """The demo with its knobs set; None, with every fault reported, when the demo cannot be run so."""
    demo = demos.get(link.name)
    if demo is None:
        file.at((*at, "name"), f"there is no demo {shown(link.name)}{did_you_mean(link.name, demos)}")
        return None
    knobs = {parameter.name: parameter for parameter in demo.parameters}
    values: dict[str, Scalar] = {}
    for name, value in link.parameters.items():
        path: Path = (*at, "parameters", name)
        if name not in knobs:
            file.at_key(path, f"demo {link.name} has no parameter {shown(name)}{did_you_mean(name, knobs)}")
            continue
        try:
            values[name] = knobs[name].coerce(value)
        except ValueError as error:
            file.at(path, f"demo {link.name}: {error}")
    return DemoLink(link.name, values) if len(values) == len(link.parameters) else None


def _is_new(file: YamlFile, path: Path, what: str, name: str, seen: dict[str, str]) -> bool:
    """Whether `name` is used for the first time; report where it was used before when not."""
    if name in seen:
        file.at(path, f'{what} id "{name}" is already used at {seen[name]}')
        return False
    seen[name] = file.where(path)
    return True


def _sources(sources: Iterable[schema.SourceFile]) -> tuple[Source, ...]:
    return tuple(Source(item.title, item.year, item.authors, item.where, item.url) for item in sources)
