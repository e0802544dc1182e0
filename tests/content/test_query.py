"""What is typed to search: anything is understood or said to be not, and nothing raises."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_cards import CARDS, card, found, library_of

from prep_app.content.query import FILTERS, LONGEST, Filter, clean, is_searchable, parse, unquoted, with_filter
from prep_app.content.search import Index, open_index


@pytest.fixture(scope="module")
def index() -> Index:
    return open_index(library_of(*CARDS), None)


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
