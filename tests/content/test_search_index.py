"""The index of all cards: made once, anew when a card changes, and never needed."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from search_cards import CARDS, card, found, library_of

from prep_app.cache import open_cache
from prep_app.content.model import Card, CardId
from prep_app.content.query import parse
from prep_app.content.search import STEP, Abandoned, Index, open_index


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
    assert "library" in names
    assert not [name for name in names if name.startswith("search")]
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
