"""Search: whatever is typed is understood or said to be not, and what is found is what is in the cards."""

from __future__ import annotations

import re
import sqlite3
import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prep_app.cache import open_cache
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
from prep_app.content.model import Card, CardId, DemoLink, Library, Pack, Question, QuestionId
from prep_app.content.query import FILTERS, LONGEST, Filter, clean, is_searchable, parse, unquoted, with_filter
from prep_app.content.search import RANKED, STEP, Abandoned, Index, open_index, texts


def card(name: str, prompt: str = "", **more: object) -> Card:
    usual: dict[str, object] = {"topic": "", "answer": "", "body": Recall((KeyPoint("a point"),))}
    return Card(id=CardId(name), question=QuestionId(name.split("-")[0].upper()), prompt=prompt, **(usual | more))  # type: ignore[arg-type]


def library_of(*cards: Card) -> Library:
    names = dict.fromkeys(card.question for card in cards)
    questions = tuple(
        Question(
            id=name, pack="p", title="", ask="", short="", full="", key_points=(), mistakes=(), follow_ups=(), claims=(),
            demos=(), sources=(), cards=tuple(card for card in cards if card.question == name),
        )
        for name in names
    )  # fmt: skip
    return Library((Pack("p", "P", "", questions),))


CARDS = (
    card("q4-alpha", "What does α do in LoRA?", topic="LoRA", answer="It scales the update: α/r.", tags=("trap",)),
    card("q4-rank", "Why is r = 16 enough?", topic="LoRA sizes", answer="A low-rank update of LoRA is enough."),
    card("q4-nf4", "What is NF4?", topic="Quantisation", answer="Sixteen levels for bf16 weights.", hint="quantiles"),
    card("q14-fisher", "What is Fisher's information?", topic="EWC", answer="How much a weight matters to the café."),
    card("q40-other", "Which is right?", body=Choice((Option("lora_alpha=16", True, "because"),)), topic="LoRA"),
    card("q40-sum", "How many?", body=Numeric((), "1", "GB", "worked out"), demo=DemoLink("memory_table")),
)


@pytest.fixture(scope="module")
def index() -> Index:
    return open_index(library_of(*CARDS), None)


def found(index: Index, text: str, limit: int = 100) -> list[str]:
    """The ids of what is found, in the order it is listed; and they are as many as is said."""
    answer = index.find(parse(text), limit)
    assert len(answer.rows) == min(limit, answer.total)
    return [index.cards[row].id for row in answer.rows]


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


def test_an_unknown_filter_is_explained_and_looked_for_as_words() -> None:
    query = parse("ratio:3 note:x")
    assert [str(word) for word in query.words] == ["ratio:3", "note:x"]
    assert query.notes[0] == f"ratio: is no filter; filters are {', '.join(FILTERS)}"
    assert parse("https://x.org").notes == ()


def test_what_no_index_could_find_is_said() -> None:
    assert parse("lora √ =").notes == (
        "√ holds no letter or digit to look for",
        "= holds no letter or digit to look for",
    )
    assert len(parse("lora √ =").words) == 1


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.text(alphabet="\"'*-:(){}^+ab \x00\ud800αNEARORNOT"),
        st.lists(
            st.sampled_from(
                [
                    "NEAR(",
                    "a",
                    "*",
                    '"',
                    "-",
                    "^",
                    "OR",
                    "AND",
                    "NOT",
                    "kind:",
                    "is:x",
                    "{id}:",
                    "a*",
                    "--",
                    "\x00",
                    "é",
                ]
            )
        ).map(" ".join),
    )
)
def test_no_query_raises(index: Index, text: str) -> None:
    found(index, text)
    assert all(str(part) for part in parse(text).parts)


@pytest.mark.parametrize("text", ["a " * 5_000, "a-" * 5_000, "-a " * 5_000, '"' * 5_000, "kind:x " * 5_000])
def test_a_pasted_page_is_cut_short(index: Index, text: str) -> None:
    found(index, text)
    assert sum(len(str(part)) for part in parse(text).parts) <= 2 * LONGEST


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


# Filters written by a list of them


@pytest.mark.parametrize(
    ("typed", "wanted", "becomes"),
    [
        ("", Filter("kind", "numeric"), "kind:numeric"),
        ("lora", Filter("kind", "numeric"), "lora kind:numeric"),
        ("kind:choice lora", Filter("kind", "numeric"), "lora kind:numeric"),
        ("lora kind:numeric", Filter("kind", "numeric"), "lora"),
        (
            '-kind:choice "a b"',
            Filter("topic", "LoRA and QLoRA", exact=True),
            '-kind:choice "a b" topic:"LoRA and QLoRA"',
        ),
        ('topic:"LoRA and QLoRA"', Filter("topic", "LoRA and QLoRA", exact=True), ""),
    ],
)
def test_a_filter_is_written_into_what_was_typed(typed: str, wanted: Filter, becomes: str) -> None:
    assert with_filter(typed, wanted) == becomes


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1))
def test_a_filter_from_the_list_finds_its_card_whatever_the_pack_calls_it(topic: str) -> None:
    topic = " ".join(clean(topic).split())
    if not is_searchable(unquoted(topic)) or len(topic) > LONGEST // 2:
        return
    index = open_index(library_of(card("q1-a", topic=topic), card("q1-b", topic="other than that")), None)
    assert "q1-a" in found(index, with_filter("", Filter("topic", topic, exact=True)))


