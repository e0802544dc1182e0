"""QLoRA's layer against bitsandbytes' and peft's own, on the CPU."""

from __future__ import annotations

import copy

import bitsandbytes
import pytest
import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model
from runs import events_of
from torch import Tensor, nn

from demos.qlora_step import NF4Linear, QLoRALinear, adapt

SHAPES = [(64, 128), (128, 64), (256, 10)]  # bitsandbytes' CPU kernel reads wrong scales where a block spans two rows


def bnb_linear(base: nn.Linear) -> nn.Module:
    """bitsandbytes' layer: NF4, scales quantised twice."""
    layer = bitsandbytes.nn.Linear4bit(base.in_features, base.out_features, quant_type="nf4", compress_statistics=True)
    layer.load_state_dict(base.state_dict())
    return layer.to("cpu")  # which is when it quantises


@pytest.mark.parametrize("shape", SHAPES)
def test_output_and_input_gradient_are_bitsandbytes_own_to_the_bit(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    base = nn.Linear(*shape)
    ours, theirs = NF4Linear(base), bnb_linear(base)
    assert torch.equal(ours.packed, theirs.weight.data.flatten())
    assert torch.equal(ours.scales, theirs.weight.quant_state.absmax)
    x = torch.randn(7, shape[0], requires_grad=True)
    of_y = torch.randn(7, shape[1])
    y, expected = ours(x), theirs(x)
    assert torch.equal(y, expected)
    assert torch.equal(*(torch.autograd.grad(out, x, of_y)[0] for out in (y, expected)))


def test_training_goes_the_way_of_peft_over_bitsandbytes() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    ours = adapt(network, QLoRALinear, 4, 8, seed=1)
    in_nf4 = nn.Sequential(*(bnb_linear(part) if isinstance(part, nn.Linear) else part for part in network))
    theirs = get_peft_model(in_nf4, LoraConfig(r=4, lora_alpha=8, target_modules=["0", "2"]))
    pairs = []
    for part in (0, 2):
        layer = theirs.base_model.model[part]
        pairs += [(ours[part].lora_A, layer.lora_A.default.weight), (ours[part].lora_B, layer.lora_B.default.weight)]
    with torch.no_grad():
        for mine, other in pairs:
            other.copy_(mine)
    start = [mine.detach().clone() for mine, _ in pairs]
    x, y = torch.randn(5, 32, 64), torch.randint(10, (5, 32))
    for model in (ours, theirs):
        optimizer = torch.optim.SGD([weight for weight in model.parameters() if weight.requires_grad], lr=0.1)
        for images, labels in zip(x, y, strict=True):
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()
    for (mine, other), before in zip(pairs, start, strict=True):
        assert not torch.equal(mine, before)
        torch.testing.assert_close(mine, other)


def test_gradient_checking_the_layer_numerically_finds_nothing_wrong() -> None:
    torch.manual_seed(0)
    layer = QLoRALinear(nn.Linear(8, 6), 2, 4)
    nn.init.normal_(layer.lora_B)
    x, of_y = torch.randn(3, 8), torch.randn(3, 6)

    def value(inputs: Tensor) -> Tensor:
        return (layer(inputs) * of_y).sum()

    (slope,) = torch.autograd.grad(value(x.requires_grad_()), x)
    step = torch.zeros_like(x)
    for place in [(0, 0), (1, 5), (2, 7)]:
        step.zero_()[place] = 0.5  # the layer is linear, so any step will do
        rise = value(x.detach() + step) - value(x.detach() - step)
        assert slope[place].item() == pytest.approx(rise.item(), rel=1e-4, abs=1e-5)


def test_nothing_of_the_base_can_train_and_the_original_weight_is_gone() -> None:
    base = nn.Linear(64, 64)
    layer = QLoRALinear(base, 2, 4)
    assert {name for name, weight in layer.named_parameters() if weight.requires_grad} == {"lora_A", "lora_B"}
    assert not any(tensor.shape == base.weight.shape for tensor in layer.state_dict().values())


def test_adapters_start_alike_over_every_base_and_leave_the_network_alone() -> None:
    network = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    before = copy.deepcopy(network.state_dict())
    one, other = (adapt(network, QLoRALinear, 4, 8, seed=3) for _ in "ab")
    assert torch.equal(one[0].lora_A, other[0].lora_A)
    assert not torch.equal(one[0].lora_A, one[2].lora_A)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_the_table_of_bytes_is_what_paper_and_pencil_give() -> None:
    """Width 128, rank 4: a float32 takes 4 bytes, and Adam keeps two for each number that trains."""
    events = events_of("qlora_step", {"width": 128, "r": 4, "steps": 50})
    (table,) = (event for event in events if event["event"] == "table" and event["title"].startswith("What training"))
    weights = 64 * 128 + 128 * 128 + 128 * 10
    biases = 128 + 128 + 10
    adapters = 4 * ((64 + 128) + (128 + 128) + (128 + 10))
    scales = (weights // 64) + 4 * (1 + 1 + 1) + 4 * 3  # a byte each; 128, 256 and 20 of them fill one block; the means
    full = 4 * (weights + biases)
    assert [row[1:] for row in table["rows"]] == [
        [full, full, 2 * full, 4 * full],
        [2 * (weights + biases) + 4 * adapters, 4 * adapters, 8 * adapters, 2 * (weights + biases) + 16 * adapters],
        [
            weights // 2 + scales + 4 * biases + 4 * adapters,
            4 * adapters,
            8 * adapters,
            weights // 2 + scales + 4 * biases + 16 * adapters,
        ],
    ]
