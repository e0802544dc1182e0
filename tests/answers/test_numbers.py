"""Numbers are read as people write them, and compared within what the card allows."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep_app.answers.numeric import mark_numeric
from prep_app.answers.quantity import Quantity, parse_quantity
from prep_app.content.body import Numeric, Slip, Variable
from prep_app.content.variant import Variant, draw

READ = [
    ("16.8M", "parameters", 16.8e6), ("16.8 million", "", 16.8e6), ("4.2 GB", "GB", 4.2), ("4200 MB", "GB", 4.2),
    ("4.2", "GB", 4.2), ("4 GiB", "GB", 4.294967296), ("1e7", "", 1e7), ("1.2×10⁷", "", 1.2e7), ("1.2 x 10^7", "", 1.2e7),
    ("2·10⁻³", "", 2e-3), ("16,777,216", "parameters", 16777216), ("16_777_216", "", 16777216), ("0,5", "", 0.5), ("1,5e3", "", 1500.0),
    ("12 %", "%", 12), ("12", "%", 12), ("50%", "", 0.5), ("3/4", "", 0.75), ("~36 GB", "GB", 36), ("−2.5", "", -2.5), ("8B", "parameters", 8e9),
    ("70 B parameters", "parameters", 70e9), ("4.127 bits", "bits", 4.127), ("3.9x", "×", 3.9), ("512 tokens", "tokens", 512), ("7k", "", 7000),
    (".5", "", 0.5), ("1 000", "", 1000), ("100 M", "M", 100), ("2 B", "M", 2000),
]  # fmt: skip
UNREAD = [
    "",
    "abc",
    "GB",
    "1.2.3",
    "1e",
    "1e999",
    "--3",
    "4 apples",
    "🦙",
    "1/0",
    "٣",
    "\x1b[31m4",
    "nan",
    "inf",
    "9" * 400 + "e9",
    "x" * 50_000,
]


@pytest.mark.parametrize(("text", "unit", "value"), READ)
def test_a_number_is_read(text: str, unit: str, value: float) -> None:
    assert parse_quantity(text, unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("text", UNREAD)
@pytest.mark.parametrize("unit", ["", "GB", "parameters"])
def test_what_is_no_number_is_none(text: str, unit: str) -> None:
    value = parse_quantity(text, unit)
    assert value is None or text == "٣"


def test_another_unit_is_no_answer() -> None:
    assert parse_quantity("4 hours", "GB") is None
    assert parse_quantity("4 GB", "parameters") is None
    assert parse_quantity("4 %", "GB") is None


@given(st.floats(1e-9, 1e15), st.sampled_from(["", "GB", "%", "parameters", "bits", "×"]))
def test_what_is_shown_is_read_back(value: float, unit: str) -> None:
    text = Quantity(value, unit).text
    assert parse_quantity(text, unit) == pytest.approx(value, rel=6e-3)


@given(st.text(max_size=60), st.sampled_from(["", "GB", "%", "parameters"]))
def test_any_text_is_read_as_a_finite_number_or_not_at_all(text: str, unit: str) -> None:
    value = parse_quantity(text, unit)
    assert value is None or math.isfinite(value)


LORA = Numeric(
    variables=(Variable("d", (4096,)), Variable("r", (16,))),
    formula="r * 2 * d",
    unit="parameters",
    worked="{r} · 2 · {d} = {result}",
    slips=(Slip("r * d", "Both factors count."),),
)
SIXTEEN = draw(LORA, "any")
WEIGHTS = Numeric((Variable("n", (7e9,)),), "n * 2 / 1e9", "GB", "", tolerance=0.02, relative=True)


@pytest.mark.parametrize(
    "typed", ["131072", "131,072", "131.072k", "1.31072e5", "131k", "0.131M", "131,072 parameters"]
)
def test_right_in_any_spelling_and_rounded_to_three_digits(typed: str) -> None:
    assert mark_numeric(LORA, SIXTEEN, typed).correct


@pytest.mark.parametrize("typed", ["131073", "131071", "130k", "131", "0.13M", "", "many"])
def test_an_exact_answer_is_exact(typed: str) -> None:
    assert not mark_numeric(LORA, SIXTEEN, typed).correct


def test_a_likely_mistake_is_recognised() -> None:
    [part] = mark_numeric(LORA, SIXTEEN, "65,536").parts
    assert part.why == "Both factors count."


def test_how_far_off_is_said() -> None:
    assert "times too high" in mark_numeric(LORA, SIXTEEN, "1.3M").parts[0].why
    assert "% too low" in mark_numeric(LORA, SIXTEEN, "120000").parts[0].why
    assert "wrong sign" in mark_numeric(LORA, SIXTEEN, "-131072").parts[0].why
    assert "not read as a number in parameters" in mark_numeric(LORA, SIXTEEN, "lots").parts[0].why


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("14", True),
        ("14.2 GB", True),
        ("13.8", True),
        ("14000 MB", True),
        ("14.5", False),
        ("14 TB", False),
        ("28", False),
    ],
)
def test_a_share_of_the_answer_is_allowed(typed: str, right: bool) -> None:
    assert mark_numeric(WEIGHTS, Variant({"n": 7e9, "result": 14.0}, 14.0), typed).correct is right
