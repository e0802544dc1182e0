"""Search: what is found is what is in the cards, in a sensible order."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_cards import CARDS, card, found, library_of

from prep_app.content.body import (
    Choice,
    Cloze,
    Code,
    Compare,
    Gap,
    KeyPoint,
    Numeric,
    Option,
    Order,
    Recall,
    Row,
    Slip,
    Step,
    WrongForm,
)
from prep_app.content.model import Card
from prep_app.content.query import parse
from prep_app.content.search import RANKED, Index, open_index, texts


@pytest.fixture(scope="module")
def index() -> Index:
    return open_index(library_of(*CARDS), None)


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("", [card.id for card in CARDS]),
        ("fisher", ["q14-fisher"]),
        ("FISH", ["q14-fisher"]),
        ("isher", []),
        ("lora update", ["q4-alpha", "q4-rank"]),
        ("lora nothing", []),
        ("α", ["q4-alpha"]),
        ("nf4", ["q4-nf4"]),
        ("bf16", ["q4-nf4"]),
        ("r=16", ["q4-rank"]),
        ("q4-al", ["q4-alpha"]),
        ("cafe", ["q14-fisher"]),
        ("CAFÉ", ["q14-fisher"]),
        ("alpha", ["q4-alpha", "q40-other"]),
        ("lora_al", ["q40-other"]),
        ("lora_alpha=16", ["q40-other"]),
        ("quantiles", ["q4-nf4"]),
        ("worked", ["q40-sum"]),
    ],
)
def test_every_word_must_occur_and_may_go_on(index: Index, typed: str, ids: list[str]) -> None:
    assert sorted(found(index, typed)) == sorted(ids)


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ('"low rank update"', ["q4-rank"]),
        ('"rank low"', []),
        ('"low ran"', []),
        ('"low ran', ["q4-rank"]),  # still being typed
        ('"of lora" enough', ["q4-rank"]),
    ],
)
def test_words_in_quotes_stand_side_by_side_and_are_whole(index: Index, typed: str, ids: list[str]) -> None:
    assert found(index, typed) == ids


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("-lora", ["q4-nf4", "q14-fisher", "q40-sum"]),
        ("-lora -fisher", ["q4-nf4", "q40-sum"]),
        ('lora -"low rank"', ["q4-alpha", "q40-other"]),
        ("what -fisher -α", ["q4-nf4"]),
        ("- lora -", ["q4-alpha", "q4-rank", "q40-other"]),
    ],
)
def test_a_minus_leaves_out(index: Index, typed: str, ids: list[str]) -> None:
    assert sorted(found(index, typed)) == sorted(ids)


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("kind:numeric", ["q40-sum"]),
        ("KIND:Num", ["q40-sum"]),
        ("-kind:recall", ["q40-other", "q40-sum"]),
        ("question:Q4", ["q4-alpha", "q4-rank", "q4-nf4"]),
        ("question:q40 -kind:choice", ["q40-sum"]),
        ("topic:lora", ["q4-alpha", "q4-rank", "q40-other"]),
        ('topic:"LoRA"', ["q4-alpha", "q40-other"]),
        ("topic:sizes", ["q4-rank"]),
        ("tag:trap", ["q4-alpha"]),
        ("demo:memory_table", ["q40-sum"]),
        ("topic:lora α", ["q4-alpha"]),
        ("kind:recall kind:numeric", []),
        ("kind:nothing", []),
        ("kind:", [card.id for card in CARDS]),  # still being typed
    ],
)
def test_filters_keep_what_has_the_value(index: Index, typed: str, ids: list[str]) -> None:
    assert sorted(found(index, typed)) == sorted(ids)


def test_what_a_state_means_is_said_by_the_caller(index: Index) -> None:
    states = {"new": {0, 2}, "known": {1, 3, 4, 5}}
    assert index.find(parse("is:new lora"), 9, states).rows == (0,)
    assert index.find(parse("-is:new"), 9, states).rows == (1, 3, 4, 5)
    assert index.find(parse("is:due"), 9, states).total == 0


WORDS = st.sampled_from(
    ["lora", "lor", "rank", "r=16", "bf16", "α", "what", "w", "is", "16", "zz", "update", "low-rank"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=3), st.lists(WORDS, max_size=2))
def test_it_finds_what_reading_every_card_finds(index: Index, wanted: list[str], unwanted: list[str]) -> None:
    typed = " ".join([*wanted, *(f"-{word}" for word in unwanted)])
    read = [
        one.id
        for one in CARDS
        if all(occurs(word, one) for word in wanted) and not any(occurs(word, one) for word in unwanted)
    ]
    assert sorted(found(index, typed)) == sorted(read)


def occurs(word: str, one: Card) -> bool:
    """Whether the parts of `word` stand side by side in one of the card's texts, the last perhaps longer."""
    parts = split(word)
    for text in texts(one):
        held = split(text)
        for start in range(len(held)):
            here = held[start : start + len(parts)]
            if len(here) == len(parts) and here[:-1] == parts[:-1] and here[-1].startswith(parts[-1]):
                return True
    return False


def split(text: str) -> list[str]:
    plain = unicodedata.normalize("NFD", text.casefold())
    return re.findall(r"[^\W_]+", "".join(character for character in plain if not unicodedata.combining(character)))


def test_what_stands_in_id_or_prompt_comes_before_what_stands_in_an_answer() -> None:
    cards = [card(f"q1-{n}", f"filler {n}", answer="fisher " + "and more " * 5) for n in range(20)]
    cards += [card("q1-prompt", "the fisher matrix"), card("q1-fisher", "filler")]
    assert set(found(open_index(library_of(*cards), None), "fisher")[:2]) == {"q1-prompt", "q1-fisher"}


def test_where_there_is_too_much_to_rank_prompts_still_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prep_app.content.search.RANKED", 10)
    cards = [card(f"q1-{n}", "no" if n % 10 else "fisher", answer="fisher") for n in range(100)]
    index = open_index(library_of(*cards), None)
    listed = found(index, "fisher", 15)
    assert listed[:10] == [f"q1-{n}" for n in range(0, 100, 10)]
    assert len(set(listed)) == 15
    assert found(index, "fisher -no", 50) == listed[:10]
    assert RANKED > 1_000


EVERYTHING = {
    "point": Recall((KeyPoint("apoint"),)),
    "option": Choice((Option("anoption", True, "awhy"), Option("b", False, "bwhy"))),
    "gap": Cloze((Gap(("aform", "another"), wrong=(WrongForm("w", "wrongbecause"),)),)),
    "sum": Numeric((), "1", "aunit", "aworked", slips=(Slip("2", "aslip"),)),
    "step": Order((Step("astep", "stepwhy"), Step("b"))),
    "code": Code("afunction", ("check",)),
    "table": Compare(("acolumn",), (Row("anaspect", ("agiven", Gap(("ablank",)))),)),
}


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("apoint", "point"),
        ("anoption", "option"),
        ("bwhy", "option"),
        ("aform", "gap"),
        ("another", "gap"),
        ("wrongbecause", "gap"),
        ("aunit", "sum"),
        ("aworked", "sum"),
        ("aslip", "sum"),
        ("astep", "step"),
        ("stepwhy", "step"),
        ("afunction", "code"),
        ("acolumn", "table"),
        ("anaspect", "table"),
        ("agiven", "table"),
        ("ablank", "table"),
    ],
)
def test_every_text_of_every_kind_of_card_is_looked_through(word: str, name: str) -> None:
    index = open_index(library_of(*(card(f"q1-{name}", body=body) for name, body in EVERYTHING.items())), None)
    assert found(index, word) == [f"q1-{name}"]
