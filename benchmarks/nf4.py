"""NF4 in pure PyTorch (demos/nf4_quantize.py) against bitsandbytes on a CPU, with a plain copy as the limit.

    python benchmarks/nf4.py [--rounds 15]

Each round times a copy, bitsandbytes and ours in turn, one thread each; the best of all rounds counts. The cache is
overwritten before each, because the weights of a model come from memory. Goals, in weights a second: quantise at least
as fast as bitsandbytes, dequantise to float32 at least half as fast. Dequantising to bfloat16 is shown without a goal:
bitsandbytes writes it directly, while ours is done in float32 and then cast.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable

os.environ["OMP_NUM_THREADS"] = "1"  # before either library reads it

import torch
from bitsandbytes import functional as bnb
from torch import Tensor

from demos.nf4_quantize import dequantize_nf4, quantize_nf4

QUANTISE_GOAL, DEQUANTISE_GOAL, NO_GOAL = 1.0, 0.5, 0.0  # of bitsandbytes' throughput
SIDES = (1024, 4096)  # 1 and 16.8 million weights: a small model's matrix, and one of LLaMA-7B's
BLOCK_SIZE = 64
CACHE = torch.zeros(2**24)  # 64 MB, more than any cache here

Way = Callable[[], object]


def best(ways: list[Way], rounds: int) -> list[float]:
    """The shortest time that each way took, in seconds. The first round only warms up."""
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds + 1):
        for way, taken in zip(ways, times, strict=True):
            CACHE.add_(1)
            start = time.perf_counter()
            way()
            taken.append(time.perf_counter() - start)
    return [min(taken[1:]) for taken in times]


def compare(task: str, weight: Tensor, theirs: Way, ours: Way, goal: float, rounds: int) -> bool:
    """Print a row of the table; return whether its goal was met."""
    times = best([weight.clone, theirs, ours], rounds)
    ratio = times[1] / times[2]
    verdict = "no goal" if goal == NO_GOAL else "met" if ratio >= goal else "missed"
    speeds = "".join(f"{weight.numel() / seconds / 1e6:>14,.0f}" for seconds in times)
    size = f"{weight.shape[0]} × {weight.shape[1]} {str(weight.dtype).removeprefix('torch.')}"
    print(f"{task:<12}{size:<22}{speeds}{ratio:>12.2f}  {verdict}", flush=True)
    return ratio >= goal


def both(weight: Tensor, rounds: int) -> bool:
    """Compare both directions on one matrix, having seen that the results are the same to the bit."""
    packed, state = bnb.quantize_4bit(weight, blocksize=BLOCK_SIZE, quant_type="nf4")
    q, dtype = quantize_nf4(weight, BLOCK_SIZE), weight.dtype
    assert torch.equal(q.packed, packed.flatten())
    assert torch.equal(q.absmax, state.absmax)
    assert torch.equal(dequantize_nf4(q).to(dtype), bnb.dequantize_4bit(packed, state))
    quantised = compare(
        "quantise",
        weight,
        lambda: bnb.quantize_4bit(weight, blocksize=BLOCK_SIZE, quant_type="nf4"),
        lambda: quantize_nf4(weight, BLOCK_SIZE),
        QUANTISE_GOAL,
        rounds=max(2, rounds // 5),  # these take long, so that fewer will do
    )
    dequantised = compare(
        "dequantise",
        weight,
        lambda: bnb.dequantize_4bit(packed, state),
        lambda: dequantize_nf4(q).to(dtype),
        DEQUANTISE_GOAL if dtype == torch.float32 else NO_GOAL,
        rounds,
    )
    return quantised and dequantised


def measure(rounds: int) -> int:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(f"{'million weights a second':<34}{'copy':>14}{'bitsandbytes':>14}{'ours':>14}{'of theirs':>12}")
    kept = True
    for side in SIDES:
        for dtype in (torch.float32, torch.bfloat16):
            kept = both(torch.randn(side, side, dtype=dtype), rounds) and kept
    verdict = "met" if kept else "missed"
    print(f"\ngoals: quantise ≥ {QUANTISE_GOAL:g}, dequantise ≥ {DEQUANTISE_GOAL:g} of bitsandbytes' speed: {verdict}")
    return 0 if kept else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    return measure(parser.parse_args().rounds)


if __name__ == "__main__":
    sys.exit(main())
