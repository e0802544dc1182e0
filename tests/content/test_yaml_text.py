"""YAML's traps and attacks: each is one precise sentence, and nothing is ever constructed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from good_pack import DEMOS, HEAD, QUESTION, load, write

from prep_app.content import yaml_text
from prep_app.content.yaml_text import MAX_DEPTH, parse

assert DEMOS  # the hostile files below are tried inside a whole pack too

# What is in the file, where the fault is, what is said of it.
FAULTS: dict[str, tuple[str | bytes, tuple[int, int], str]] = {
    "nothing": ("", (1, 1), "the file is empty"),
    "a comment and nothing else": ("# to do\n", (1, 1), "the file is empty"),
    "a tab as indentation": ("a:\n\tb: 1\n", (2, 1), "a tab; YAML is indented with spaces"),
    "a tab in the indentation of a later line": ("a:\n  b: 1\n  \tc: 2\n", (3, 3), "a tab; YAML is indented with spaces"),
    "a colon in plain text": ("a: LoRA: low rank\n", (1, 8), "put the text in quotes"),
    "a list on the line of its key": ("a: - b\n", (1, 4), "start it on a line of its own"),
    "a quote that is not closed": ("a: 1\nb: 'x\nc: 2\n", (2, 4), "the quote that opens here is never closed"),
    "a bracket that is not closed": ("a: [1, 2\nb: 3\n", (1, 4), 'opened with "[" is not closed'),
    "a backslash in double quotes": ('a: "\\sigma"\n', (1, 5), "a backslash is written"),
    "text that begins with @": ("a: @x\n", (1, 4), "text cannot begin with @; put it in quotes"),
    "text that begins with a backtick": ("a: `x`\n", (1, 4), "text cannot begin with `"),
    "text that begins with a star": ("a: *x\n", (1, 4), 'text that begins with "*" must be put in quotes'),
    "bad indentation": ("a: |\n   x\n  y\n", (3, 3), "its indentation fits nothing above it"),
    "a key written twice": ("a: 1\nb: 2\na: 3\n", (3, 1), '"a" is written twice, first on line 1; keep one'),
    "a key that is a list": ("? [a, b]\n: 1\n", (1, 3), "a key must be a plain word"),
    "a key that is a mapping": ("{{a: b}: c}\n", (1, 2), "a key must be a plain word"),
    "a merge key": ("a: &x {b: 1}\nc: {<<: *x}\n", (2, 5), "merge keys (<<) are not read"),
    "an equals sign alone": ("a: =\n", (1, 4), 'write "=" in quotes'),
    "a second document": ("a: 1\n---\nb: 2\n", (3, 1), "a second document starts here"),
    "a Python tag": ("a: !!python/object/apply:os.system ['x']\n", (1, 4), "tag !!python/object/apply:os.system is not allowed"),
    "a Python tag on text": ("a: !!python/name:os.system ''\n", (1, 4), "tag !!python/name:os.system is not allowed"),
    "a tag on a key": ("!!python/none a: 1\n", (1, 1), "is not allowed on a key"),
    "a tag of one's own": ("a: !card {b: 1}\n", (1, 4), "tag !card is not allowed"),
    "bytes": ("a: !!binary aGk=\n", (1, 4), "tag !!binary is not allowed"),
    "a set": ("a: !!set {b, c}\n", (1, 4), "tag !!set is not allowed"),
    "a boolean that is none": ("a: !!bool maybe\n", (1, 4), "which it is not"),
    "a null that is none": ("a: !!null something\n", (1, 4), "which it is not"),
    "a number that is none": ("a: !!int x\n", (1, 4), "which it is not"),
    "a number counted in sixties": ("a: 1:30\n", (1, 4), 'write "1:30" in quotes'),
    "a number without end": (f"a: {'9' * 5000}\n", (1, 4), "…"),
    "a hexadecimal number without end": (f"a: 0x{'f' * 90_000}\n", (1, 4), "…"),
    "an escape byte": ("a: 1\nb: \x1b[31mred\n", (2, 4), "character U+001B cannot be seen or printed; take it out"),
    "a zero byte": ("a: x\x00\n", (1, 5), "character U+0000"),
    "a C1 byte": ("a: x\x9b31m\n", (1, 5), "character U+009B"),
    "a line break that editors do not show": ("a: x\u2028b: 1\n", (1, 5), "character U+2028"),
    "bytes that are not UTF-8": (b"a: ok\nb: caf" + b"\xe9\n", (2, 7), "not UTF-8; save the file as UTF-8"),
    "UTF-16": ("a: 1\n".encode("utf-16"), (1, 1), "not UTF-8"),
    "deep brackets": ("a: " + "[" * 200, (1, 4 + MAX_DEPTH - 1), f"nested deeper than {MAX_DEPTH} levels"),
    "deep indentation": ("".join("  " * depth + "a:\n" for depth in range(60)), (41, 81), "nested deeper than"),
    "an alias inside itself": ("a: &a [*a]\n", (1, 4), "once aliases (*name) are followed"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_said_once_with_its_place(case: str) -> None:
    text, place, message = FAULTS[case]
    [fault] = parse(text if isinstance(text, bytes) else text.encode()).faults
    assert message in fault.message
    assert fault.place == place
    assert len(fault.message) < 200


@pytest.mark.parametrize("case", FAULTS)
def test_a_hostile_file_costs_its_pack_nothing_else(tmp_path: Path, case: str) -> None:
    pack, problems = load(write(tmp_path, hostile=FAULTS[case][0], q1=QUESTION))
    assert pack is not None
    assert [question.id for question in pack.questions] == ["Q1"]
    assert problems
    assert {problem.file.name for problem in problems} == {"hostile.yaml"}


def test_an_alias_bomb_is_one_fault() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    parsed = parse("\n".join(lines).encode())
    [fault] = parsed.faults
    assert "values once aliases (*name) are followed" in fault.message
    assert parsed.data is None


def test_a_long_text_repeated_is_a_bomb_too() -> None:
    [fault] = parse(f"a: &a {'x' * 500_000}\nb: [{', '.join(['*a'] * 10_000)}]\n".encode()).faults
    assert "text once aliases (*name) are followed" in fault.message


def test_a_plain_alias_is_followed() -> None:
    assert parse(b"a: &a [1, 2]\nb: *a\n").data == {"a": [1, 2], "b": [1, 2]}


def test_no_tag_runs_code(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for tag in ("!!python/object/apply:os.mkdir", "!!python/object/new:os.mkdir"):
        parse(f"a: {tag} ['{mark}']\n".encode())
    parse(b"a: !!python/module:antigravity ''\n")
    assert not os.path.exists(mark)
    assert "antigravity" not in sys.modules


def test_a_file_saved_with_a_byte_order_mark_is_read_and_its_columns_count_right() -> None:
    parsed = parse(b"\xef\xbb\xbfid: Q1\nid: Q2\n")
    assert parsed.data == {"id": "Q1"}
    assert parsed.values["id",] == (1, 5)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_counted_the_same_whatever_ends_them(newline: str) -> None:
    parsed = parse(newline.join(["a: 1", "b:", "  - x", "  - y: [1, 2]", ""]).encode())
    assert parsed.data == {"a": 1, "b": ["x", {"y": [1, 2]}]}
    assert parsed.place(("b", 1, "y", 1)) == (4, 12)
    assert parsed.lines[3] == "  - y: [1, 2]"


def test_values_are_what_someone_writing_a_pack_means_by_them() -> None:
    written = b"[1, -2, 010, 0x1f, 1_000, 1.5, 1.0e-4, .5, yes, Off, true, ~, null, 2024-01-02, '5', 1e-4, 0o7]"
    assert parse(written).data == [
        1, -2, 10, 31, 1000, 1.5, 0.0001, 0.5, True, False, True, None, None, "2024-01-02", "5", "1e-4", "0o7",
    ]  # fmt: skip


def test_an_escape_sequence_written_as_an_escape_is_taken_out_and_markup_stays_text() -> None:
    parsed = parse(rb'a: "\e[31mred\x1b[0m \u202Eback\x07 [bold]b[/] softmax[dim] [@click=app.quit]q[/]"')
    assert parsed.faults == []
    assert parsed.data == {"a": "red back [bold]b[/] softmax[dim] [@click=app.quit]q[/]"}


def test_a_file_of_faults_stops_at_a_bound() -> None:
    assert len(parse(b"a: 1\n" * 5000).faults) == yaml_text.MAX_FAULTS + 1


def test_two_packs_are_read_when_the_third_is_an_alias_bomb(tmp_path: Path) -> None:
    bomb = "a: &a [*a, *a]\n"
    assert load(write(tmp_path, "bomb", head=bomb))[0] is None
    pack, problems = load(write(tmp_path, "fine", head=HEAD))
    assert pack is not None
    assert problems == []
