"""The kit runs any demo the same way, says what is wrong in one line, and never passes what was not shown."""

from __future__ import annotations

import json
import math
import sys
import types
from typing import Any

import pytest
import torch

from demos import catalogue as shelf
from demos.catalogue import catalogue, find, source
from demos.kit import Choice, Demo, DemoInputError, Flag, Integer, Lab, Real, main, plain, resolve, run_demo, settle

DEMO = Demo(
    title="t",
    summary="s",
    questions=["Q1"],
    parameters=[
        Integer("n", 3, 1, 9, "a count"),
        Real("x", 0.5, 0.0, 1.0, "a share"),
        Choice("kind", "a", ["a", "b"], "a kind"),
        Flag("on", False, "a switch"),
    ],
    checks={"one": "one is one"},
)


def run(monkeypatch: pytest.MonkeyPatch, body: Any, **values: object) -> list[dict[str, Any]]:
    module = types.ModuleType("demos.trial")
    module.run = body  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "demos.trial", module)
    monkeypatch.setattr(shelf, "catalogue", lambda: {"trial": DEMO})
    events: list[dict[str, Any]] = []
    run_demo("trial", values, device="cpu", emit=events.append)
    return events


def test_a_run_ends_with_its_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def body(lab: Lab, **values: object) -> None:
        lab.figure("values", values)
        lab.check("one", torch.tensor(1) == 1, torch.tensor(1.5), math.inf)

    *_, check, result = run(monkeypatch, body, n="4")
    assert check == {
        "event": "check",
        "id": "one",
        "claim": "one is one",
        "passed": True,
        "measured": 1.5,
        "expected": None,
    }
    assert result["figures"] == {"values": {"n": 4, "x": 0.5, "kind": "a", "on": False}}
    assert result["passed"] is True


def test_a_failed_check_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    events = run(monkeypatch, lambda lab, **_: lab.check("one", False, 2, 1))
    assert events[-1]["passed"] is False


def test_a_declared_check_that_is_not_shown_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    events = run(monkeypatch, lambda lab, **_: None)
    assert events[-1] == {"event": "error", "message": "the demo ended without its checks one"}


def test_an_exception_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def body(lab: Lab, **_: object) -> None:
        raise RuntimeError("broken\nin two")

    assert run(monkeypatch, body)[-1] == {"event": "error", "message": "RuntimeError: broken in two"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 0),
        ("n", 10),
        ("n", "2.5"),
        ("n", "many"),
        ("x", "nan"),
        ("x", 2),
        ("kind", "c"),
        ("on", "maybe"),
        ("m", 1),
    ],
)
def test_a_value_outside_its_range_is_refused(name: str, value: object) -> None:
    with pytest.raises(DemoInputError, match=name):
        settle(DEMO, {name: value})


def test_the_same_seed_gives_the_same_numbers() -> None:
    def figures(seed: int) -> str:
        events: list[dict[str, Any]] = []
        run_demo("nf4_quantize", {"size": 16384}, device="cpu", seed=seed, emit=events.append)
        return json.dumps(events[-1]["figures"])

    assert figures(3) == figures(3) != figures(4)


@pytest.mark.parametrize("wanted", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_said_and_the_cpu_serves(wanted: str) -> None:
    there = torch.cuda.is_available() if wanted == "cuda" else torch.backends.mps.is_available()
    if there:
        pytest.skip(f"{wanted} is there")
    device, said = resolve(wanted)
    assert device.type == "cpu"
    assert wanted in said


def test_the_catalogue_reads_what_the_modules_declare() -> None:
    import importlib

    for name, demo in catalogue().items():
        declared = importlib.import_module(f"demos.{name}").DEMO
        assert demo.checks == declared.checks
        assert list(demo.parameters) == list(declared.parameters)
        assert "DEMO = Demo(" in source(name)


def test_an_unknown_demo_names_the_nearest() -> None:
    with pytest.raises(DemoInputError, match='did you mean "lora_merge"'):
        find("lora_marge")


@pytest.mark.parametrize("name", ["lora_merge", "nf4_quantize"])
def test_every_extreme_of_the_knobs_runs_to_a_result(name: str) -> None:
    for parameter in catalogue()[name].parameters:
        for value in parameter.choices or (parameter.min, parameter.max):
            number = int(value) if parameter.type == "int" else value  # type: ignore[arg-type]
            events: list[dict[str, Any]] = []
            run_demo(name, {parameter.name: number}, device="cpu", emit=events.append)
            assert events[-1]["event"] == "result", (parameter.name, value, events[-1])
            failed = [event["id"] for event in events if event["event"] == "check" and not event["passed"]]
            assert failed == [], (parameter.name, value)


def test_the_command_line_refuses_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("nf4_quantize", ["--block_size", "7"]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_plain_turns_what_json_cannot_hold_into_what_it_can() -> None:
    value = {"a": torch.ones(2), "b": (math.nan, 1), "c": torch.device("cpu")}
    assert plain(value) == {"a": [1.0, 1.0], "b": [None, 1], "c": "cpu"}


def test_a_picture_shades_by_magnitude_and_keeps_to_the_room_beside_an_answer() -> None:
    events: list[dict[str, Any]] = []
    lab = Lab(DEMO, events.append, torch.device("cpu"), 0)
    lab.picture("Sizes", torch.tensor([[0.0, -4.0], [2.0, 1.0]]))
    lab.picture("Large", torch.ones(100, 100))
    assert events[0]["markdown"] == "**Sizes**\n  ██\n▒▒░░"
    assert max(map(len, events[1]["markdown"].split("\n"))) == 48
