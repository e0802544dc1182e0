"""The demo beside what peft itself says, and without peft."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest
from peft import LoraConfig, get_peft_model
from runs import checks_of, events_of

from demos import peft_library
from demos.kit import run_demo
from demos.lora_merge import LoRALinear
from demos.peft_library import wrap
from demos.reader import trained_reader


def test_without_peft_the_run_ends_in_one_line_that_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    importlib.reload(peft_library)  # which needs no peft
    events: list[dict[str, Any]] = []
    assert not run_demo("peft_library", {}, device="cpu", emit=events.append)
    assert [event["event"] for event in events] == ["text", "error"]
    assert events[-1]["message"].startswith("ImportError: ")
    assert "pip install 'prep[peft]'" in events[-1]["message"]


def test_the_share_is_the_one_that_peft_prints(capsys: pytest.CaptureFixture[str]) -> None:
    config = LoraConfig(r=16, lora_alpha=32, target_modules=["q_proj", "v_proj"], lora_dropout=0.1)
    get_peft_model(trained_reader(), config).print_trainable_parameters()
    share = events_of("peft_library", {"steps": 5})[-1]["figures"]["trainable_percent"]
    assert capsys.readouterr().out.strip().endswith(f"trainable%: {share:.4f}")


def test_only_the_layers_named_are_wrapped_and_all_else_is_frozen() -> None:
    model = trained_reader().requires_grad_(True)
    layers = wrap(model, ["k_proj"], 2, 4, 0.1)
    assert [name for name, module in model.named_modules() if isinstance(module, LoRALinear)] == [
        "blocks.0.attention.k_proj",
        "blocks.1.attention.k_proj",
    ]
    trainable = {name.split(".")[-1] for name, weight in model.named_parameters() if weight.requires_grad}
    assert trainable == {"lora_A", "lora_B"}
    assert len(layers) == 2


def test_with_peft_every_check_holds_on_all_four_projections() -> None:
    values = {"targets": "q_proj k_proj v_proj o_proj", "r": 3, "steps": 5}
    assert all(checks_of(events_of("peft_library", values)).values())
