"""NF4 in pure PyTorch (demos/nf4_quantize.py) against bitsandbytes' CPU kernels, with a plain copy as the limit.

    python benchmarks/nf4.py [--rounds 15]

Each round times a copy, bitsandbytes and ours in turn, so that none finds its data in the cache; the best of all
rounds counts. One thread each. Goals, in weights a second: quantise at least as fast as bitsandbytes, dequantise to
float32 at least half as fast. Dequantising to bfloat16 is shown without a goal: ours does it in float32 and casts.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping

os.environ["OMP_NUM_THREADS"] = "1"  # before either library reads it

import torch
from bitsandbytes import functional as bnb
from torch import Tensor

from demos.nf4_quantize import dequantize_nf4, quantize_nf4

QUANTISE_GOAL, DEQUANTISE_GOAL = 1.0, 0.5  # of bitsandbytes' throughput
SIDES = (1024, 4096)  # a small square matrix, and one of LLaMA-7B's
BLOCK_SIZE = 64


def best(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The shortest time that each of `ways` took, in seconds, all of them once a round."""
    times = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds + 1):  # the first warms up: it may count, but never wins
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            times[name] = min(times[name], time.perf_counter() - start)
    return times


def line(task: str, weight: Tensor, ways: Mapping[str, Callable[[], object]], goal: float, rounds: int) -> bool:
    """Print a row of the table; return whether the goal was met. A goal of 0 is none."""
    times = best({"copy": weight.clone, **ways}, rounds)
    ratio = times["bitsandbytes"] / times["ours"]
    verdict = ("met" if ratio >= goal else "missed") if goal else "no goal"
    gigaweights = "".join(f"{weight.numel() / seconds / 1e9:>14.3f}" for seconds in times.values())
    size = f"{weight.shape[0]} x {weight.shape[1]} {str(weight.dtype).removeprefix('torch.')}"
    print(f"{task:<12}{size:<24}{gigaweights}{ratio:>12.2f}  {verdict}", flush=True)
    return ratio >= goal


def measure(rounds: int) -> int:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(f"{'':<36}{'copy':>14}{'bitsandbytes':>14}{'ours':>14}{'of theirs':>12}")
    print(f"{'':<36}{'10⁹ weights a second':>42}")
    kept = []
    for side in SIDES:
        for dtype in (torch.float32, torch.bfloat16):
            weight = torch.randn(side, side, dtype=dtype)
            packed, state = bnb.quantize_4bit(weight, blocksize=BLOCK_SIZE, quant_type="nf4")
            q = quantize_nf4(weight, BLOCK_SIZE)
            assert torch.equal(q.packed, packed.flatten())
            assert torch.equal(dequantize_nf4(q).to(dtype), bnb.dequantize_4bit(packed, state))
            kept.append(
                line(
                    "quantise",
                    weight,
                    {
                        "bitsandbytes": lambda: bnb.quantize_4bit(weight, blocksize=BLOCK_SIZE, quant_type="nf4"),
                        "ours": lambda: quantize_nf4(weight, BLOCK_SIZE),
                    },
                    QUANTISE_GOAL,
                    max(3, rounds // 5),
                )
            )
            kept.append(
                line(
                    "dequantise",
                    weight,
                    {
                        "bitsandbytes": lambda: bnb.dequantize_4bit(packed, state),
                        "ours": lambda: dequantize_nf4(q).to(dtype),
                    },
                    DEQUANTISE_GOAL if dtype == torch.float32 else 0,
                    rounds,
                )
            )
    verdict = "met" if all(kept) else "missed"
    print(f"\ngoals: quantise ≥ {QUANTISE_GOAL:g} ×, dequantise ≥ {DEQUANTISE_GOAL:g} × bitsandbytes: {verdict}")
    return 0 if all(kept) else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    return measure(parser.parse_args().rounds)


if __name__ == "__main__":
    sys.exit(main())
