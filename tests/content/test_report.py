"""A problem is shown with its line and a mark under the fault."""

from __future__ import annotations

from pathlib import Path

from good_pack import QUESTION, load, write

from prep_app.content.model import Problem
from prep_app.content.report import WIDTH, show


def test_the_mark_stands_under_the_fault(tmp_path: Path) -> None:
    _, [problem] = load(write(tmp_path, q1=QUESTION.replace("difficulty: 3", "dificulty: 3")))
    assert show(problem) == (
        f'{tmp_path}/small/q1.yaml:33:5: unknown key "dificulty"; did you mean "difficulty"?\n'
        "        dificulty: 3\n"
        "        ^"
    )


def marked(excerpt: str, column: int) -> str:
    """The character over the mark; a wide one takes two columns of a terminal."""
    _, line, mark = show(Problem(Path("q.yaml"), 1, column, "fault", excerpt)).split("\n")
    cells = "".join(each * (2 if ord(each) > 0x2E80 else 1) for each in line)
    return cells[len(mark) - 1]


def test_the_mark_is_right_beside_tabs_wide_letters_and_on_long_lines() -> None:
    assert marked("\ta: b", 5) == "b"
    assert marked("名前: bad", 5) == "b"
    assert marked("x" * 300 + "!" + "x" * 300, 301) == "!"
    assert len(show(Problem(Path("q"), 1, 301, "", "x" * 900)).split("\n")[1]) <= WIDTH + 4


def test_nothing_in_a_file_or_its_name_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "\x1b[31mq2.yaml").write_bytes(b"id: \x1b]0;title\x07\nask: \x9b31m\n")
    (folder / "\udce9.yaml").write_bytes(b"{")
    shown = "\n".join(show(problem) for problem in load(folder)[1])
    assert not set(shown) & set(map(chr, [*range(10), *range(11, 32), *range(127, 160)]))
    shown.encode()


def test_a_problem_without_a_line_is_only_its_message() -> None:
    assert show(Problem(Path("pack"), 1, 1, "cannot be read")) == "pack:1:1: cannot be read"
