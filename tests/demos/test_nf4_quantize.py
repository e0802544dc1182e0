"""NF4 against bitsandbytes itself, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from bitsandbytes import functional as bnb
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from demos.nf4_quantize import (
    FP4_CODE,
    NF4_CODE,
    dequantize_nf4,
    double_dequantize,
    double_quantize,
    dynamic_code,
    quantize_nf4,
)


@pytest.fixture(autouse=True, scope="module")
def _uncompiled() -> Iterator[None]:
    """bitsandbytes compiles what it does with odd shapes, which takes seconds; eagerly it gives the same."""
    with torch.compiler.set_stance("force_eager"):
        yield


DTYPES = [torch.float32, torch.float16, torch.bfloat16]
SHAPES = [(64,), (1,), (63,), (65,), (128, 64), (7, 13), (3, 5, 17), (1000,)]


def same(weight: torch.Tensor, block_size: int) -> None:
    """Assert that codes, absmax and dequantised values are bitsandbytes' own."""
    ours = quantize_nf4(weight, block_size)
    # Flat, because bitsandbytes' CPU kernel takes the wrong scale when a block goes on in the next row.
    packed, state = bnb.quantize_4bit(weight.flatten(), blocksize=block_size, quant_type="nf4")
    assert torch.equal(ours.packed, packed.flatten())
    assert torch.equal(ours.absmax, state.absmax)
    theirs = bnb.dequantize_4bit(packed, state).view(weight.shape)
    assert torch.equal(dequantize_nf4(ours).to(weight.dtype), theirs)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("block_size", [64, 128])
def test_ragged_tensors_match_bitsandbytes(dtype: torch.dtype, shape: tuple[int, ...], block_size: int) -> None:
    torch.manual_seed(1)
    same(torch.randn(shape).to(dtype), block_size)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 64, 100, 256])
def test_all_zero_tensors_match_bitsandbytes(dtype: torch.dtype, size: int) -> None:
    same(torch.zeros(size, dtype=dtype), 64)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("outlier", [20.0, -300.0, 60000.0])
def test_outliers_match_bitsandbytes(dtype: torch.dtype, outlier: float) -> None:
    torch.manual_seed(2)
    weight = torch.randn(1000)
    weight[[0, 70, 999]] = outlier
    same(weight.to(dtype), 64)


def test_the_code_is_that_of_the_nearest_level_by_brute_force() -> None:
    torch.manual_seed(4)
    weight = torch.randn(32, 64)
    q = quantize_nf4(weight)
    far = (weight[:, :, None].double() / weight.abs().amax(dim=1)[:, None, None] - NF4_CODE.double()).abs()
    codes = torch.stack([q.packed // 16, q.packed % 16], dim=1).view(32, 64)
    assert torch.equal(codes.long(), far.argmin(dim=-1))
    assert torch.equal(dequantize_nf4(q), NF4_CODE[codes.long()] * q.absmax[:, None])


def test_neither_direction_changes_what_it_is_given() -> None:
    weight = torch.randn(3, 64)
    before = weight.clone()
    q = quantize_nf4(weight)
    packed, absmax, first = q.packed.clone(), q.absmax.clone(), dequantize_nf4(q)
    assert torch.equal(dequantize_nf4(q), first)  # the table of levels is as it was
    for now, then in ((weight, before), (q.packed, packed), (q.absmax, absmax)):
        assert torch.equal(now, then)


def test_a_block_of_zeros_among_others_matches_bitsandbytes() -> None:
    weight = torch.randn(256)
    weight[64:128] = 0
    same(weight, 64)


@limits(deadline=None, max_examples=80)
@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=200), st.sampled_from([64, 128, 256]))
def test_any_weights_match_bitsandbytes(values: list[float], block_size: int) -> None:
    same(torch.tensor(values), block_size)


@pytest.mark.parametrize("blocks", [1, 255, 256, 257, 4096])
def test_double_quantization_matches_bitsandbytes(blocks: int) -> None:
    torch.manual_seed(3)
    weight = torch.randn(blocks * 64)
    absmax = quantize_nf4(weight).absmax
    codes, second, mean = double_quantize(absmax)
    _, state = bnb.quantize_4bit(weight, quant_type="nf4", compress_statistics=True)
    assert torch.equal(mean, state.offset)
    assert torch.equal(codes, state.absmax)
    assert torch.equal(second, state.state2.absmax)
    theirs = bnb.dequantize_blockwise(state.absmax, state.state2) + state.offset
    assert torch.equal(double_dequantize(codes, second, mean), theirs)


def test_the_code_tables_are_bitsandbytes_own() -> None:
    assert torch.equal(NF4_CODE, bnb.get_4bit_type("nf4", device="cpu"))
    assert torch.equal(FP4_CODE.unique(), bnb.get_4bit_type("fp4", device="cpu").unique())
    assert torch.equal(dynamic_code(), bnb.create_dynamic_map())


def test_the_first_element_is_in_the_high_nibble() -> None:
    assert quantize_nf4(torch.tensor([1.0, -1.0])).packed.tolist() == [0xF0]
