"""NF4: sixteen levels where a bell curve's weights are, one scale for each block of 64.

Weights are split into blocks, each divided by its largest magnitude (absmax), and every weight becomes the number of
the nearest of sixteen levels. NF4 (Dettmers et al., 2023) takes its levels from the quantiles of a normal
distribution; INT4 spaces them evenly and FP4 doubles them. What follows measures who loses least, on normal weights
and on weights with outliers, and what the scales themselves cost.
"""

from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from demos.kit import Demo, Integer, Lab, Mistake, Prediction, Real, main

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
        "block_error_bound": "No weight is off by more than its block's absmax times half the widest gap of levels",
        "beats_int4_fp4": "On N(0, 1) NF4's mean squared error is below INT4's and FP4's",
        "outlier_blocks": "An outlier spoils only its own block: every other block dequantises as before",
        "bits_per_parameter": "In blocks of 64 a weight costs 4.5 bits, and 4.127 with double quantization",
    },
    predictions=[
        Prediction(
            "bits_per_weight",
            "How many bits does a weight cost in blocks of this size, its share of the block's scale included?",
            "Four for the code, and 32 for each block's absmax in float32: 4 + 32/block. In blocks of 64 that is half "
            "a bit, which adds up to 4 GB at 65 billion weights; double quantization is there to win most of it back.",
            unit="bits",
        ),
        Prediction(
            "error_percent_of_int4",
            "On normal weights, how large is NF4's mean squared error, in per cent of INT4's?",
            "The same four bits, better placed. The larger the block, the larger its absmax, the emptier INT4's outer "
            "levels, and the more NF4 gains; in blocks of 16 hardly anything.",
            unit="%",
        ),
        Prediction(
            "best_with_outliers",
            "Among weights with outliers of this size, whose levels lose least?",
            "An outlier is its block's absmax and presses all others towards zero. Up to some twenty standard "
            "deviations NF4 stays ahead; with much larger ones and large blocks FP4, finest near zero, overtakes it.",
            choices=["NF4", "INT4", "FP4"],
        ),
    ],
    mistakes=[
        Mistake(
            "plain_quantiles",
            "sixteen equal steps of probability, (i + ½)/16",
            right="rebuilt = torch.cat([above, below, torch.zeros(1)]).sort().values",
            wrong="rebuilt = normal.icdf((torch.arange(16) + 0.5) / 16)",
            fails="code_table",
            why="That code is symmetric and has no zero, so zeros come back as something else. NF4 builds its halves "
            "apart: eight levels above, seven below, and zero itself.",
        ),
        Mistake(
            "low_half_first",
            "the first code in the low half of the byte",
            right="codes[0::2] << 4 | codes[1::2]",
            wrong="codes[1::2] << 4 | codes[0::2]",
            fails="packing",
            why="Both orders hold the same information, and each reads the other's weights with neighbours swapped. "
            "bitsandbytes puts the first in the high half.",
        ),
        Mistake(
            "max_for_absmax",
            "the block's largest weight instead of its largest magnitude",
            right="absmax = blocks.abs().amax(dim=1)",
            wrong="absmax = blocks.amax(dim=1)",
            fails="block_error_bound",
            why="Where the largest magnitude is negative, it lands beyond −1 and is cut off at the lowest level.",
        ),
        Mistake(
            "uniform_weights",
            "the weights are uniform, not normal",
            right="weight = torch.randn(size)",
            wrong="weight = (2 * torch.rand(size) - 1)",
            fails="beats_int4_fp4",
            why="NF4 is best for what it was made for. On a flat distribution even steps win, so NF4's advantage is a "
            "claim about weights, not about codes.",
        ),
        Mistake(
            "one_scale",
            "one absmax for all blocks",
            right="absmax = blocks.abs().amax(dim=1)",
            wrong="absmax = blocks.abs().amax().repeat(len(blocks))",
            fails="outlier_blocks",
            why="A single outlier then sets the scale of every weight. Blocks are there to lock it in.",
        ),
        Mistake(
            "scales_forgotten",
            "four bits a weight, without the scales",
            right="8 * (q.packed.nbytes + q.absmax.nbytes) / size",
            wrong="8 * q.packed.nbytes / size",
            fails="bits_per_parameter",
            why="Codes without scales cannot be dequantised. This is how 70 billion weights become 35 GB; they are "
            "39 GB, or 36 with double quantization.",
        ),
    ],
)

