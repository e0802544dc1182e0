"""LoRA in the transformer against peft's on the same base, and its gradients against those of the whole weights."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor, nn

from demos.digits import Digits, digits
from demos.lora_attention import TARGETS, add_lora
from demos.lora_merge import LoRALinear
from demos.reader import Reader, trained_reader

R, ALPHA = 4, 6


def ours(targets: str) -> tuple[Reader, dict[str, LoRALinear]]:
    """The reader with detours that have left their start."""
    torch.manual_seed(0)
    model = trained_reader()
    layers = add_lora(model, targets, R, ALPHA, lora_dropout=0.1)
    for layer in layers.values():
        nn.init.normal_(layer.lora_B, std=0.1)
    return model.eval(), layers


def pefts(layers: dict[str, LoRALinear], modules: list[str]) -> PeftModel:
    """peft's wrapping of the same base, with the same A's and B's."""
    config = LoraConfig(r=R, lora_alpha=ALPHA, lora_dropout=0.1, target_modules=modules)
    model = get_peft_model(trained_reader(), config).eval()  # type: ignore[arg-type]
    weights = dict(model.named_parameters())
    for name, layer in layers.items():
        weights[f"base_model.model.{name}.lora_A.default.weight"].data = layer.lora_A.data.clone()
        weights[f"base_model.model.{name}.lora_B.default.weight"].data = layer.lora_B.data.clone()
    return model


def images() -> Tensor:
    return digits()[1].rotated().images


@pytest.mark.parametrize(
    ("targets", "modules"),
    [
        ("q,v", ["q_proj", "v_proj"]),
        ("q,k,v,o", ["q_proj", "k_proj", "v_proj", "o_proj"]),
        ("all", ["q_proj", "k_proj", "v_proj", "o_proj", "feed_forward.0", "feed_forward.2"]),
    ],
)
def test_answers_merged_answers_and_what_trains_are_pefts(targets: str, modules: list[str]) -> None:
    model, layers = ours(targets)
    theirs = pefts(layers, modules)
    trainable = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    assert trainable == theirs.get_nb_trainable_parameters()[0]
    with torch.no_grad():
        answers = model(images())
        torch.testing.assert_close(answers, theirs(images()), rtol=0, atol=1e-6 * answers.abs().max().item())
        for layer in layers.values():
            layer.merge()
        merged = theirs.merge_and_unload()
        torch.testing.assert_close(model(images()), merged(images()), rtol=0, atol=1e-6 * answers.abs().max().item())


def test_the_gradients_of_a_and_b_are_those_of_the_whole_weight_seen_through_the_other() -> None:
    """∂L/∂B = s·G·Aᵀ and ∂L/∂A = s·Bᵀ·G, where G is the gradient that full fine-tuning would give W₀ + s·B·A."""
    model, layers = ours("all")
    whole = trained_reader().double().requires_grad_(True)
    with torch.no_grad():
        for name, layer in layers.items():
            whole.get_submodule(name).weight += layer.scaling * layer.lora_B.double() @ layer.lora_A.double()
    task = Digits(*(part[:50] for part in digits()[0]))
    F.cross_entropy(model.double()(task.images.double()), task.labels).backward()
    F.cross_entropy(whole(task.images.double()), task.labels).backward()
    for name, layer in layers.items():
        full = whole.get_submodule(name).weight.grad
        torch.testing.assert_close(layer.lora_B.grad, layer.scaling * full @ layer.lora_A.T)
        torch.testing.assert_close(layer.lora_A.grad, layer.scaling * layer.lora_B.T @ full)


@pytest.mark.parametrize("targets", TARGETS)
def test_only_the_targets_are_wrapped_and_only_their_weights_change_by_merging(targets: str) -> None:
    model, layers = ours(targets)
    assert len(layers) == 2 * len(TARGETS[targets])
    for layer in layers.values():
        layer.merge()
    changed = {
        name
        for name, weight in trained_reader().named_parameters()
        if not torch.equal(weight, model.get_parameter(_wrapped(name, layers)))
    }
    assert changed == {f"{name}.weight" for name in layers}


def _wrapped(name: str, layers: dict[str, LoRALinear]) -> str:
    """Where the base's parameter is once its layer may have a detour around it."""
    layer, _, kind = name.rpartition(".")
    return f"{layer}.base.{kind}" if layer in layers else name
