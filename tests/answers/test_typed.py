"""What is typed is read as a person would read it: case, spacing and a slip of the finger do not count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep_app.answers.cloze import mark_gap, mark_gaps
from prep_app.answers.recall import heard
from prep_app.answers.words import stems
from prep_app.content.body import Gap, KeyPoint, WrongForm

TYPE = Gap(("NF4", "4-bit NormalFloat"), wrong=(WrongForm("int4", "its codes index a table"),))
FLOAT = Gap(("bfloat16", "bf16"))
SCALE = Gap(("α/r", "lora_alpha / r"))
WORK = Gap(("dequantise the base",), words=("dequantise",))


@pytest.mark.parametrize(
    ("gap", "typed", "verdict"),
    [
        (TYPE, "nf4", "right"), (TYPE, " NF-4 ", "right"), (TYPE, "4 bit normalfloat", "right"), (TYPE, "NF4", "right"),
        (TYPE, "4-bit NormlFloat", "close"), (TYPE, "8-bit NormalFloat", "wrong"), (TYPE, "nf5", "wrong"), (TYPE, "nf", "wrong"),
        (TYPE, "", "missed"), (TYPE, "  \t", "missed"), (TYPE, "–", "wrong"), (TYPE, "🦙" * 50, "wrong"), (TYPE, "x" * 100_000, "wrong"),
        (FLOAT, "bfloat 16", "right"), (FLOAT, "BF16", "right"), (FLOAT, "blfoat16", "close"), (FLOAT, "bfloat32", "wrong"), (FLOAT, "float16", "close"),
        (SCALE, "alpha/r", "right"), (SCALE, "α / r", "right"), (SCALE, "Alpha/R", "right"), (SCALE, "r/alpha", "wrong"),
        (WORK, "it dequantizes twice", "right"), (WORK, "dequantization", "right"), (WORK, "nothing", "wrong"),
    ],
)  # fmt: skip
def test_a_gap(gap: Gap, typed: str, verdict: str) -> None:
    assert mark_gap(gap, typed).verdict == verdict


def test_a_likely_wrong_form_says_why_it_is_wrong() -> None:
    part = mark_gap(TYPE, "INT-4")
    assert (part.verdict, part.why) == ("wrong", "its codes index a table")


def test_a_typo_is_shown_as_one() -> None:
    part = mark_gap(FLOAT, "bflaot16")
    assert (part.verdict, part.right, part.why) == ("close", "bfloat16", "1 letter off")


def test_gaps_that_were_not_reached_are_empty() -> None:
    assert [part.verdict for part in mark_gaps([TYPE, FLOAT], ["nf4"]).parts] == ["right", "missed"]


@given(st.text(max_size=300))
def test_whatever_is_typed_gets_a_verdict(typed: str) -> None:
    for gap in (TYPE, FLOAT, SCALE, WORK):
        part = mark_gap(gap, typed)
        assert part.verdict in ("right", "close", "wrong", "missed")
        assert part.right == gap.accept[0]


POINTS = (
    KeyPoint("The base stays in 4 bits (NF4)", ("nf4", "4-bit base", "four bits")),
    KeyPoint("Steps are slower", ("slow", "dequantise each matmul")),
    KeyPoint("Adapters are trained in higher precision"),
)


@pytest.mark.parametrize(
    ("typed", "points"),
    [
        ("It stores weights as NF4.", {0}),
        ("the base is kept at 4-bit, which makes every step slower", {0, 1}),
        ("each matmul dequantizes, in four bits", {0, 1}),
        ("adapter training has higher precision", {2}),
        ("precision", set()),
        ("", set()),
        ("🙂 مرحبا", set()),
    ],
)
def test_a_typed_answer_makes_the_points_it_contains(typed: str, points: set[int]) -> None:
    assert heard(POINTS, typed) == points


def test_words_meet_by_their_stems_and_in_both_spellings() -> None:
    assert stems("Quantised weights") == stems("quantized WEIGHT")
    assert stems("λ and α") == stems("lambda and alpha")
    assert stems("regularisation") == stems("regularization")
