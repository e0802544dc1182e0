"""A demo's function as an exercise: taken out, blanked, put back; whatever a learner writes is judged or explained."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from demos.catalogue import catalogue, find, program
from demos.exercise import CodeError, blank, function_source, function_with, functions, with_function
from demos.kit import DemoInputError, run_demo

UNMERGE = ("lora_merge", "LoRALinear.unmerge")


def run(name: str, function: str, text: str, **values: object) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    run_demo(name, values, device="cpu", code=(function, text), emit=events.append)
    return events


def unmerge(*lines: str) -> str:
    return "\n".join(["def unmerge(self):", *("    " + line for line in lines)])


@pytest.mark.parametrize("name", catalogue())
def test_what_is_taken_out_goes_back_to_the_letter(name: str) -> None:
    assert functions(name)
    for function in functions(name):
        text = function_source(name, function)
        assert with_function(name, function, text) == program(name)
        (left,) = ast.parse(blank(name, function)).body
        (whole,) = ast.parse(text).body
        assert isinstance(left, ast.FunctionDef)
        assert isinstance(whole, ast.FunctionDef)
        assert ast.dump(left.args) == ast.dump(whole.args)
        assert ast.get_docstring(left) == ast.get_docstring(whole)
        assert ast.unparse(left.body[-1]) == "..."


def test_a_decorated_method_is_taken_out_whole_and_dedented() -> None:
    assert function_source("lora_merge", "load").startswith("@torch.no_grad()\ndef load(")
    assert function_source(*UNMERGE) == unmerge(
        "if self.merged:", "    self.base.weight.data = self.original", "    self.merged = False\n"
    ).replace("(self)", "(self) -> None")
    assert blank("lora_merge", "LoRALinear.delta") == (
        'def delta(self) -> Tensor:\n    """ΔW = (α/r)·B·A (out × in), in float32."""\n    ...\n'
    )


def test_a_slip_shows_in_its_function_and_nowhere_else() -> None:
    assert "-= self.delta()" in function_source(*UNMERGE, "subtracted")
    with pytest.raises(DemoInputError, match=r'"subtracted" is not in LoRALinear.merge; it is in LoRALinear.unmerge'):
        function_source("lora_merge", "LoRALinear.merge", "subtracted")
    with pytest.raises(DemoInputError, match="in none that can be an exercise"):
        function_source("lora_merge", "saved", "head_trains")


@pytest.mark.parametrize(
    ("asked", "near"), [("LoRALinear.unmergd", "LoRALinear.unmerge"), ("merge", "LoRALinear.merge")]
)
def test_a_function_that_is_not_there_names_near_ones(asked: str, near: str) -> None:
    with pytest.raises(DemoInputError, match=near):
        function_source("lora_merge", asked)


def test_run_judges_and_cannot_be_written() -> None:
    with pytest.raises(DemoInputError, match='no function "run"'):
        with_function("lora_merge", "run", "def run(lab): pass")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def unmerge(self)\n    pass", "line 1 of your code: SyntaxError: expected ':'"),
        ("\ndef unmerge(self):\n    x = (1,\n", "line 3 of your code: SyntaxError: '(' was never closed"),
        ("def unmerge(self):\nreturn 1", "line 2 of your code: IndentationError"),
        ("def unmerge(self):\n    break", "line 2 of your code: SyntaxError: 'break' outside loop"),
        ("def unmerge(self):\n    '\0'", "of your code: "),
        ("def unmerge(self):\n    '\ud800'", "line 1 of your code: it cannot be read"),
        ("def unmerge(self):\n    " + "(" * 9000, "line 2 of your code: "),
        ("", "there is no code yet: it must define unmerge"),
        ("# nothing\n", "there is no code yet: it must define unmerge"),
        ("def unmurge(self):\n    pass", "line 1 of your code: it defines unmurge, and must define unmerge"),
        ("import os\ndef unmerge(self):\n    pass", "line 1 of your code: only one definition"),
        (unmerge("pass") + "\n@a\ndef unmerge(self):\n    pass", "line 3 of your code: only one definition"),
        ("async def unmerge(self):\n    pass", "line 1 of your code: only one definition"),
        ("x = 1", "line 1 of your code: only one definition"),
    ],
)
def test_what_is_not_one_function_is_explained_in_a_line(text: str, says: str) -> None:
    with pytest.raises(CodeError) as refused:
        with_function(*UNMERGE, text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert run(*UNMERGE, text) == [{"event": "error", "message": str(refused.value)}]


@pytest.mark.parametrize("margin", ["", "    ", "\t", "       "])
def test_a_text_may_be_indented_in_any_way(margin: str) -> None:
    text = function_source(*UNMERGE)
    moved = "\n".join(margin + line if line else "" for line in text.split("\n"))
    assert with_function(*UNMERGE, moved) == program("lora_merge")
    assert with_function(*UNMERGE, moved.replace("\n", "\r\n")) == program("lora_merge")


def test_a_string_over_several_lines_keeps_its_value() -> None:
    text = unmerge("self.note = '''a", *("b'''", "return None"))
    whole = with_function(*UNMERGE, text)
    values = [node.value for node in ast.walk(ast.parse(whole)) if isinstance(node, ast.Constant)]
    assert "a\n    b" in values


def test_the_right_text_passes_and_a_slip_as_text_shows_what_was_measured() -> None:
    right = run(*UNMERGE, function_source(*UNMERGE), steps=20)
    assert right[-1]["passed"]
    slipped = run(*UNMERGE, function_source(*UNMERGE, "subtracted"), steps=20)
    (check,) = (event for event in slipped if event["event"] == "check" and not event["passed"])
    assert check["id"] == "unmerge_restores"
    assert check["measured"] > 0


@pytest.mark.parametrize(("name", "mistake"), [("nf4_quantize", "low_half_first"), ("parameter_count", "prefix_once")])
def test_a_mistake_written_out_as_code_fails_its_check(name: str, mistake: str) -> None:
    function = function_with(name, mistake)
    fails = next(slip.fails for slip in find(name).mistakes if slip.name == mistake)
    assert run(name, function, function_source(name, function))[-1]["passed"]
    events = run(name, function, function_source(name, function, mistake))
    assert fails in [event["id"] for event in events if event["event"] == "check" and not event["passed"]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (unmerge("", "# a comment", "None + 1"), "line 4 of your code: TypeError: unsupported operand"),
        (unmerge("f = lambda x: x / 0", "f(1)"), "line 2 of your code: ZeroDivisionError"),
        (unmerge("self.delta() @ self.delta()"), "line 2 of your code: RuntimeError: mat1 and mat2"),
        (unmerge("self.unmerge()"), "line 2 of your code: RecursionError"),
        (unmerge("exit()"), "line 2 of your code: it called exit()"),
        (unmerge("raise SystemExit"), "line 2 of your code: it called exit()"),
        (unmerge("raise MemoryError"), "it asked for more memory than a run may have"),
        ("def unmerge(self, x=nowhere):\n    pass", "line 1 of your code: NameError"),
        ("def unmerge():\n    pass", "the demo cannot go on with your code: TypeError"),
    ],
)
def test_an_error_names_the_line_of_the_learners_text(text: str, says: str) -> None:
    (*_, last) = run(*UNMERGE, text, steps=20)
    assert last["event"] == "error"
    assert says in last["message"]


def test_a_run_takes_a_mistake_or_code() -> None:
    with pytest.raises(DemoInputError, match="not both"):
        run_demo("lora_merge", {}, mistake="subtracted", code=(UNMERGE[1], unmerge("pass")), emit=lambda _: None)


def test_code_changes_the_demo_for_one_run_only() -> None:
    run(*UNMERGE, unmerge("pass"), steps=20)
    events: list[dict[str, Any]] = []
    assert run_demo("lora_merge", {"steps": 20}, device="cpu", emit=events.append)
