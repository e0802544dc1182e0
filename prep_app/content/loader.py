"""A folder of YAML to a pack. Every fault is reported, with its place; a bad card is left out, not its pack."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from prep_app.content import schema, yaml_text
from prep_app.content.model import (
    Card,
    CardId,
    Choice,
    Claim,
    DemoLink,
    FollowUp,
    Option,
    Pack,
    Problem,
    Question,
    QuestionId,
    Recall,
    Source,
)
from prep_app.content.yaml_text import Parsed, Place

Checks = Mapping[str, "DemoNames"]
_Model = TypeVar("_Model", bound=BaseModel)
_CARD: TypeAdapter[schema.RecallFile | schema.ChoiceFile] = TypeAdapter(schema.AnyCard)


@dataclass(frozen=True, slots=True)
class DemoNames:
    """What a pack may name of a demo."""

    checks: frozenset[str]
    parameters: frozenset[str]


@dataclass(slots=True)
class Taken:
    """Ids in use, across packs: where each was first seen."""

    questions: dict[str, str] = field(default_factory=dict)
    cards: dict[str, str] = field(default_factory=dict)


def load_pack(folder: Path, demos: Checks, taken: Taken | None = None) -> tuple[Pack | None, list[Problem]]:
    """Read the pack in `folder`. Returns it (None when pack.yaml itself is unusable) and every problem."""
    problems: list[Problem] = []
    taken = taken or Taken()
    head_file = _File(folder / "pack.yaml", problems)
    head = head_file.model(schema.PackFile, head_file.parsed.data) if head_file.usable else None
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"})
    except OSError as error:
        problems.append(Problem(folder, 1, 1, f"cannot be read: {error.strerror}"))
        paths = []
    questions = []
    for path in paths:
        if path.name != "pack.yaml":
            question = _question(_File(path, problems), head.id if head else folder.name, demos, taken)
            if question is not None:
                questions.append(question)
    if head is None:
        return None, problems
    return Pack(head.id, head.title, head.description, tuple(questions)), problems


class _File:
    """One file: its data, its lines, and a way to report a fault in it."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self.path = path
        self.problems = problems
        self.lines: list[str] = []
        self.parsed = Parsed()
        try:
            raw = path.read_bytes()
        except OSError as error:
            self.report((1, 1), f"cannot be read: {error.strerror}; a pack needs this file")
            return
        self.lines = raw.decode("utf-8", "replace").split("\n")
        self.parsed = yaml_text.parse(raw)
        for place, message in self.parsed.faults:
            self.report(place, message)
        if self.parsed.data is not None and not isinstance(self.parsed.data, dict):
            self.report((1, 1), "the file must hold keys and values, such as id: Q1")
            self.parsed.data = None

    @property
    def usable(self) -> bool:
        return self.parsed.data is not None

    def report(self, place: Place, message: str) -> None:
        line, column = place
        excerpt = self.lines[line - 1].rstrip("\r") if 0 < line <= len(self.lines) else ""
        self.problems.append(Problem(self.path, line, column, message, excerpt))

    def model(self, kind: type[_Model], data: Any, at: yaml_text.Path = ()) -> _Model | None:
        return self.validated(kind.model_validate, data, at)

    def validated(self, validate: Callable[[Any], _Model], data: Any, at: yaml_text.Path) -> _Model | None:
        """Validate `data`, which stands at `at` in the file; report every fault."""
        try:
            return validate(data)
        except ValidationError as error:
            faulted = {place for place, _ in self.parsed.faults}
            for fault in error.errors():
                self._report_fault(fault, at, faulted)
            return None

    def _report_fault(self, fault: Any, at: yaml_text.Path, faulted: set[Place]) -> None:
        path = (*at, *_in_file(fault["loc"]))
        if fault["type"] == "extra_forbidden":
            place = self.parsed.keys.get(path, self.parsed.place(path))
            self.report(place, f'unknown key "{path[-1]}"{_did_you_mean(str(path[-1]), _allowed(at, path))}')
            return
        place = self.parsed.place(path)
        if fault["type"] != "missing" and place in faulted:
            return  # already said, and better, while reading the YAML
        if fault["type"] == "missing":
            self.report(place, f'"{path[-1]}" is missing')
        elif fault["type"] == "union_tag_not_found":
            self.report(place, '"kind" is missing; write kind: recall or kind: choice')
        elif fault["type"] == "union_tag_invalid":
            tag = str(fault["ctx"]["tag"])
            place = self.parsed.place((*path, "kind"))
            self.report(place, f'kind "{tag}" is not known{_did_you_mean(tag, ("recall", "choice"))}')
        else:
            name = ".".join(str(part) for part in path[-1:])
            self.report(place, f'"{name}": {_plain(fault)}')


def _question(file: _File, pack: str, demos: Checks, taken: Taken) -> Question | None:
    if not file.usable:
        return None
    data = file.parsed.data
    raw = file.model(schema.QuestionFile, data)
    cards = data.get("cards")
    kept = []
    claim_ids = {claim.id for claim in raw.claims} if raw else None
    for index, card_data in enumerate(cards if isinstance(cards, list) else ()):
        at: yaml_text.Path = ("cards", index)
        card = file.validated(_CARD.validate_python, card_data, at)
        if card is not None and _card_stands(file, card, at, claim_ids, demos, taken):
            kept.append(card)
    if raw is None:
        return None
    if raw.id in taken.questions:
        file.report(file.parsed.place(("id",)), f'question id "{raw.id}" is already used in {taken.questions[raw.id]}')
        return None
    taken.questions[raw.id] = file.path.name
    claims = [claim for index, claim in enumerate(raw.claims) if _claim_stands(file, claim, index, demos)]
    links = [link for index, link in enumerate(raw.demos) if _demo_stands(file, link, ("demos", index), demos)]
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
        claims=tuple(Claim(claim.id, claim.text, claim.demo, claim.check) for claim in claims),
        demos=tuple(DemoLink(link.name, link.parameters) for link in links),
        sources=_sources(raw.sources),
        cards=tuple(_card(card, question) for card in kept),
    )


