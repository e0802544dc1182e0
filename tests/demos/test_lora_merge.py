"""LoRA against peft's own layer on the same weights, and merging that is exact where it must be."""

from __future__ import annotations

import copy

import pytest
import torch
from peft import LoraConfig
from peft.tuners.lora.layer import Linear as PeftLinear
from runs import events_of
from torch import nn

from demos.lora_merge import LoRALinear


def layer(r: int = 4, lora_alpha: float = 8, dtype: torch.dtype = torch.float32, dropout: float = 0.0) -> LoRALinear:
    torch.manual_seed(0)
    made = LoRALinear(nn.Linear(24, 40), r, lora_alpha, dropout)
    nn.init.normal_(made.lora_B, std=0.1)
    return made.to(dtype).eval()


def peft_layer(ours: LoRALinear, r: int, lora_alpha: float) -> PeftLinear:
    config = LoraConfig(r=r, lora_alpha=lora_alpha, target_modules=["x"])
    theirs = PeftLinear(copy.deepcopy(ours.base), "default", config=config, r=r, lora_alpha=lora_alpha)
    theirs.lora_A["default"].weight.data = ours.lora_A.data.clone()
    theirs.lora_B["default"].weight.data = ours.lora_B.data.clone()
    return theirs.eval()


@pytest.mark.parametrize(("r", "lora_alpha"), [(1, 1), (4, 8), (16, 32), (24, 5)])
def test_outputs_and_merged_weights_are_pefts(r: int, lora_alpha: int) -> None:
    ours = layer(r, lora_alpha)
    theirs = peft_layer(ours, r, lora_alpha)
    x = torch.randn(7, 24)
    assert ours.scaling == theirs.scaling["default"]
    torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=1e-6)
    ours.merge()
    theirs.merge()
    torch.testing.assert_close(ours.base.weight, theirs.base_layer.weight, rtol=0, atol=1e-6)


def test_pefts_initialisation_is_ours_a_random_b_zero() -> None:
    fresh = LoRALinear(nn.Linear(24, 40), 4, 8)
    assert not fresh.lora_B.any()
    assert fresh.lora_A.any()
    x = torch.randn(5, 24)
    assert torch.equal(fresh(x), fresh.base(x))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_unmerging_restores_every_bit_in_every_type(dtype: torch.dtype) -> None:
    ours = layer(dtype=dtype)
    before = ours.base.weight.clone()
    ours.merge()
    assert not torch.equal(ours.base.weight, before)
    ours.unmerge()
    assert torch.equal(ours.base.weight, before)


def test_merging_twice_is_merging_once() -> None:
    ours = layer()
    ours.merge()
    once = ours.base.weight.clone()
    ours.merge()
    assert torch.equal(ours.base.weight, once)
    ours.unmerge()
    ours.unmerge()
    assert not ours.merged


def test_the_base_never_gets_a_gradient() -> None:
    ours = layer()
    ours(torch.randn(3, 24)).sum().backward()
    assert ours.base.weight.grad is None
    assert ours.lora_A.grad is not None


def test_gradients_are_the_closed_form_and_as_zero_as_the_start_makes_them() -> None:
    """∂L/∂B = s·Σ g(Ax)ᵀ and ∂L/∂A = s·Σ Bᵀg·xᵀ, where g is the gradient at the output."""
    for ours in (LoRALinear(nn.Linear(24, 40), 4, 8).double(), layer(dtype=torch.float64)):
        x, g = torch.randn(5, 24).double(), torch.randn(5, 40).double()
        ours(x).backward(g)
        torch.testing.assert_close(ours.lora_B.grad, ours.scaling * g.T @ (x @ ours.lora_A.T))
        torch.testing.assert_close(ours.lora_A.grad, ours.scaling * (g @ ours.lora_B).T @ x)
        assert bool(ours.lora_A.grad.any()) == bool(ours.lora_B.any())


def test_at_4096_squared_and_rank_16_131072_numbers_train_078_per_cent() -> None:
    with torch.device("meta"):
        ours = LoRALinear(nn.Linear(4096, 4096, bias=False), 16, 32)
    trainable = sum(weight.numel() for weight in ours.parameters() if weight.requires_grad)
    assert trainable == 131_072
    assert trainable / ours.base.weight.numel() == pytest.approx(0.0078, abs=5e-5)


def test_each_adapter_reads_its_own_digits_and_forgets_the_others_on_a_base_that_is_untouched() -> None:
    events = events_of("lora_merge")
    rows = next(event["rows"] for event in events if event.get("title") == "Test accuracy")
    reads = torch.tensor([row[1:] for row in rows])  # upright, turned, shuffled by none, turned's, shuffled's
    assert reads.diagonal().min() > 0.8
    assert reads[~torch.eye(3, dtype=torch.bool)].max() < 0.5


def test_dropout_acts_in_training_only() -> None:
    ours, x = layer(dropout=0.5), torch.randn(4, 24)
    assert torch.equal(ours(x), ours(x))
    ours.train()
    assert not torch.equal(ours(x), ours(x))