# The levels of bitsandbytes (functional.py, get_4bit_type): 8 quantiles above zero, 7 below it, and zero itself.
NF4_CODE = torch.tensor(
    [
        *[-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453],
        *[-0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0],
        *[0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224],
        *[0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0],
    ]
)
OFFSET = 0.9677083  # the outermost quantile; bitsandbytes, create_normal_map
INT4_CODE = torch.arange(-7, 8) / 7
FP4_CODE = torch.tensor([-12, -8, -6, -4, -3, -2, -0.0625, 0, 0.0625, 2, 3, 4, 6, 8, 12]) / 12
CODES = {"NF4": NF4_CODE, "INT4": INT4_CODE, "FP4": FP4_CODE}
# The two levels that a byte stands for, two float32 held as one number of 64 bits so that one look-up fetches both.
PAIRS = torch.cartesian_prod(NF4_CODE, NF4_CODE).view(torch.int64).flatten()


@dataclass(frozen=True)
class NF4Weight:
    """`packed` holds two codes a byte (uint8), `absmax` one float32 for each block."""

    packed: Tensor
    absmax: Tensor
    shape: torch.Size
    block_size: int


def quantize_nf4(weight: Tensor, block_size: int = 64) -> NF4Weight:
    """Cut into blocks, scale each by its absmax, take the nearest levels, put two codes in a byte."""
    codes, absmax = nearest(weight, NF4_CODE, block_size)
    codes = F.pad(codes, (0, codes.numel() % 2), value=7)  # level 7 is zero
    return NF4Weight(codes[0::2] << 4 | codes[1::2], absmax, weight.shape, block_size)


def dequantize_nf4(q: NF4Weight) -> Tensor:
    """Look up each byte's two levels and scale them by their block's absmax; float32, in the weight's own shape."""
    levels = PAIRS.to(q.packed.device).index_select(0, q.packed.int()).view(torch.float32)
    return restore(levels[: q.shape.numel()], q.absmax, q.block_size).view(q.shape)


def nearest(weight: Tensor, code: Tensor, block_size: int) -> tuple[Tensor, Tensor]:
    """The number of the level nearest to each weight, and each block's absmax."""
    blocks = cut(weight.float(), block_size)
    absmax = blocks.abs().amax(dim=1)
    scaled = blocks * (1 / absmax.clamp(min=1e-38))[:, None]
    if weight.numel() % block_size:  # bitsandbytes divides a short last block; others it multiplies, which rounds twice
        absmax[-1] = absmax[-1].clamp(min=1e-38)
        scaled[-1] = blocks[-1] / absmax[-1]
    codes = torch.zeros_like(scaled, dtype=torch.uint8)
    for middle in (code[:-1] + code[1:]).div(2).tolist():  # a weight's code is how many middles lie below it
        codes += (scaled > middle).view(torch.uint8)
    return codes.flatten()[: weight.numel()], absmax


def cut(values: Tensor, block_size: int) -> Tensor:
    """A row for each block; the last is filled up with zeros."""
    short = -values.numel() % block_size
    return (F.pad(values.flatten(), (0, short)) if short else values).reshape(-1, block_size)


def restore(levels: Tensor, absmax: Tensor, block_size: int) -> Tensor:
    """Each block's levels times its absmax, in place where the blocks are full."""
    return cut(levels, block_size).mul_(absmax[:, None]).flatten()[: levels.numel()]


def double_quantize(absmax: Tensor, block_size: int = 256) -> tuple[Tensor, Tensor, Tensor]:
    """The scales in 8 bits: subtract their mean (all are positive), then one float32 for each 256 of them.

    Returns (codes, absmax of the scales, mean).
    """
    mean = absmax.mean()
    blocks = cut(absmax - mean, block_size)
    second = blocks.abs().amax(dim=1)
    scaled = blocks * (1 / second.clamp(min=1e-38))[:, None]
    # As bitsandbytes on a CPU: a table of 65,536 steps stands for the search, and a block of zeros gets code 0.
    steps, code = ((scaled + 1) / 2 * 65535).round() / 65535 * 2 - 1, dynamic_code().to(absmax.device)
    codes = torch.bucketize(steps, (code[:-1] + code[1:]) / 2).to(torch.uint8)
    codes[second == 0] = 0
    return codes.flatten()[: absmax.numel()], second, mean


def double_dequantize(codes: Tensor, second: Tensor, mean: Tensor, block_size: int = 256) -> Tensor:
    return restore(dynamic_code().to(codes.device)[codes.int()], second, block_size) + mean


@cache
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
    back = restore(code.to(codes.device)[codes.int()], absmax, block_size)
    return (back - weight.flatten()).square().mean().item()


