"""prep study --plain: the whole of studying as lines of text, for ears, pipes and tests."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prep_app.cli import run
from prep_app.commands.plain.text import plain
from prep_app.lab.events import Output, Plot, Series, Table
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.test_terminal import Start, start
from tests.ui.one_card import CHOICE, CLOZE, CODE, COMPARE, NUMERIC, ORDER, RECALL, install

__all__ = ["start"]  # a fixture

Say = Callable[[str], str | None]


class Talk(io.StringIO):
    """Standard input from somebody who reads what is printed before answering; `said` is all that was printed."""

    def __init__(self, read: Callable[[], str], answer: Say) -> None:
        super().__init__()
        self._read = read
        self._answer = answer
        self.said = ""

    def readline(self, size: int = -1, /) -> str:
        heard = self._read()
        self.said += heard
        answer = self._answer(heard)
        return "" if answer is None else f"{answer}\n"


@pytest.fixture
def talk(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Install cards alone and talk about them; return all that was printed. `answer` is a script, or who answers."""
    monkeypatch.setattr("prep_app.content.library.builtin_folders", list)

    def held(answer: Say | list[str], *cards: str) -> str:
        if cards:
            install(home, *cards)
        script = iter(answer) if isinstance(answer, list) else None
        talking = Talk(lambda: capsys.readouterr().out, lambda heard: next(script, None) if script else answer(heard))  # type: ignore[operator]
        monkeypatch.setattr("sys.stdin", talking)
        assert run(["study", "--plain"]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        whole = talking.said + captured.out
        assert "\x1b" not in whole
        return whole

    return held


def ratings(home: Home) -> list[Rating]:
    memory = Memory.open(home, Settings())
    try:
        return [review.rating for review in memory.reviews()]
    finally:
        memory.close()


def number(text: str, heard: str) -> str:
    """The number that stands before an option or a step."""
    found = re.search(rf"^(\d)\. {text}$", heard, re.MULTILINE)
    assert found, heard
    return found[1]


def product(heard: str) -> str:
    rank, side = (int(word.replace(",", "")) for word in re.findall(r"[\d,]*\d", heard.split("LoRA of rank", 1)[1])[:2])
    return f"{2 * rank * side}"


def in_order(heard: str) -> str:
    return " ".join(number(step, heard) for step in ["freeze the base", "add the factors", "train them", "merge them"])


@pytest.mark.parametrize(
    ("card", "answers", "says"),
    [
        (CHOICE, [lambda heard: number("the factor B", heard)], ["3 of 3 right.", "right, and you chose it: the factor B. so that"]),
        (CLOZE, ["nf4", "bf16"], ["[gap 1] and computes in [gap 2]", "Gap 2 of 2:", "Gap 1, right: nf4."]),
        (NUMERIC, [product], ["a number in parameters", "1 of 1 right."]),
        (COMPARE, ["bf16", "NF4", "dequantise"], ["extra work. LoRA: none; QLoRA: [gap 3]", "Gap 3 of 3 (extra work, QLoRA):", "3 of 3"]),
        (ORDER, [in_order], ["4 of 4 right.", "1. freeze the base (right)."]),
        (RECALL, ["nf4, so it is slow", ""], ["Key points, as heard:", "2. made: slower steps"]),
        (RECALL, ["", "1, 2"], ["1. base in 4 bits", "Enter leaves it open"]),
    ],
    ids=["choice", "cloze", "numeric", "compare", "order", "typed", "spoken"],
)  # fmt: skip
def test_each_kind_is_asked_marked_and_graded_by_enter(
    talk: Any, home: Home, card: str, answers: list[str | Callable[[str], str]], says: list[str]
) -> None:
    script = iter(answers)

    def answer(heard: str) -> str:
        if "Grade:" in heard:
            assert "Enter: 3 good." in heard
            return ""
        if "That was the last card" in heard:
            return ""
        given = next(script)
        return given if isinstance(given, str) else given(heard)

    whole = talk(answer, card)
    assert all(words in whole for words in says), whole
    assert "100 % right; 1 answer" in whole
    assert ratings(home) == [Rating.GOOD]


def test_what_was_wrong_is_told_in_words(talk: Any, home: Home) -> None:
    whole = talk(["int4", "bfloat17", ""], CLOZE)
    assert "0 of 2 right." in whole
    assert "Gap 1, wrong: you wrote int4; it is NF4. codes index a table" in whole
    assert "Enter: 1 again." in whole
    assert ratings(home) == [Rating.AGAIN]
    whole = talk(["0", "9", "4 3 2", "q"], ORDER)
    assert "no 0 here: there are 1 to 4." in whole
    assert "give every step's number once, such as 4 3 2 1." in whole


def test_a_function_is_judged_from_lines_and_from_a_file(talk: Any, home: Home, tmp_path: Path) -> None:
    right = "def delta(self):\n    return self.scaling * (self.lora_B @ self.lora_A)"
    (tmp_path / "mine.py").write_text("def delta(self):\n    return self.lora_B @ self.lora_A\n")
    whole = talk([f"@{tmp_path / 'mine.py'}", "1", *right.split("\n"), ".", "d", "", ""], CODE)
    assert re.search(r"^fails: .*Measured .*, expected", whole, re.MULTILINE)
    assert re.search(r"1 of 1 right\.\nholds: ", whole)
    assert "The program's own:\n    def delta(self)" in whole
    # d ran the demo itself: its checks are lines, and what held is kept as proof.
    demo = whole.split("Running lora_merge")[1]
    assert re.search(r"^Every check holds, on cpu, in", demo, re.MULTILINE), demo
    assert len(re.findall(r"^holds: ", demo, re.MULTILINE)) >= 3
    memory = Memory.open(home, Settings())
    assert memory.proofs()["lora_merge", "merged_equals_unmerged"].held
    memory.close()
    assert ratings(home) == [Rating.AGAIN, Rating.GOOD]


def test_every_command_is_there_and_undo_takes_back(talk: Any, home: Home) -> None:
    second = RECALL.replace("id: recall", "id: other").replace("What does QLoRA change?", "What else?")
    script = [":h", "nf4", ":m", "bf16", "f", "h", "x", "", ":u", ":b", ":u", ":s", ":zz", "?", ":undo", ":q"]
    whole = talk(script, CLOZE, second)
    for words in (
        "Hint: one is a table",
        "Marked.",
        "T1: What?",  # the whole answer
        "The answer is shown already.",
        "Type 1, 2, 3 or 4",
        "Hard; comes back soon.",
        "Put off until tomorrow",
        "It is not asked again",
        "There is no :zz",
        "bury: put this card off",
        "cloze, marked.",
        "Nothing answered this time.",
    ):
        assert words in whole, words
    assert whole.count("Taken back.") == 3
    assert ratings(home) == []


def test_the_end_of_input_loses_nothing_and_the_next_call_goes_on(talk: Any, home: Home) -> None:
    cards = [RECALL.replace("id: recall", f"id: r{n}") for n in range(4)]
    whole = talk(["", "a", "", "", "0", "", "half an answer"], *cards)
    assert "2 answers" in whole
    assert "3 cards left; prep study goes on with them today." in whole
    assert ratings(home) == [Rating.GOOD, Rating.AGAIN]
    assert "Going on: 1 of 4 done" in talk([])
    assert ratings(home) == [Rating.GOOD, Rating.AGAIN]


def test_nothing_to_do_is_said(talk: Any, home: Home) -> None:
    home.config.write_text("new_per_day = 0\n")
    assert talk([], RECALL) == "Nothing to do now.\n"


def test_in_a_terminal_too_nothing_controls_the_screen(start: Start, home: Home) -> None:
    app = start("study", "Q4", "--plain")
    app.wait_for("> ")
    app.press("\n")
    app.wait_for("Grade:") if app.shows("Grade:") else app.wait_for("0 for none")
    app.press("\x03")
    app.wait_for("Nothing answered this time.")
    assert b"\x1b" not in app.written
    assert max(len(line) for line in app.written.decode().split("\r\n")) <= 100


def test_what_a_demo_draws_is_told() -> None:
    from prep_app.commands.plain.demo import told

    plot = Plot(
        "Loss", "step", "loss", (Series("LoRA", (0, 5, 10), (2.0, 0.25, 0.5), "line"), Series("none", (), (), "line"))
    )
    assert list(told(plot)) == ["Plot: Loss", "LoRA: from 2 at step 0 to 0.5 at step 10; least 0.25, most 2"]
    table = Table("Memory", ("part", "GB", "fits"), (("base", 3.5, True), ("adapters", None, False)))
    assert list(told(table)) == ["Table: Memory", "base. GB: 3.5; fits: yes", "adapters. GB: –; fits: no"]
    assert list(told(Output("a\nb\n"))) == ["printed: a", "printed: b"]


def test_markdown_is_read_out() -> None:
    text = """\
## Why **B** is zero

Read [the paper](https://x.org/a), `B = 0`
and <pad> it.

1. first
2. second
   - inner

| what | LoRA | QLoRA |
| --- | --- | --- |
| base | 16 bits | *4* bits |

```python
x = **y
```
"""
    assert (
        plain(text)
        == """\
Why B is zero

Read the paper (https://x.org/a), B = 0 and <pad> it.

1. first
2. second
  - inner

base. LoRA: 16 bits; QLoRA: 4 bits

    x = **y"""
    )
