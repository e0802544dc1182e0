"""Formulas in a pack's texts are made readable; money, code and everything else stay as they were written."""

from __future__ import annotations

from pathlib import Path

import pytest
from good_pack import QUESTION, load, write
from hypothesis import given
from hypothesis import strategies as st

from prep_app.content.body import Recall
from prep_app.content.latex import readable, unicode_of

FORMULAS = {
    r"\alpha": "α",
    r"W_0 + \frac{\alpha}{r} B A x": "W₀ + α/r B A x",
    r"\frac{a+b}{2c}": "(a+b)/(2c)",
    r"\text{softmax}(QK^\top/\sqrt{d_k})V": "softmax(QKᵀ/√dₖ)V",
    r"\sqrt{2\pi}": "√(2π)",
    r"\frac{\lambda}{2}\sum_i F_i(\theta_i-\theta^*_i)^2": "λ/2 ∑ᵢ Fᵢ(θᵢ − θ∗ᵢ)²",
    r"\theta \leftarrow \theta - \eta \nabla_\theta L": "θ ← θ − η∇_θ L",
    r"\mathbb{R}^{d \times k}": "ℝ^(d×k)",
    r"\|\Delta W\|_F \leq 10^{-4}": "‖ΔW‖_F ≤ 10⁻⁴",
    r"\frac{\partial L}{\partial W_{ij}}": "∂L/∂Wᵢⱼ",
    r"x_{i,j}, W_{foo}": "xᵢ,ⱼ, W_foo",
    r"\hat{y} \not= \bar{y}": "ŷ ≠ y̅",
    r"O(n\log n)": "O(n log n)",
    r"\left(\log p\right)": "(log p)",
    r"f: A \to \{0, 1\}": "f: A → {0, 1}",
    r"2 \cdot {r} \cdot {d:count}": "2 ⋅ {r} ⋅ {d:count}",  # a numeric card's numbers
    r"\mymacro_2": "mymacro₂",
}


@pytest.mark.parametrize("latex", FORMULAS)
def test_a_formula_reads_as_one_would_write_it_by_hand(latex: str) -> None:
    assert unicode_of(latex) == FORMULAS[latex]
    assert readable(f"so ${latex}$, and") == f"so {FORMULAS[latex]}, and"


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and then $6.",
        "from $5_000 to $6_000",
        "$HOME_DIR and $PATH_X",
        "prices ${a}/${b} of {c}",
        "a lone $ and x_1",
        "$ x_1 $ has spaces",
        "$plain words$",
        r"\$x_1\$ is escaped",
        "`$x_1$` is code",
        "``a ` $x_1$`` too",
        "```bash\necho $x_1$\n```",
        "~~~\n$x_1$\n\n$x_1$\n~~~",
        "- ```\n  $x_1$\n  ```",
        "```\n$x_1$ in a block that is never closed",
        "$x_1\n\nand a new paragraph$",
        "$" + "x_1" * 200 + "$",
    ],
)
def test_what_is_no_formula_stays(text: str) -> None:
    assert readable(text) == text


def test_code_ends_where_it_ends() -> None:
    assert readable("`a` $x_1$ `b`\n\n```\n$x_1$\n```\n$$\nx_2\n$$") == "`a` x₁ `b`\n\n```\n$x_1$\n```\nx₂"


@given(st.text("$\\^_{}`x1a -~\n*'&", max_size=60))
def test_any_text_comes_back_as_text(text: str) -> None:
    assert isinstance(readable(text), str)
    assert isinstance(unicode_of(text), str)


@pytest.mark.parametrize("piece", ["$_", "`", "$_$", "```\n", "\\$", "`a", "$^^^^^^^^^$ ", "${{{{{{$ ", "a\n"])
def test_a_hostile_text_is_read_in_one_pass(piece: str) -> None:
    readable(piece * (500_000 // len(piece)) + "$")  # hours, were it not


def test_marks_upon_marks_do_not_multiply() -> None:
    assert len(unicode_of(r"\overline " * 40 + "x")) < 50


def test_every_text_of_a_pack_is_made_readable_once(tmp_path: Path) -> None:
    text = (
        QUESTION.replace("ask: What is LoRA?", r"ask: What is $W_0$?")
        .replace("It is [merged] later.", r"It is $\alpha/r$ later; `$x_1$`.")
        .replace("key_points: [A, B]", r"key_points: [$A_1$, {text: 'from $\beta$ on', words: [$\beta$]}]")
        .replace("{text: A, why: it is random}", "{text: $A^2$, why: it is $5}")
    )
    pack, problems = load(write(tmp_path, q1=text))
    assert pack is not None
    assert not problems
    [question] = pack.questions
    assert question.ask == "What is W₀?"
    assert question.full.endswith("It is α/r later; `$x_1$`.")
    body = question.cards[0].body
    assert isinstance(body, Recall)
    assert [point.text for point in body.key_points] == ["A₁", "from β on"]
    assert body.key_points[1].words == ("β",)
    assert [option.text for option in question.cards[1].body.options] == ["A²", "B"]  # type: ignore[union-attr]
    assert question.cards[1].body.options[0].why == "it is $5"  # type: ignore[union-attr]
