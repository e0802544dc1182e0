"""prep next and prep answer --said: every kind of card from a script."""

from __future__ import annotations

import io
from typing import Any

import pytest

from prep_app.paths import Home
from tests.test_cli import AT, Print, printed, refused
from tests.ui.one_card import CHOICE, CLOZE, CODE, COMPARE, NUMERIC, ORDER, RECALL, install


@pytest.fixture
def only(home: Home, capsys: Print, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Install one card and no other; return what `prep next` says of it."""
    monkeypatch.setattr("prep_app.content.library.builtin_folders", list)

    def asked(card: str) -> dict[str, Any]:
        install(home, card)
        shown: dict[str, Any] = printed(capsys, "next", *AT)
        return shown

    return asked


def say(capsys: Print, card: str, *said: str, rest: tuple[str, ...] = ()) -> dict[str, Any]:
    words = [word for text in said for word in ("--said", text)]
    answered: dict[str, Any] = printed(capsys, "answer", card, *rest, *words, *AT)
    assert {"card", "stability", "difficulty", "interval_days", "due", "rating", "mark"} == answered.keys()
    return answered


def test_a_choice_is_answered_by_the_numbers_shown(only: Any, capsys: Print) -> None:
    shown = only(CHOICE)
    right = shown["options"].index("the factor B") + 1
    answered = say(capsys, "choice", str(right))
    assert (answered["rating"], answered["mark"]["correct"]) == ("good", True)
    assert all(part["why"] for part in answered["mark"]["parts"])
    assert say(capsys, "choice", "the factor A")["rating"] == "again"


def test_gaps_numbers_tables_steps_and_texts_are_read(only: Any, capsys: Print) -> None:
    only(CLOZE)
    assert say(capsys, "cloze", "nf4", "bf16")["rating"] == "good"
    assert say(capsys, "cloze", "nf4")["mark"]["right"] == 1
    shown = only(NUMERIC)
    assert shown["unit"] == "parameters"
    numbers = [int(word.replace(",", "")) for word in shown["prompt"].split() if word.replace(",", "").isdigit()]
    rank, side = numbers[0], numbers[1]
    assert say(capsys, "numeric", f"{2 * rank * side / 1e6}M")["mark"]["correct"]
    shown = only(COMPARE)
    assert shown["rows"][1] == {"aspect": "extra work", "cells": ["none", None]}
    assert say(capsys, "compare", "bf16", "NF4", "none")["rating"] == "hard"
    shown = only(ORDER)
    steps = ["freeze the base", "add the factors", "train them", "merge them"]
    order = " ".join(str(shown["steps"].index(step) + 1) for step in steps)
    assert say(capsys, "order", order)["rating"] == "good"
    only(RECALL)
    assert say(capsys, "recall", "NF4, and so every step is slower")["rating"] == "good"


def test_the_learner_has_the_last_word_and_a_hint_costs(only: Any, capsys: Print) -> None:
    only(CLOZE)
    overruled = say(capsys, "cloze", "x", "y", rest=("hard",))
    assert (overruled["rating"], overruled["mark"]["suggested"]) == ("hard", "again")
    assert say(capsys, "cloze", "nf4", "bf16", rest=("--hints", "1"))["rating"] == "hard"
    assert say(capsys, "cloze", "nf4", "bf16", rest=("--seconds", "600"))["rating"] == "hard"


def test_a_function_from_a_file_or_a_pipe_is_judged_by_the_demo(
    only: Any, capsys: Print, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = only(CODE)
    assert shown["start"].startswith("def delta(self)")
    right = "def delta(self) -> Tensor:\n    return self.scaling * (self.lora_B @ self.lora_A)\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(right))
    answered = say(capsys, "code", "-")
    assert answered["mark"]["correct"], answered["mark"]
    wrong = say(capsys, "code", "def delta(self):\n    return self.lora_A @ self.lora_B")
    assert wrong["rating"] == "again"
    assert wrong["mark"]["parts"][0]["why"]


def test_what_cannot_be_read_is_refused_in_one_line_and_nothing_is_recorded(only: Any, capsys: Print) -> None:
    only(ORDER)
    reviews = printed(capsys, "stats", *AT)["reviews_total"]
    assert "every step's number once" in refused(capsys, "answer", "order", "--said", "1 2", *AT)
    assert "there are 1 to 4" in refused(capsys, "answer", "order", "--said", "9 1 2 3", *AT)
    assert "give a rating" in refused(capsys, "answer", "order", *AT)
    assert printed(capsys, "stats", *AT)["reviews_total"] == reviews
