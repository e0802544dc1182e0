"""Fused LoRA adapters against peft's weighted adapters; side by side and stacked against their definitions."""

from __future__ import annotations

import math

import pytest
import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora.layer import Linear as PeftLinear
from runs import events_of
from torch import nn

from demos.adapter_forward import BottleneckAdapter
from demos.adapter_stack import ManyLoRA, SideBySide, put, switch
from demos.lora_merge import LoRALinear
from demos.reader import LAYERS, trained_reader

R, W1, W2 = 3, 0.3, 0.7


def two_adapters() -> tuple[ManyLoRA, PeftLinear]:
    """The same two adapters around the same layer, ours and peft's; peft's fused by cat and by linear too."""
    torch.manual_seed(0)
    ours = ManyLoRA(nn.Linear(24, 40), ["one", "two"], R)
    model = nn.Sequential(nn.Linear(24, 40))
    model[0].load_state_dict(ours.base.state_dict())
    config = LoraConfig(r=R, lora_alpha=2 * R, target_modules=["0"])
    wrapped = get_peft_model(model, config, adapter_name="one")
    wrapped.add_adapter("two", config)
    theirs = wrapped.base_model.model[0]
    for name, adapter in ours.adapters.items():
        assert isinstance(adapter, LoRALinear)
        nn.init.normal_(adapter.lora_B)
        theirs.lora_A[name].weight.data = adapter.lora_A.data.clone()
        theirs.lora_B[name].weight.data = adapter.lora_B.data.clone()
    for kind in ("cat", "linear"):
        wrapped.base_model.add_weighted_adapter(["one", "two"], [W1, W2], kind, combination_type=kind)
    return ours, theirs


def test_the_weighted_sum_is_pefts_of_concatenated_factors_at_twice_the_rank() -> None:
    ours, theirs = two_adapters()
    x = torch.randn(5, 24)
    ours.weights = {"one": W1, "two": W2}
    theirs.set_adapter("cat")
    torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=1e-5)
    assert theirs.lora_A["cat"].weight.shape[0] == 2 * R
    assert torch.linalg.matrix_rank(theirs.get_delta_weight("cat")) == 2 * R


def test_pefts_linear_combination_keeps_the_rank_and_has_the_cross_terms() -> None:
    ours, theirs = two_adapters()
    (b1, a1), (b2, a2) = ours.factors("one"), ours.factors("two")
    cross = math.sqrt(W1 * W2) * (b1 @ a2 + b2 @ a1)  # peft puts the weight's root on both factors
    fused = theirs.get_delta_weight("linear").double()
    torch.testing.assert_close(fused, W1 * b1 @ a1 + W2 * b2 @ a2 + cross, rtol=0, atol=1e-5)
    assert torch.linalg.matrix_rank(theirs.get_delta_weight("linear")) == R


@pytest.mark.parametrize("name", ["one", "two"])
def test_switched_on_alone_an_adapter_is_lora_and_switched_off_it_is_nothing(name: str) -> None:
    ours, theirs = two_adapters()
    x = torch.randn(5, 24)
    ours.weights = {name: 1.0}
    assert torch.equal(ours(x), ours.adapters[name](x))
    theirs.set_adapter(name)
    torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=1e-5)
    ours.weights = {}
    assert torch.equal(ours(x), ours.base(x))


def test_only_the_adapter_that_is_on_learns() -> None:
    ours, _ = two_adapters()
    ours.weights = {"two": 1.0}
    ours(torch.randn(5, 24)).square().sum().backward()
    learning = {name for name, weight in ours.named_parameters() if weight.grad is not None}
    assert learning == {"adapters.two.lora_A", "adapters.two.lora_B"}


def test_side_by_side_adds_what_each_adapter_adds_and_a_stack_composes() -> None:
    torch.manual_seed(0)
    one, two = BottleneckAdapter(6, 3).double(), BottleneckAdapter(6, 2).double()
    nn.init.normal_(one.up.weight)
    nn.init.normal_(two.up.weight)
    h = torch.randn(4, 6).double()

    def added(adapter: BottleneckAdapter, to: torch.Tensor) -> torch.Tensor:
        inner = to @ adapter.down.weight.T + adapter.down.bias
        return (inner * 0.5 * (1 + torch.erf(inner / 2**0.5))) @ adapter.up.weight.T + adapter.up.bias

    torch.testing.assert_close(SideBySide(one, two)(h), h + added(one, h) + added(two, h))
    torch.testing.assert_close(SideBySide(two, one)(h), SideBySide(one, two)(h))
    middle = h + added(one, h)
    torch.testing.assert_close(nn.Sequential(one, two)(h), middle + added(two, middle))


def test_switching_and_putting_reach_every_layer() -> None:
    reader = trained_reader()
    for block in reader.blocks:
        block.attention.q_proj = ManyLoRA(block.attention.q_proj, ["one"], R)
    switch(reader, {"one": 0.25})
    assert [block.attention.q_proj.weights for block in reader.blocks] == [{"one": 0.25}] * LAYERS
    switch(reader, {})
    assert [block.attention.q_proj.weights for block in reader.blocks] == [{}] * LAYERS
    put(reader, [nn.Dropout(number / 10) for number in range(2 * LAYERS)])
    places = [place.p for block in reader.blocks for place in (block.adapter_1, block.adapter_2)]
    assert places == [number / 10 for number in range(2 * LAYERS)]


def test_the_table_shows_each_adapter_best_at_its_own_task_and_the_base_back_at_the_end() -> None:
    (table,) = (event for event in events_of("adapter_stack") if event["event"] == "table")
    rows = {row[0]: row[1:] for row in table["rows"]}
    assert rows["none"] == rows["none, again"]
    assert rows["LoRA, turned"][1] == max(row[1] for row in rows.values())
    assert rows["LoRA, mirrored"][2] == max(row[2] for row in rows.values())
