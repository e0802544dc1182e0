"""Merging over a 4-bit base against peft and bitsandbytes, and drift against sums done by hand."""

from __future__ import annotations

import copy
import warnings

import bitsandbytes
import pytest
import torch
from bitsandbytes.functional import dequantize_4bit
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig
from peft.tuners.lora.bnb import Linear4bit
from torch import Tensor, nn

from demos.lora_merge import LoRALinear
from demos.merge_traps import codes, drift, merge, qlora
from demos.nf4_quantize import dequantize_nf4, quantize_nf4
from demos.reader import trained_reader


def stored_in_nf4(linear: nn.Linear) -> nn.Module:
    """bitsandbytes' layer holding this one's weights."""
    made = bitsandbytes.nn.Linear4bit(linear.in_features, linear.out_features, compute_dtype=torch.float32)
    made.weight = bitsandbytes.nn.Params4bit(
        linear.weight.data.clone(), requires_grad=False, quant_type="nf4", compress_statistics=False, blocksize=64
    )
    made.bias = nn.Parameter(linear.bias.data.clone())
    return made.to("cpu")


def test_quantised_back_is_what_peft_makes_of_a_merge_into_a_4_bit_layer() -> None:
    torch.manual_seed(0)
    linear = nn.Linear(64, 96)
    theirs = Linear4bit(
        stored_in_nf4(linear), "default", config=LoraConfig(r=4, target_modules=["x"]), r=4, lora_alpha=8
    )
    ours = LoRALinear(copy.deepcopy(linear), 4, 8)
    ours.lora_A.data = theirs.lora_A["default"].weight.data.clone()
    ours.lora_B.data.normal_(std=0.05)
    theirs.lora_B["default"].weight.data = ours.lora_B.data.clone()
    seen = dequantize_nf4(quantize_nf4(linear.weight.data))
    (merged,) = merge([ours], [seen], torch.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft warns of just this
        theirs.merge()
    weight = theirs.get_base_layer().weight
    assert torch.equal(dequantize_nf4(quantize_nf4(merged)), dequantize_4bit(weight.data, weight.quant_state))


def test_a_merge_is_summed_in_float32_and_rounded_once() -> None:
    torch.manual_seed(0)
    layer = LoRALinear(nn.Linear(8, 6), 2, 3)
    nn.init.normal_(layer.lora_B)
    base = torch.randn(6, 8)
    exact = base.double() + 1.5 * layer.lora_B.double() @ layer.lora_A.double()
    (merged,) = merge([layer], [base], torch.bfloat16)
    assert torch.equal(merged, exact.float().bfloat16().float())


def test_every_linear_layer_of_the_blocks_is_adapted_and_its_weight_lies_on_the_levels() -> None:
    model = trained_reader()
    layers = qlora(model, r=2, block_size=64)
    assert len(layers) == 12
    assert (
        sum(isinstance(module, nn.Linear) for module in model.modules()) == 12 + 2
    )  # embed and head stay as they were
    for layer in layers:
        for block in layer.base.weight.flatten().split(64):
            assert len(block.unique()) <= 16


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), block_size=st.integers(16, 256))
def test_no_update_below_the_bound_changes_a_code_and_a_little_above_it_some_do(seed: int, block_size: int) -> None:
    torch.manual_seed(seed)
    base = dequantize_nf4(quantize_nf4(torch.randn(64, 64), block_size))
    code, absmax = codes(base, block_size)
    signs = torch.randint(2, base.shape) * 2 - 1
    assert torch.equal(codes(base + 0.0349 * absmax * signs, block_size)[0], code)
    assert not torch.equal(codes(base + 0.045 * absmax * signs, block_size)[0], code)


def test_codes_are_bitsandbytes_codes() -> None:
    torch.manual_seed(0)
    weight = torch.randn(8, 64)
    packed = bitsandbytes.functional.quantize_4bit(weight, blocksize=64, quant_type="nf4")[0].flatten().tolist()
    assert codes(weight, 64)[0].tolist() == [half for byte in packed for half in (byte >> 4, byte & 15)]


@pytest.mark.parametrize(
    ("kind", "start", "delta", "end"),
    [
        (torch.bfloat16, 0.0625, 100.0, 0.0),  # 100.0625 is 100 in eight bits
        (torch.bfloat16, 0.75, 100.0, 1.0),  # 100.75 lies between 100.5 and 101, and goes to the even 101
        (torch.float16, 0.0625, 100.0, 0.0625),  # eleven bits hold 100.0625
        (torch.float32, 0.0625, 100.0, 0.0625),
    ],
)
def test_drift_is_what_rounding_by_hand_leaves(kind: torch.dtype, start: float, delta: float, end: float) -> None:
    moved, lost = drift(torch.tensor([[start]]), [torch.tensor([[delta]])], kind)
    assert moved == pytest.approx([abs(end - start) / start])
    assert lost == 0


def test_drift_looks_at_the_start_and_not_at_the_swap_before() -> None:
    def away(weight: Tensor, deltas: list[Tensor]) -> float:
        return drift(weight, deltas, torch.bfloat16)[0][-1]

    weight, big = torch.tensor([[0.0625]]), torch.tensor([[100.0]])
    assert away(weight, [big]) == away(weight, [big, torch.tensor([[0.0]])]) == 1.0
