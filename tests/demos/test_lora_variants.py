"""rsLoRA, DoRA, PiSSA and LoRA+ against peft's own, on the same weights."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from peft.optimizers import create_loraplus_optimizer
from peft.tuners.lora.layer import Linear as PeftLinear
from torch import Tensor, nn

from demos.lora_merge import LoRALinear
from demos.lora_variants import WIDTH, DoRA, PiSSA, RsLoRA, adam, gain

R, ALPHA = 6, 9


def linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(24, 40)


def pefts(base: nn.Linear, **options: Any) -> PeftLinear:
    config = LoraConfig(r=R, lora_alpha=ALPHA, target_modules=["x"], **options)
    return PeftLinear(copy.deepcopy(base), "default", config=config, r=R, lora_alpha=ALPHA)


def trained_alike(ours: LoRALinear, theirs: PeftLinear) -> None:
    """The same A and B in both, and no zeros among them."""
    nn.init.normal_(ours.lora_A, std=0.3)
    nn.init.normal_(ours.lora_B, std=0.3)
    theirs.lora_A["default"].weight.data = ours.lora_A.data.clone()
    theirs.lora_B["default"].weight.data = ours.lora_B.data.clone()


def close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize(("kind", "options"), [(RsLoRA, {"use_rslora": True}), (DoRA, {"use_dora": True})])
def test_outputs_gradients_and_merged_weights_are_pefts(kind: type[LoRALinear], options: dict[str, bool]) -> None:
    base, x = linear(), torch.randn(7, 24)
    ours, theirs = kind(copy.deepcopy(base), R, ALPHA), pefts(base, **options)
    trained_alike(ours, theirs)
    if isinstance(ours, DoRA):
        close(ours.magnitude, theirs.lora_magnitude_vector["default"].weight)
        ours.magnitude.data *= torch.linspace(0.5, 1.5, 40)
        theirs.lora_magnitude_vector["default"].weight.data = ours.magnitude.data.clone()
    close(ours(x), theirs(x))
    ours(x).square().sum().backward()
    theirs(x).square().sum().backward()
    close(ours.lora_A.grad, theirs.lora_A["default"].weight.grad)
    close(ours.lora_B.grad, theirs.lora_B["default"].weight.grad)
    if isinstance(ours, DoRA):
        close(ours.magnitude.grad, theirs.lora_magnitude_vector["default"].weight.grad)
    unmerged = ours(x)
    ours.merge()
    theirs.merge()
    close(ours.base.weight, theirs.get_base_layer().weight)
    close(ours(x), unmerged)


def test_pissas_residual_and_adapter_are_pefts() -> None:
    base = linear()
    ours, theirs = PiSSA(copy.deepcopy(base), R, ALPHA), pefts(base, init_lora_weights="pissa")
    close(ours.base.weight, theirs.get_base_layer().weight)
    close(ours.delta(), theirs.get_delta_weight("default"))
    close(ours.base.weight + ours.delta(), base.weight)


def test_every_variant_trains_as_many_numbers_as_in_peft() -> None:
    def trained(layer: nn.Module) -> int:
        return sum(weight.numel() for weight in layer.parameters() if weight.requires_grad)

    base = linear().requires_grad_(False)
    assert trained(DoRA(base, R, ALPHA)) == trained(pefts(base, use_dora=True)) == R * (24 + 40) + 40
    assert trained(RsLoRA(base, R, ALPHA)) == trained(pefts(base, use_rslora=True)) == R * (24 + 40)
    assert trained(PiSSA(copy.deepcopy(base), R, ALPHA)) == trained(pefts(base, init_lora_weights="pissa"))


def test_the_learning_rates_of_lora_plus_are_pefts() -> None:
    layer = LoRALinear(linear(), R, ALPHA)
    ours = {id(w): group["lr"] for group in adam(layer, 1e-3, 16.0).param_groups for w in group["params"]}
    config = LoraConfig(r=R, lora_alpha=ALPHA, target_modules=["0"])
    model = get_peft_model(nn.Sequential(linear()), config)
    optimizer = create_loraplus_optimizer(model, torch.optim.Adam, lr=1e-3, loraplus_lr_ratio=16.0)
    theirs = {id(w): group["lr"] for group in optimizer.param_groups for w in group["params"]}
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            assert theirs[id(weight)] == ours[id(layer.lora_B if "lora_B" in name else layer.lora_A)]


@pytest.mark.parametrize("kind", [LoRALinear, RsLoRA])
@pytest.mark.parametrize("r", [4, 64])
def test_what_a_step_gains_is_what_the_variance_of_a_says(kind: type[LoRALinear], r: int) -> None:
    """A is uniform up to 1/√in, so E‖s·G·Aᵀ‖² = s²·r·‖G‖²/(3·in)."""
    torch.manual_seed(1)
    gradient = torch.randn(WIDTH, WIDTH)
    scale = ALPHA / r if kind is LoRALinear else ALPHA / r**0.5
    expected = scale**2 * r * gradient.square().sum().item() / (3 * WIDTH)
    assert gain(kind, r, ALPHA, gradient) == pytest.approx(expected, rel=0.1)


def test_unmerging_a_variant_brings_its_base_back_bit_for_bit() -> None:
    for kind in (RsLoRA, DoRA, PiSSA):
        layer = kind(linear(), R, ALPHA)
        nn.init.normal_(layer.lora_B)
        before = layer.base.weight.clone()
        layer.merge()
        assert not torch.equal(layer.base.weight, before)
        layer.unmerge()
        assert torch.equal(layer.base.weight, before)
