"""NF4: sixteen levels where a bell curve's weights are, one scale for each block of 64.

Weights are split into blocks, each divided by its largest magnitude (absmax), and every weight becomes the number of
the nearest of sixteen levels. NF4 (Dettmers et al., 2023) takes its levels from the quantiles of a normal
distribution; INT4 spaces them evenly and FP4 doubles them. What follows measures who loses least, on normal weights
and on weights with outliers, and what the scales themselves cost.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from demos.kit import Demo, Integer, Lab, Real, main

DEMO = Demo(
    title="NF4: four bits for bell-shaped weights",
    summary="NF4 against INT4 and FP4 on normal and outlier weights, by block size; double quantization.",
    questions=["Q4"],
    parameters=[
        Integer("block_size", 64, 16, 1024, "weights that share one absmax"),
        Integer("size", 262144, 16384, 1048576, "how many weights"),
        Real("outlier", 20.0, 1.0, 100.0, "size of the planted outliers, in standard deviations"),
    ],
    checks={
        "code_table": "The sixteen levels are normal quantiles, with an exact zero and ends at −1 and 1",
        "packing": "Two codes share a byte, the first in the high half, and unpack to what was packed",
        "beats_int4_fp4": "On N(0, 1) NF4's mean squared error is below INT4's and FP4's",
        "block_error_bound": "No weight is off by more than its block's absmax times half the widest gap of levels",
        "outlier_blocks": "An outlier spoils only its own block: every other block dequantises as before",
        "bits_per_parameter": "In blocks of 64 a weight costs 4.5 bits, and 4.127 with double quantization",
    },
)

# The levels of bitsandbytes (functional.py, get_4bit_type): 8 quantiles from 0 up, 7 below it, and zero itself.
NF4_CODE = torch.tensor(
    [
        *[-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453],
        *[-0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0],
        *[0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224],
        *[0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0],
    ]
)
INT4_CODE = torch.arange(-7, 8) / 7
FP4_CODE = torch.tensor([0.0625, 2, 3, 4, 6, 8, 12]).div(12)
FP4_CODE = torch.cat([-FP4_CODE.flip(0), torch.zeros(1), FP4_CODE])
OFFSET = 0.9677083  # the outermost quantile; bitsandbytes, create_normal_map


@dataclass(frozen=True)
class NF4Weight:
    """`packed` holds two codes a byte (uint8), `absmax` one float32 for each block."""

    packed: Tensor
    absmax: Tensor
    shape: torch.Size
    block_size: int


def quantize_nf4(weight: Tensor, block_size: int = 64) -> NF4Weight:
    """Flatten, cut into blocks (the last may be short), scale each by its absmax, take the nearest level, pack."""
    codes, absmax = nearest(weight, NF4_CODE, block_size)
    if codes.numel() % 2:
        codes = torch.cat([codes, codes.new_full((1,), 7)])  # level 7 is zero
    packed = codes[0::2] << 4 | codes[1::2]
    return NF4Weight(packed, absmax, weight.shape, block_size)


def dequantize_nf4(q: NF4Weight) -> Tensor:
    """Look each code up and scale it by its block's absmax; float32, in the weight's own shape."""
    codes = torch.stack([q.packed >> 4, q.packed & 0xF], dim=-1).flatten()[: q.shape.numel()]
    return restore(codes, q.absmax, NF4_CODE, q.block_size).view(q.shape)


def nearest(weight: Tensor, code: Tensor, block_size: int) -> tuple[Tensor, Tensor]:
    """The number of the level nearest to each weight, and each block's absmax."""
    blocks = cut(weight.float(), block_size)
    absmax = blocks.abs().amax(dim=1)
    # As bitsandbytes: full blocks are multiplied by the reciprocal, a short last one is divided.
    scaled = blocks * (1 / absmax.clamp(min=1e-38))[:, None]
    if weight.numel() % block_size:
        absmax[-1] = absmax[-1].clamp(min=1e-38)
        scaled[-1] = blocks[-1] / absmax[-1]
    return to_level(scaled.clamp(-1, 1), code).flatten()[: weight.numel()], absmax


def cut(values: Tensor, block_size: int) -> Tensor:
    """A row for each block; the last is filled up with zeros."""
    flat = values.flatten()
    return torch.cat([flat, flat.new_zeros(-flat.numel() % block_size)]).view(-1, block_size)


def to_level(scaled: Tensor, code: Tensor) -> Tensor:
    code = code.to(scaled.device)
    return torch.bucketize(scaled, (code[:-1] + code[1:]) / 2).to(torch.uint8)


def restore(codes: Tensor, absmax: Tensor, code: Tensor, block_size: int) -> Tensor:
    scale = absmax.repeat_interleave(block_size)[: codes.numel()]
    return code.to(codes.device)[codes.long()] * scale


def double_quantize(absmax: Tensor, block_size: int = 256) -> tuple[Tensor, Tensor, Tensor]:
    """The scales in 8 bits: subtract their mean (all are positive), then one float32 for each 256 of them.

    Returns (codes, absmax of the scales, mean).
    """
    mean = absmax.mean()
    blocks = cut(absmax - mean, block_size)
    second = blocks.abs().amax(dim=1)
    scaled = blocks * (1 / second.clamp(min=1e-38))[:, None]
    # As bitsandbytes on a CPU: a table of 65,536 steps stands for the search, and a block of zeros gets code 0.
    codes = to_level(((scaled + 1) / 2 * 65535).round() / 65535 * 2 - 1, dynamic_code())
    codes[second == 0] = 0
    return codes.flatten()[: absmax.numel()], second, mean


