"""A good pack is read as written; a bad one says where, what, and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from good_pack import DEMOS, HEAD, QUESTION, load, place_of, write

from prep_app.content.body import Choice, KeyPoint, Recall
from prep_app.content.loader import Taken
from prep_app.content.model import DemoLink, FollowUp, Source


def test_a_good_pack_is_read_as_it_is_written(tmp_path: Path) -> None:
    pack, problems = load(write(tmp_path))
    assert problems == []
    assert pack is not None
    assert (pack.id, pack.title, pack.description) == ("small", "A small pack", "One question")
    [question] = pack.questions
    assert (question.id, question.pack, question.short) == ("Q1", "small", "A low-rank update")
    assert question.full == "**LoRA** adds `B @ A`.\n\nIt is [merged] later."
    assert question.follow_ups == (FollowUp("Why?", "Because"),)
    assert question.demos == (DemoLink("lora_merge", {"r": 8, "dtype": "bf16"}),)
    assert question.sources == (Source("LoRA", 2021, "Hu et al.", "§4.1", "https://arxiv.org/abs/2106.09685"),)
    assert [claim.check for claim in question.claims] == ["merged_cost"]
    recall, choice = question.cards
    assert recall.body == Recall((KeyPoint("A"), KeyPoint("B")))
    assert (recall.claims, recall.revision, recall.difficulty) == (("merge-is-free",), 1, 1)
    assert isinstance(choice.body, Choice)
    assert [option.correct for option in choice.body.options] == [False, True]
    assert (choice.revision, choice.difficulty, choice.answer) == (2, 3, "")


def test_1e_4_is_taken_for_a_number_where_a_demo_wants_one(tmp_path: Path) -> None:
    pack, _ = load(write(tmp_path))
    assert pack is not None
    assert pack.questions[0].cards[0].demo == DemoLink("lora_merge", {"lr": 0.0001})


# What is written instead of what, the cards that remain (None: the whole question goes), where the
# problem is said to be, and what it says.
SPOILT = {
    "an unknown key near a known one": (
        "    prompt: What does LoRA train?", "    promt: What does LoRA train?",
        ["q1-choice"], "promt", 'unknown key "promt"; did you mean "prompt"?',
    ),
    "an unknown key in the answer": ("  short: A", "  shrt: A", None, "shrt", 'did you mean "short"?'),
    "an unknown key of a source": ("where: ", "were: ", None, "were", 'unknown key "were"; did you mean "where"?'),
    "a missing key": ("    hint: two matrices\n    answer: A and B\n", "", ["q1-choice"], "id: q1-recall", '"answer" is missing'),
    "a kind that is missing": ("    kind: recall\n", "", ["q1-choice"], "id: q1-recall", "write kind: and one of recall, choice"),
    "a kind that is misspelt": ("kind: choice", "knd: choice", ["q1-recall"], "knd", 'did you mean "kind"?'),
    "a kind that is unknown": ("kind: recall", "kind: recal", ["q1-choice"], "recal\n", 'did you mean "recall"?'),
    "options on a recall card": (
        "    claims: [merge", "    options: []\n    claims: [merge", ["q1-choice"], "options: []", "belongs to a card of kind: choice",
    ),
    "key points on a choice card": (
        "    difficulty: 3", "    key_points: [x]", ["q1-recall"], "key_points: [x]", "belongs to a card of kind: recall",
    ),
    "a list where text is wanted": (
        "prompt: Which starts at zero?", "prompt: [Which]", ["q1-recall"], "[Which]", "must be text, not a list",
    ),
    "text where a list is wanted": ("key_points: [A, B]", "key_points: A", ["q1-choice"], "A\n    claims", "must be a list"),
    "nothing where text is wanted": ("answer: A and B", "answer:", ["q1-choice"], "\n    key_points: [A, B]", "not nothing"),
    "blank text": ("topic: LoRA\n    difficulty", "topic: ' '\n    difficulty", ["q1-recall"], "' '", "must not be empty"),
    "a whole number in quotes": ("difficulty: 3", 'difficulty: "3"', ["q1-recall"], '"3"', "take the quotes off"),
    "a number out of range": ("difficulty: 3", "difficulty: 4", ["q1-recall"], "4\n", "must be less than or equal to 3"),
    "1e0 where a whole number is wanted": ("difficulty: 3", "difficulty: 1e0", ["q1-recall"], "1e0", "1.0e+0"),
    "no as text": ("{text: A, why", "{text: no, why", ["q1-recall"], "no, why", 'YAML reads no as false; write "no" in quotes'),
    "on as text": ("[A, B]", "[A, on]", ["q1-choice"], "on]", 'YAML reads on as true; write "on" in quotes'),
    "a number as text": ("[A, B]", "[A, 2021]", ["q1-choice"], "2021]", 'YAML reads 2021 as a number; write "2021" in quotes'),
    "a time that YAML counts in sixties": ("[A, B]", "[A, 1:30]", ["q1-choice"], "1:30", 'write "1:30" in quotes'),
    "an item of the wrong type": ("[A, B]", "[A, {b: c}]", ["q1-choice"], "{b: c}", 'item 2 of "key_points" must be text'),
    "a card that is no mapping": ("  - id: q1-choice", "  - just text\n  - id: q1-choice", ["q1-recall", "q1-choice"], "just text", "must hold keys and values"),
    "no option that is right": ("correct: true, ", "", ["q1-recall"], "- {text: A", "no option is right"),
    "one option": ("      - {text: A, why: it is random}\n", "", ["q1-recall"], "- {text: B", "must have at least 2 items"),
    "a card id used twice": ("- id: q1-choice", "- id: q1-recall", ["q1-recall"], "q1-recall\n    revision", 'card id "q1-recall" is already used at small/q1.yaml:'),
    "an id with a space": ("- id: q1-choice", "- id: q1 choice", ["q1-recall"], "q1 choice", "must be a short name"),
    "a key written twice in a card": ("    hint: two", "    kind: recall\n    hint: two", ["q1-choice"], "kind: recall\n    hint", '"kind" is written twice'),
    "a key written twice in the question": ("ask: What is", "title: x\nask: What is", None, "title: x", "first on line 2"),
    "an unknown demo": ("demo: lora_merge, check", "demo: lora_murge, check", ["q1-recall", "q1-choice"], "lora_murge", 'there is no demo "lora_murge"; did you mean "lora_merge"?'),
    "an unknown check": ("check: merged_cost", "check: merge_cost", ["q1-recall", "q1-choice"], "merge_cost", 'did you mean "merged_cost"?'),
    "a demo's unknown parameter": ("{lr: 1e-4}", "{lrr: 1e-4}", ["q1-choice"], "lrr", 'has no parameter "lrr"; did you mean "lr"?'),
    "a parameter out of range": ("{lr: 1e-4}", "{lr: 2}", ["q1-choice"], "2}", "lr must be a number from 1e-06 to 1, not 2"),
    "a parameter that is a list": ("{lr: 1e-4}", "{lr: [1]}", ["q1-choice"], "[1]", "must be a number, a text, true or false"),
    "a claim that is not the question's": ("claims: [merge-is-free]", "claims: [merge-is-fre]", ["q1-choice"], "merge-is-fre]", 'did you mean "merge-is-free"?'),
    "an http address": ("https://arxiv", "http://arxiv", None, '"http://arxiv', "must be an address that begins with https://"),
    "no cards": (QUESTION[QUESTION.index("cards:") :], "cards: []\n", None, "[]\n", "must have at least 1 item"),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOILT)
def test_one_fault_is_reported_once_at_its_place(tmp_path: Path, case: str) -> None:
    old, new, remaining, at, message = SPOILT[case]
    assert QUESTION.count(old) == 1
    text = QUESTION.replace(old, new)
    pack, problems = load(write(tmp_path, q1=text))
    assert pack is not None
    cards = [card.id for question in pack.questions for card in question.cards]
    assert (cards if pack.questions else None) == remaining
    [problem] = problems
    assert message in problem.message
    line, column = place_of(text, at)
    if at.startswith("\n"):  # nothing is written there: the place is the end of the line, or the next thing
        assert problem.line in (line, line + 1)
    else:
        assert (problem.line, problem.column) == (line, column)
    assert problem.excerpt == text.split("\n")[problem.line - 1]


def test_every_fault_of_every_file_is_reported_in_one_go(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        head=HEAD + "colour: red\n",
        a=QUESTION.replace("topic: LoRA\n    prompt", "topc: LoRA\n    prompt").replace(
            "difficulty: 3", "difficulty: x"
        ),
        b="id: [\n",
        c=QUESTION.replace("Q1", "Q2").replace("q1-", "q2-").replace("title: LoRA\nask", "titel: LoRA\nask"),
    )
    pack, problems = load(folder)
    assert pack is None
    assert [(problem.file.name, problem.line) for problem in problems] == [
        ("pack.yaml", 4), ("a.yaml", 22), ("a.yaml", 33), ("b.yaml", 2), ("c.yaml", 2),
    ]  # fmt: skip


def test_a_file_that_is_not_yaml_leaves_the_others_in_place(tmp_path: Path) -> None:
    pack, problems = load(write(tmp_path, broken="id: 'Q9\n", q1=QUESTION))
    assert pack is not None
    assert [question.id for question in pack.questions] == ["Q1"]
    [problem] = problems
    assert str(problem).endswith("broken.yaml:1:5: the quote that opens here is never closed")


def test_a_claim_that_no_demo_proves_is_left_out_and_no_card_leans_on_it(tmp_path: Path) -> None:
    pack, problems = load(write(tmp_path, q1=QUESTION.replace("check: merged_cost", "check: nothing_like_it")))
    assert pack is not None
    assert len(problems) == 1
    assert pack.questions[0].claims == ()
    assert pack.questions[0].cards[0].claims == ()


def test_an_id_used_in_another_file_or_pack_says_where(tmp_path: Path) -> None:
    taken = Taken()
    load(write(tmp_path, "first"), taken)
    pack, problems = load(write(tmp_path, "second", head=HEAD.replace("small", "other")), taken)
    assert pack is not None
    assert pack.questions == ()
    assert [problem.message for problem in problems] == [
        'question id "Q1" is already used at first/q1.yaml:1',
        'card id "q1-recall" is already used at first/q1.yaml:20',
        'card id "q1-choice" is already used at first/q1.yaml:29',
    ]


def test_a_second_pack_of_the_same_id_is_refused_at_its_id(tmp_path: Path) -> None:
    taken = Taken()
    load(write(tmp_path, "first"), taken)
    pack, [problem, *_] = load(write(tmp_path, "second"), taken)
    assert pack is None
    assert (problem.file.name, problem.line, problem.column) == ("pack.yaml", 1, 5)
    assert problem.message == 'pack id "small" is already used by the pack in first'


@pytest.mark.parametrize(
    "broken",
    [
        {"head": "id: small\n"},
        {"q1": QUESTION.replace("title: LoRA\nask", "titel: LoRA\nask")},
        {"q1": QUESTION + "zzz: 1\n"},
    ],
)
def test_what_is_left_out_of_one_pack_stands_in_no_other_pack_s_way(tmp_path: Path, broken: dict[str, str]) -> None:
    taken = Taken()
    _, problems = load(write(tmp_path, "first", **broken), taken)
    assert problems
    pack, problems = load(write(tmp_path, "second", head=HEAD.replace("small", "other")), taken)
    assert problems == []
    assert pack is not None
    assert len(pack.questions[0].cards) == 2


def test_a_parameter_is_kept_in_the_type_the_demo_declares(tmp_path: Path) -> None:
    text = QUESTION.replace("{r: 8, dtype: bf16}", '{r: "16", lr: 1, bias: yes}')
    pack, problems = load(write(tmp_path, q1=text))
    assert problems == []
    assert pack is not None
    values = pack.questions[0].demos[0].parameters
    assert values == {"r": 16, "lr": 1.0, "bias": True}
    assert set(values) <= {parameter.name for parameter in DEMOS["lora_merge"].parameters}
