"""Packs are compiled once; the cache is always right, and never needed."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from good_pack import HEAD, QUESTION, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prep_app.cache import discard_cache, open_cache
from prep_app.content.kept import KEPT
from prep_app.content.library import builtin_folders, library_for, load_library, open_library
from prep_app.paths import Home

# These packs are read with the demos that prep has, so they name none of them.
PLAIN = (
    QUESTION.replace("    claims: [merge-is-free]\n    demo: {name: lora_merge, parameters: {lr: 1e-4}}\n", "")
    .replace("  - {id: merge-is-free, text: Merging costs nothing, demo: lora_merge, check: merged_cost}\n", "")
    .replace("claims:\n", "")
    .replace("  - {name: lora_merge, parameters: {r: 8, dtype: bf16}}\n", "")
    .replace("demos:\n", "")
)


def rows(cache: Path) -> list[str]:
    connection = open_cache(cache)
    try:
        return [key for (key,) in connection.execute("SELECT key FROM library ORDER BY rowid")]
    finally:
        connection.close()


def test_what_is_compiled_comes_back_equal_problems_too(tmp_path: Path) -> None:
    folders = [write(tmp_path, "good", q1=PLAIN), write(tmp_path, "bad", head=HEAD.replace("small", "bad"), q1="id: [")]
    read = load_library(folders)
    assert len(read.cards) == 2
    assert len(read.problems) == 1
    first = open_library(folders, tmp_path / "cache.db")
    second = open_library(folders, tmp_path / "cache.db")
    assert first == read == second
    assert second is not first
    with pytest.raises(FrozenInstanceError):
        second.packs[0].title = "x"  # type: ignore[misc]
    hash(second.packs[0].questions[0].cards[1])


def test_a_second_start_reads_no_yaml(tmp_path: Path) -> None:
    folder = write(tmp_path / "packs", q1=PLAIN)
    program = f"""
