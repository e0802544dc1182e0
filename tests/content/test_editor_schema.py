"""The JSON Schema for editors takes what the reader takes, and marks what the reader refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from good_pack import HEAD, QUESTION, load, write
from jsonschema import Draft202012Validator

from prep_app.content import yaml_text
from prep_app.content.card_schema import CARDS, knows
from prep_app.content.editor_schema import editor_schema
from prep_app.content.key_descriptions import KEYS, TITLES, description
from prep_app.content.library import builtin_folders

EVERY_KIND = (Path(__file__).parent / "every_kind.yaml").read_text()
QUESTIONS = Draft202012Validator(editor_schema("question"))
PACKS = Draft202012Validator(editor_schema("pack"))


def errors(text: str, validator: Draft202012Validator = QUESTIONS) -> list[str]:
    parsed = yaml_text.parse(text.encode())
    assert not parsed.faults
    return [error.message for error in validator.iter_errors(parsed.data)]


def test_it_is_a_schema_of_its_dialect() -> None:
    for validator in (QUESTIONS, PACKS):
        Draft202012Validator.check_schema(validator.schema)
        assert validator.schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_built_in_files_satisfy_it() -> None:
    for folder in builtin_folders():
        for file in sorted(folder.glob("*.yaml")):
            assert not errors(file.read_text(), PACKS if file.name == "pack.yaml" else QUESTIONS), file.name


def test_the_packs_of_the_tests_satisfy_it() -> None:
    assert not errors(QUESTION)
    assert not errors(EVERY_KIND)
    assert not errors(HEAD, PACKS)


# What stands in the file, and what is put there instead.
BROKEN = {
    "a misspelt key": ("    answer: Storage.", "    anwser: Storage."),
    "a missing prompt": ("    prompt: Which is zero?\n", ""),
    "no kind": ("    kind: choice\n", ""),
    "an unknown kind": ("kind: order", "kind: essay"),
    "a key of another kind": ("    prompt: In which order?", "    prompt: In which order?\n    options: [a, b]"),
    "no right option": (", correct: true", ""),
    "an option that explains nothing": ("{text: A, why: it is random}", "{text: A}"),
    "one option": (", {text: A, why: it is random}]", "]"),
    "an id with a space": ("id: k-cloze", "id: k cloze"),
    "a list for a text": ("topic: Types", "topic: [a]"),
    "a difficulty out of range": ("topic: Types", "topic: Types\n    difficulty: 4"),
    "a revision in words": ("topic: Types", "topic: Types\n    revision: second"),
    "an empty text": ("topic: Types", 'topic: ""'),
    "a gap without an answer": ("{accept: [bf16, bfloat16]}", "{words: [bf16]}"),
    "an empty list of key points": ("[{text: base in 4 bits, words: [nf4, four bits]}, slower steps]", "[]"),
    "a variable drawn in two ways": ("{values: [512, 4096]}", "{values: [512], from: 1, to: 3, step: 1}"),
    "a range without a step": ("{from: 4, to: 64, step: 4}", "{from: 4, to: 64}"),
    "a variable's name with a dash": ("alpha: {from", "al-pha: {from"),
    "a strange tolerance": ("tolerance: 1%", "tolerance: about 1"),
    "two steps": (", merge them]", "]"),
    "a step twice": ("merge them]", "freeze the base, freeze the base]"),
    "a code card without a demo": ("    demo: {name: lora_merge}\n    function", "    function"),
    "more cells than columns": ("cells: [bf16, ", "cells: [bf16, fp32, "),
    "a cell that is given and a gap": ("{accept: [NF4], words: [nf4]}", "{given: NF4, accept: [NF4]}"),
    "an address without https": ("https://arxiv", "http://arxiv"),
    "a parameter that is a list": ("{r: 8}", "{r: [8]}"),
    "an unknown key of the question": ("title: Every kind", "title: Every kind\ncolour: red"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_the_reader_refuses_it_marks(tmp_path: Path, case: str) -> None:
    old, new = BROKEN[case]
    assert EVERY_KIND.count(old) == 1
    text = EVERY_KIND.replace(old, new)
    assert errors(text)
    _, problems = load(write(tmp_path, k1=text))
    assert problems


@pytest.mark.parametrize(
    "text", ["id: p\n", "id: p\ntitle: T\nauthor: me\n", "id: a b\ntitle: T\n", "id: p\ntitle: 3\n"]
)
def test_a_faulty_head_is_marked(text: str) -> None:
    assert errors(text, PACKS)


def test_every_key_is_explained_and_nothing_else_is() -> None:
    for kind in TITLES:
        assert all(description(kind, key) for key in knows(kind)), kind
    for kind, told in KEYS.items():
        assert told.keys() <= {*knows(kind), "kind"}, kind


def test_a_text_alone_may_stand_for_a_key_point_a_step_and_a_cell() -> None:
    defined = editor_schema("question")["$defs"]
    for kind, key in (("Recall", "key_points"), ("Order", "steps"), ("Row", "cells")):
        first, second = defined[kind]["properties"][key]["items"]["anyOf"]
        assert first["type"] == "string"
        assert second.keys() == {"$ref"}


def test_a_card_is_told_by_its_kind_and_unknown_keys_are_closed_out() -> None:
    whole = editor_schema("question")
    cards = whole["properties"]["cards"]["items"]["oneOf"]
    kinds = [whole["$defs"][card["$ref"].rpartition("/")[2]] for card in cards]
    assert [kind["properties"]["kind"]["const"] for kind in kinds] == list(CARDS)
    assert all("kind" in kind["required"] for kind in kinds)
    closed: list[Any] = [whole, *whole["$defs"].values()]
    assert all(one["additionalProperties"] is False for one in closed)