# The index in the cache


class Builds:
    """Counts how often an index was made."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, done: int, total: int) -> bool:
        self.made += done == 0
        return True


def test_the_index_is_made_once_and_anew_when_a_card_changes(tmp_path: Path) -> None:
    cache, builds = tmp_path / "cache.db", Builds()
    for _ in range(3):
        index = open_index(library_of(*CARDS), cache, builds)
        assert found(index, "fisher") == ["q14-fisher"]
        index.close()
    assert builds.made == 1
    edited = (*CARDS[:3], replace(CARDS[3], prompt="Who was Ronald?", id=CardId("q14-ronald")), *CARDS[4:])
    index = open_index(library_of(*edited), cache, builds)
    assert builds.made == 2
    assert found(index, "fisher") == []
    assert found(index, "ronald") == ["q14-ronald"]
    index.close()


@pytest.mark.parametrize("change", [{"hint": "x"}, {"tags": ("x",)}, {"answer": "It scales the update: α/r. "}])
def test_any_letter_of_a_card_counts(tmp_path: Path, change: dict[str, object]) -> None:
    builds = Builds()
    open_index(library_of(*CARDS), tmp_path / "cache.db", builds).close()
    open_index(library_of(replace(CARDS[0], **change), *CARDS[1:]), tmp_path / "cache.db", builds).close()  # type: ignore[arg-type]
    assert builds.made == 2


def test_two_programs_with_different_libraries_never_see_each_other_s_cards(tmp_path: Path) -> None:
    cache = tmp_path / "cache.db"
    one = open_index(library_of(*CARDS), cache)
    other = open_index(library_of(card("q9-fisher", "fisher"), card("q9-b", "lora")), cache)
    for _ in range(2):
        assert found(one, "fisher") == ["q14-fisher"]
        assert found(other, "fisher") == ["q9-fisher"]
        assert found(one, "kind:recall -fisher")
    one.close()
    other.close()


def test_two_programs_that_start_together_make_it_once(tmp_path: Path) -> None:
    cache, builds = tmp_path / "cache.db", Builds()
    open_cache(cache).close()
    answers: list[list[str]] = []

    def start() -> None:
        index = open_index(library_of(*CARDS), cache, builds)
        answers.append(found(index, "fisher"))
        index.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [["q14-fisher"]] * 4
    assert builds.made == 1


def test_without_a_cache_it_is_kept_in_memory(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"\x00not a database" * 500)
    (tmp_path / "folder").mkdir()
    for cache in (None, tmp_path / "gone" / "cache.db", tmp_path / "folder", Path("/dev/full"), garbage):
        index = open_index(library_of(*CARDS), cache)
        assert found(index, "fisher") == ["q14-fisher"]
        index.close()


def test_a_cache_that_is_thrown_away_or_damaged_meanwhile_does_no_harm(tmp_path: Path) -> None:
    cache = tmp_path / "cache.db"
    index = open_index(library_of(*CARDS), cache)
    with sqlite3.connect(cache, isolation_level=None) as writer:
        writer.execute("DROP TABLE search")
    assert found(index, "fisher") == ["q14-fisher"]
    index.close()
    assert found_nothing(index)


def found_nothing(index: Index) -> bool:
    return index.find(parse("fisher"), 9).total == 0


def test_a_cache_of_another_version_is_made_anew_with_the_index_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache.db"
    open_index(library_of(*CARDS), cache).close()
    monkeypatch.setattr("prep_app.cache.CACHE_VERSION", 99)
    connection = open_cache(cache)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    connection.close()
    assert sorted(names) == ["library", "memory"]
    index = open_index(library_of(*CARDS), cache)
    assert found(index, "fisher") == ["q14-fisher"]
    index.close()


def test_making_it_can_be_given_up_and_leaves_nothing_behind(tmp_path: Path) -> None:
    cache, many = tmp_path / "cache.db", library_of(*cards(3 * STEP))
    with pytest.raises(Abandoned):
        open_index(many, cache, lambda done, total: done < 2 * STEP)
    builds = Builds()
    index = open_index(many, cache, builds)
    assert builds.made == 1
    assert index.find(parse("number"), 0).total == 3 * STEP
    index.close()


def cards(count: int) -> Iterable[Card]:
    return (card(f"q1-{n}", f"number {n}") for n in range(count))