import sys
from pathlib import Path
from prep_app.content.library import open_library
library = open_library([Path({str(folder)!r})], Path({str(tmp_path / "cache.db")!r}))
assert len(library.cards) == 2
heavy = ["yaml", "pydantic", "demos.catalogue", "demos.kit", "torch", "numpy", "prep_app.content.loader"]
print(*[name for name in heavy if name in sys.modules])
"""

    def imported() -> list[str]:
        return subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout.split()

    assert {"yaml", "pydantic", "demos.catalogue"} <= set(imported())
    assert imported() == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_a_change_of_one_byte_is_always_seen(tmp_path: Path, where: float, byte: int) -> None:
    folder = tmp_path / "small"
    if not folder.exists():
        write(tmp_path, q1=PLAIN)
    file = folder / "q1.yaml"
    original = PLAIN.encode()
    file.write_bytes(original)
    open_library([folder], tmp_path / "cache.db")
    index = int(where * len(original))
    file.write_bytes(original[:index] + bytes([byte]) + original[index + 1 :])
    assert open_library([folder], tmp_path / "cache.db") == load_library([folder])


def test_a_file_renamed_added_or_taken_away_is_seen(tmp_path: Path) -> None:
    folder = write(tmp_path, q1=PLAIN)
    cache = tmp_path / "cache.db"
    open_library([folder], cache)
    (folder / "q1.yaml").rename(folder / "q2.yaml")
    (folder / "broken.yaml").write_text("{")
    assert [problem.file.name for problem in open_library([folder], cache).problems] == ["broken.yaml"]
    (folder / "q2.yaml").unlink()
    assert open_library([folder], cache).cards == {}
    assert len(rows(cache)) == 3


def test_old_libraries_are_thrown_out(tmp_path: Path) -> None:
    folder = write(tmp_path, q1=PLAIN)
    cache = tmp_path / "cache.db"
    for number in range(KEPT + 3):
        (folder / "pack.yaml").write_text(HEAD.replace("One", f"{number}"))
        open_library([folder], cache)
    assert len(rows(cache)) == KEPT
    kept = rows(cache)
    open_library([folder], cache)
    assert rows(cache) == kept


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", "7", '"x"', "{}", '{"packs": 1, "problems": []}', '{"packs": [{}], "problems": []}', "[" * 99_999],
)  # fmt: skip
def test_a_damaged_row_is_compiled_anew(tmp_path: Path, body: str) -> None:
    folder = write(tmp_path, q1=PLAIN)
    cache = tmp_path / "cache.db"
    library = open_library([folder], cache)
    connection = open_cache(cache)
    connection.execute("UPDATE library SET body = ?", (body,))
    connection.close()
    assert open_library([folder], cache) == library
    connection = open_cache(cache)
    assert json.loads(connection.execute("SELECT body FROM library").fetchone()[0])["packs"]
    connection.close()


LOSSES = {
    "a card's text is damaged": "UPDATE card_text SET body = '{'",
    "it was thrown out for others": "DELETE FROM library; DELETE FROM card; DELETE FROM card_text",
    "its tables are gone": "DROP TABLE card; DROP TABLE card_text",
}


@pytest.mark.parametrize("loss", LOSSES)
def test_cards_that_the_cache_loses_while_they_are_used_are_compiled_anew(tmp_path: Path, loss: str) -> None:
    folder = write(tmp_path, q1=PLAIN)
    expected = load_library([folder])
    for look in (
        lambda one: list(one.cards.values()),
        lambda one: {name: one.cards[name] for name in expected.cards},
        lambda one: [question.cards[1] for question in one.questions.values()],
        lambda one: "q1-choice" in one.cards and "none" not in one.cards,
    ):
        cache = tmp_path / "cache.db"
        library = open_library([folder], cache)
        assert library.kept is not None
        connection = open_cache(cache)
        connection.executescript(LOSSES[loss])
        connection.close()
        assert look(library) == look(expected)
        discard_cache(cache)


def test_packs_left_alone_for_a_while_are_known_without_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prep_app.content.library.SETTLED", -3600)  # "a while" is over at once
    folder, cache = write(tmp_path, q1=PLAIN), tmp_path / "cache.db"
    first = open_library([folder], cache)
    (folder / "q1.yaml").write_text(PLAIN.replace("LoRA", "QLoRA"))
    edited = open_library([folder], cache)
    assert edited != first
    with monkeypatch.context() as reading:
        reading.setattr("prep_app.content.library.snapshot", None)
        assert open_library([folder], cache) == edited
    assert edited == load_library([folder])


def test_no_cache_no_harm(tmp_path: Path) -> None:
    folder = write(tmp_path, q1=PLAIN)
    expected = load_library([folder])
    (tmp_path / "folder").mkdir()
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"\x00not a database" * 500)
    for cache in (None, tmp_path / "gone" / "cache.db", tmp_path / "folder", Path("/dev/full"), garbage):
        assert open_library([folder], cache) == expected


def test_a_cache_that_another_process_is_writing_is_left_alone(tmp_path: Path) -> None:
    folder = write(tmp_path, q1=PLAIN)
    cache = tmp_path / "cache.db"
    open_cache(cache).close()
    writer = sqlite3.connect(cache, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    assert open_library([folder], cache) == load_library([folder])
    writer.execute("ROLLBACK")
    writer.close()
    assert rows(cache) == []


def test_a_broken_pack_has_no_effect_on_the_others(tmp_path: Path) -> None:
    good = write(tmp_path, "good", q1=PLAIN)
    alone = load_library([good])
    bad = [write(tmp_path, f"bad{n}", head=head, q1=PLAIN) for n, head in enumerate(["", "{", "id: 1\n", "a: &a [*a]"])]
    both = load_library([*bad, tmp_path / "gone", good])
    assert both.packs == alone.packs
    assert {problem.file.parent.name for problem in both.problems} >= {"bad0", "bad1", "bad2", "bad3"}


def test_a_learner_s_own_packs_stand_beside_the_built_in_ones(tmp_path: Path) -> None:
    home = Home(tmp_path)
    question = PLAIN.replace("Q1", "Q900").replace("q1-", "q900-")
    write(home.packs, "mine", head=HEAD.replace("small", "mine"), own=question)
    library = library_for(home)
    assert [pack.id for pack in library.packs][-1] == "mine"
    assert set(load_library(builtin_folders()).cards) | {"q900-recall", "q900-choice"} == set(library.cards)