def _card_stands(
    file: _File,
    card: schema.RecallFile | schema.ChoiceFile,
    at: yaml_text.Path,
    claims: set[str] | None,
    demos: Checks,
    taken: Taken,
) -> bool:
    """Check what a card refers to; a card that refers to nothing real is left out."""
    stands = True
    if card.id in taken.cards:
        file.report(file.parsed.place((*at, "id")), f'card id "{card.id}" is already used in {taken.cards[card.id]}')
        stands = False
    else:
        taken.cards[card.id] = file.path.name
    for index, claim in enumerate(card.claims if claims is not None else ()):
        if claim not in (claims or ()):
            place = file.parsed.place((*at, "claims", index))
            file.report(
                place, f'claim "{claim}" is not among this question\'s claims{_did_you_mean(claim, claims or ())}'
            )
            stands = False
    if card.demo is not None and not _demo_stands(file, card.demo, (*at, "demo"), demos):
        stands = False
    return stands


def _claim_stands(file: _File, claim: schema.ClaimFile, index: int, demos: Checks) -> bool:
    if claim.demo not in demos:
        place = file.parsed.place(("claims", index, "demo"))
        file.report(place, f'there is no demo "{claim.demo}"{_did_you_mean(claim.demo, demos)}')
        return False
    checks = demos[claim.demo].checks
    if claim.check not in checks:
        place = file.parsed.place(("claims", index, "check"))
        file.report(place, f'demo {claim.demo} has no check "{claim.check}"{_did_you_mean(claim.check, checks)}')
        return False
    return True


def _demo_stands(file: _File, link: schema.DemoLinkFile, at: yaml_text.Path, demos: Checks) -> bool:
    if link.name not in demos:
        file.report(
            file.parsed.place((*at, "name")), f'there is no demo "{link.name}"{_did_you_mean(link.name, demos)}'
        )
        return False
    stands = True
    for name in link.parameters:
        known = demos[link.name].parameters
        if name not in known:
            place = file.parsed.keys.get((*at, "parameters", name), file.parsed.place(at))
            file.report(place, f'demo {link.name} has no parameter "{name}"{_did_you_mean(name, known)}')
            stands = False
    return stands


def _card(card: schema.RecallFile | schema.ChoiceFile, question: QuestionId) -> Card:
    body: Recall | Choice
    if isinstance(card, schema.RecallFile):
        body = Recall(tuple(card.key_points))
    else:
        body = Choice(tuple(Option(option.text, option.correct, option.why) for option in card.options))
    return Card(
        id=CardId(card.id),
        question=question,
        topic=card.topic,
        prompt=card.prompt,
        answer=card.answer.strip(),
        body=body,
        revision=card.revision,
        difficulty=card.difficulty,
        hint=card.hint.strip(),
        demo=DemoLink(card.demo.name, card.demo.parameters) if card.demo else None,
        claims=tuple(card.claims),
        sources=_sources(card.sources),
    )


def _sources(sources: Iterable[schema.SourceFile]) -> tuple[Source, ...]:
    return tuple(Source(item.title, item.year, item.authors, item.where, item.url) for item in sources)


def _in_file(location: Iterable[str | int]) -> tuple[str | int, ...]:
    """Drop what pydantic adds to a path: the names of union members."""
    return tuple(
        part
        for part in location
        if not (isinstance(part, str) and part in {"recall", "choice", "int", "float", "str", "bool"})
    )


def _allowed(at: yaml_text.Path, path: yaml_text.Path) -> set[str]:
    """Every key that may stand somewhere in a pack; near misses are looked for among the likeliest."""
    inside = path[-2] if len(path) > 1 else ""
    inside = path[-3] if isinstance(inside, int) and len(path) > 2 else inside
    models: dict[object, type[BaseModel]] = {
        "answer": schema.AnswerFile,
        "claims": schema.ClaimFile,
        "demos": schema.DemoLinkFile,
        "demo": schema.DemoLinkFile,
        "sources": schema.SourceFile,
        "options": schema.OptionFile,
        "follow_ups": schema.FollowUpFile,
    }
    if inside in models:
        return set(models[inside].model_fields)
    if inside == "cards":
        return set(schema.RecallFile.model_fields) | set(schema.ChoiceFile.model_fields)
    return set(schema.QuestionFile.model_fields) | set(schema.PackFile.model_fields)


def _did_you_mean(word: str, among: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(among), 1, 0.6)
    return f'; did you mean "{close[0]}"?' if close else ""


def _plain(fault: Any) -> str:
    """pydantic's message in the words of someone writing a pack."""
    wanted = {
        "string_type": "must be text",
        "int_type": "must be a whole number",
        "float_type": "must be a number",
        "bool_type": "must be true or false",
        "list_type": "must be a list",
        "dict_type": "must hold keys and values",
        "model_type": "must hold keys and values",
        "model_attributes_type": "must hold keys and values",
        "string_too_short": "must not be empty",
        "string_pattern_mismatch": "must be a short name of letters, digits, . _ and -",
    }
    kind = fault["type"]
    if kind in wanted:
        given = fault["input"]
        shown = "" if kind == "string_too_short" else f", not {_shown(given)}"
        return wanted[kind] + shown
    return str(fault["msg"]).removeprefix("Value error, ")


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