def double_dequantize(codes: Tensor, second: Tensor, mean: Tensor, block_size: int = 256) -> Tensor:
    return restore(codes, second, dynamic_code(), block_size) + mean


def dynamic_code() -> Tensor:
    """256 levels, finer near zero: seven decades, each cut twice as fine as the one below (Dettmers 2015, §2)."""
    levels = [torch.tensor([0.0, 1.0])]
    for i in range(7):
        edges = torch.linspace(0.1, 1, 2**i + 1)
        middle = 10 ** (i - 6) * (edges[:-1] + edges[1:]) / 2
        levels += [middle, -middle]
    return torch.cat(levels).sort().values


def mean_squared_error(weight: Tensor, code: Tensor, block_size: int) -> float:
    codes, absmax = nearest(weight, code, block_size)
    return (restore(codes, absmax, code, block_size) - weight.flatten()).square().mean().item()


def run(lab: Lab, *, block_size: int, size: int, outlier: float) -> None:
    lab.text(f"{size:,} weights from N(0, 1), in blocks of {block_size}; then some with outliers.")
    weight = torch.randn(size).to(lab.device)
    tables = {"NF4": NF4_CODE, "INT4": INT4_CODE, "FP4": FP4_CODE}

    # 1. The levels: equal steps of probability on each half of the bell, then stretched to ±1.
    normal = torch.distributions.Normal(0.0, 1.0)
    above = normal.icdf(torch.linspace(OFFSET, 0.5, 9)[:-1])
    below = -normal.icdf(torch.linspace(OFFSET, 0.5, 8)[:-1])
    rebuilt = torch.cat([above, below, torch.zeros(1)]).sort().values / above.max()
    off = (rebuilt - NF4_CODE).abs().max().item()
    lab.check("code_table", off < 1e-5 and NF4_CODE[7] == 0, off, "below 1e-5 from the quantiles")
    levels = [
        {"name": name, "x": code, "y": [row] * len(code), "style": "scatter"}
        for row, (name, code) in enumerate(tables.items())
    ]
    lab.plot("Where the levels are", "level", "", levels)

    # 2. Quantise, unpack, dequantise.
    q = quantize_nf4(weight, block_size)
    codes, absmax = nearest(weight, NF4_CODE, block_size)
    unpacked = torch.stack([q.packed >> 4, q.packed & 0xF], dim=-1).flatten()[:size]
    lab.check(
        "packing",
        torch.equal(unpacked, codes) and q.packed.numel() == (size + 1) // 2,
        q.packed.numel(),
        f"{(size + 1) // 2} bytes, every code in its place",
    )
    error = (dequantize_nf4(q) - weight).abs()
    bound = absmax.repeat_interleave(block_size)[:size] * (NF4_CODE.diff().max() / 2).item()
    worst = (error / bound).max().item()
    lab.check("block_error_bound", worst <= 1 + 1e-5, worst, "at most 1 of the bound")

    # 3. Who loses least, and how that depends on the block.
    sizes = [16, 32, 64, 128, 256, 512, 1024]
    curves: dict[str, list[float]] = {name: [] for name in tables}
    for done, block in enumerate(sizes, 1):
        for name, code in tables.items():
            curves[name].append(mean_squared_error(weight, code, block))
        lab.progress(done, len(sizes), f"blocks of {block}")
    lab.plot(
        "Mean squared error on N(0, 1)",
        "log2 of the block size",
        "error",
        [{"name": name, "x": [n.bit_length() - 1 for n in sizes], "y": curve} for name, curve in curves.items()],
    )
    spiked = weight.clone()
    spiked[:: 64 * 97] = outlier  # one weight in 6,208
    errors = {name: mean_squared_error(weight, code, block_size) for name, code in tables.items()}
    lab.table(
        "Mean squared error",
        ["levels", "N(0, 1)", "with outliers"],
        [[name, errors[name], mean_squared_error(spiked, code, block_size)] for name, code in tables.items()],
    )
    lab.check(
        "beats_int4_fp4",
        errors["NF4"] < min(errors["INT4"], errors["FP4"]),
        errors["NF4"],
        f"below {errors['INT4']:.4g} (INT4) and {errors['FP4']:.4g} (FP4)",
    )
    changed = (dequantize_nf4(quantize_nf4(spiked, block_size)) != dequantize_nf4(q)).nonzero().flatten() // block_size
    hit = (spiked != weight).nonzero().flatten() // block_size
    outside = len(set(changed.tolist()) - set(hit.tolist()))
    lab.check("outlier_blocks", outside == 0, outside, f"0 blocks touched beside the {len(set(hit.tolist()))} hit")

    # 4. What a weight costs, scales included, counted on real tensors in blocks of 64.
    q = quantize_nf4(weight, 64)
    scales, second, mean = double_quantize(q.absmax)
    plain = 8 * (q.packed.nbytes + q.absmax.nbytes) / size
    double = 8 * (q.packed.nbytes + scales.nbytes + second.nbytes + mean.nbytes) / size
    fits = abs(plain - 4.5) < 0.001 and abs(double - 4.127) < 0.003
    lab.check("bits_per_parameter", fits, f"{plain:.3f} and {double:.3f}", "4.500 and 4.127")
    drift = ((double_dequantize(scales, second, mean) - q.absmax).abs().max() / q.absmax.max()).item()
    lab.figure("double_quantization_largest_error_of_a_scale", drift)
    lab.figure("mean_squared_error", errors)


if __name__ == "__main__":
    raise SystemExit(main("nf4_quantize"))