def run(lab: Lab, *, block_size: int, size: int, outlier: float) -> None:
    lab.text(f"{size:,} weights from N(0, 1), in blocks of {block_size}; then some with outliers.")
    weight = torch.randn(size).to(lab.device)

    # 1. The levels: equal steps of probability on each half of the bell, then stretched to ±1.
    normal = torch.distributions.Normal(0.0, 1.0)
    above = normal.icdf(torch.linspace(OFFSET, 0.5, 9)[:-1])
    below = -normal.icdf(torch.linspace(OFFSET, 0.5, 8)[:-1])
    rebuilt = torch.cat([above, below, torch.zeros(1)]).sort().values
    off = (rebuilt / rebuilt.max() - NF4_CODE).abs().max().item()
    lab.check("code_table", off < 1e-5 and NF4_CODE[7] == 0, off, "below 1e-5 from the quantiles")
    rows = enumerate(CODES.items())
    levels = [{"name": name, "x": code, "y": [row] * len(code), "style": "scatter"} for row, (name, code) in rows]
    lab.plot("Where the levels are", "level", "", levels)

    # 2. Quantise, unpack, dequantise.
    q, (codes, absmax) = quantize_nf4(weight, block_size), nearest(weight, NF4_CODE, block_size)
    unpacked = torch.stack([q.packed // 16, q.packed % 16], dim=1).flatten()[:size]
    held, half = torch.equal(unpacked, codes) and q.packed.numel() == (size + 1) // 2, f"{(size + 1) // 2:,}"
    lab.check("packing", held, q.packed.numel(), f"{half} bytes, every code in its place")
    back = dequantize_nf4(q)
    bound = absmax.repeat_interleave(block_size)[:size] * (NF4_CODE.diff().max() / 2).item()
    worst = ((back - weight).abs() / bound).max().item()
    lab.check("block_error_bound", worst <= 1 + 1e-5, worst, "at most 1 of the bound")

    # 3. Who loses least, and how that depends on the block.
    sizes = [16, 32, 64, 128, 256, 512, 1024]
    curves: dict[str, list[float]] = {name: [] for name in CODES}
    for done, block in enumerate(sizes, 1):
        for name, code in CODES.items():
            curves[name].append(mean_squared_error(weight, code, block))
        lab.progress(done, len(sizes), f"blocks of {block}")
    series = [{"name": name, "x": list(range(4, 11)), "y": curve} for name, curve in curves.items()]
    lab.plot("Mean squared error on N(0, 1)", "log2 of the block size", "error", series)
    errors = {name: mean_squared_error(weight, code, block_size) for name, code in CODES.items()}
    others = f"{errors['INT4']:.4g} (INT4) and {errors['FP4']:.4g} (FP4)"
    lab.check("beats_int4_fp4", errors["NF4"] < min(errors["INT4"], errors["FP4"]), errors["NF4"], f"below {others}")

    # 4. The same weights with outliers, one in 6,208. Each is its own block's absmax, and nobody else's.
    spiked = weight.clone()
    spiked[:: 64 * 97] = outlier
    spoilt = {name: mean_squared_error(spiked, code, block_size) for name, code in CODES.items()}
    lab.table("Mean squared error", ["levels", "N(0, 1)", "with outliers"], [[n, errors[n], spoilt[n]] for n in CODES])
    changed = set(
        ((dequantize_nf4(quantize_nf4(spiked, block_size)) != back).nonzero() // block_size).flatten().tolist()
    )
    hit = set(((spiked != weight).nonzero() // block_size).flatten().tolist())
    lab.check("outlier_blocks", changed <= hit, len(changed - hit), f"0 blocks touched beside the {len(hit)} hit")

    # 5. What a weight costs, scales included, counted on real tensors: in these blocks, and in blocks of 64.
    bits = 8 * (q.packed.nbytes + absmax.nbytes) / size
    q = quantize_nf4(weight, 64)
    scales, second, mean = double_quantize(q.absmax)
    plain = 8 * (q.packed.nbytes + q.absmax.nbytes) / size
    double = 8 * (q.packed.nbytes + scales.nbytes + second.nbytes + mean.nbytes) / size
    fits = abs(plain - 4.5) < 0.01 and abs(double - 4.127) < 0.01
    lab.check("bits_per_parameter", fits, f"{plain:.3f} and {double:.3f}", "4.500 and 4.127, to 0.01")
    drift = (double_dequantize(scales, second, mean) - q.absmax).abs().max() / q.absmax.max()
    lab.figure("bits_per_weight", bits)
    lab.figure("error_percent_of_int4", 100 * errors["NF4"] / errors["INT4"])
    lab.figure("best_with_outliers", min(spoilt, key=lambda name: spoilt[name]))
    lab.figure("double_quantization_largest_error_of_a_scale", drift)
    lab.figure("mean_squared_error", errors)


if __name__ == "__main__":
    raise SystemExit(main("nf4_quantize"))
