"""LoRA: train a thin detour around a frozen layer, fold it into the weight, take it out again, swap it.

A small network reads digits. Its first layer is frozen and gets a low-rank detour, B·A, that learns to read the same
digits turned by 90 degrees, and then a second one for digits with shuffled pixels. Merging adds the detour to the
weight: the network is as it was, and costs what it did. Unmerging brings the old weight back.
"""

import copy
import math
import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from demos.digits import accuracy, digits, fit, logits
from demos.kit import Choice, Demo, Integer, Lab, main

DEMO = Demo(
    title="LoRA: train, merge, unmerge, swap",
    summary="A low-rank detour learns a task, folds into the weight, comes out again, and is swapped for another.",
    questions=["Q4", "Q35"],
    parameters=[
        Integer("r", 8, 1, 64, "rank of the update"),
        Integer("lora_alpha", 16, 1, 128, "α; the update is scaled by α/r"),
        Choice("dtype", "float32", ["float32", "bfloat16", "float16"], "type that the weight is merged and run in"),
        Integer("steps", 150, 20, 400, "training steps on each task"),
    ],
    checks={
        "zero_start": "With B = 0 the layer's output is the base's, exactly",
        "trainable_count": "What trains is r·(in + out) numbers",
        "merged_equals_unmerged": "Merged and unmerged give the same output, to the rounding of the type",
        "merged_cost": "Merged, the layer does the base's multiply-adds and not one more",
        "unmerge_restores": "Unmerging gives back the base's weight, bit for bit",
        "swap_tasks": "Swapped out and in again, an adapter brings its own answers back on the same base",
    },
)

TOLERANCE = {torch.float32: 1e-5, torch.float16: 5e-3, torch.bfloat16: 4e-2}  # of the largest output
WIDTH = 256


class LoRALinear(nn.Module):
    """h = W₀x + (α/r)·B·A·x, Hu et al. (2021), §4.1. W₀ (out × in) is frozen, A (r × in) random, B (out × r) zero."""

    def __init__(self, base: nn.Linear, r: int, lora_alpha: float, lora_dropout: float = 0.0) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora_A = nn.Parameter(base.weight.new_empty(r, base.in_features))
        self.lora_B = nn.Parameter(base.weight.new_zeros(base.out_features, r))
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))
        self.scaling = lora_alpha / r
        self.dropout = nn.Dropout(lora_dropout)
        self.merged = False

    def forward(self, x: Tensor) -> Tensor:
        if self.merged:
            return self.base(x)
        return self.base(x) + self.scaling * F.linear(F.linear(self.dropout(x), self.lora_A), self.lora_B)

    def delta(self) -> Tensor:
        return self.scaling * (self.lora_B.detach().float() @ self.lora_A.detach().float())

    def merge(self) -> None:
        """W ← W₀ + (α/r)·B·A, added in float32 and rounded once. A second call changes nothing."""
        if not self.merged:
            self.original = self.base.weight.detach().clone()  # subtracting would not undo the rounding
            self.base.weight.data = (self.original.float() + self.delta()).to(self.original.dtype)
            self.merged = True

    def unmerge(self) -> None:
        if self.merged:
            self.base.weight.data = self.original
            self.merged = False


def run(lab: Lab, *, r: int, lora_alpha: int, dtype: str, steps: int) -> None:
    lab.text(f"A frozen {WIDTH} × 64 layer, and a detour of rank {r} scaled by α/r = {lora_alpha / r:g}.")
    train, test = digits(lab.device)
    pixels = torch.randperm(64)
    tasks = {"turned": (train.rotated(), test.rotated()), "shuffled": (train.permuted(pixels), test.permuted(pixels))}

    # 1. The base learns upright digits; then the detour is put around its first layer.
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 10)).to(lab.device)
    for step in fit(model, train, steps, rate=3e-3, seed=lab.seed):
        lab.progress(step, 3 * steps, "the base learns upright digits")
    base_answers, before = logits(model, test), accuracy(model, test)
    layer = LoRALinear(model.requires_grad_(False)[1], r, lora_alpha)
    model[1] = layer
    off = (logits(model, test) - base_answers).abs().max().item()
    lab.check("zero_start", off == 0, off, "exactly 0")
    trainable = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    lab.check("trainable_count", trainable == r * (64 + WIDTH), trainable, f"{r}·(64 + {WIDTH}) = {r * (64 + WIDTH)}")

    # 2. One adapter for each task, always on the same base.
    start, adapters, answers, rows = adapter(layer), {}, {}, []
    for number, (name, (learn, judge)) in enumerate(tasks.items(), 1):
        load(layer, start)
        without = accuracy(model, judge)
        for step in fit(model, learn, steps, rate=1e-2, seed=lab.seed + number):
            lab.progress(number * steps + step, 3 * steps, f"the detour learns {name} digits")
        adapters[name], answers[name] = adapter(layer), logits(model, judge)
        rows.append([name, without, accuracy(model, judge)])
    lab.table("Test accuracy", ["digits", "adapter off", "adapter on"], [["upright", before, None], *rows])
    swapped = 0.0
    for name, (_, judge) in tasks.items():
        load(layer, adapters[name])
        swapped = max(swapped, (logits(model, judge) - answers[name]).abs().max().item())

    # 3. Merge in the chosen type, and compare what comes out and what it costs.
    x = test.images.flatten(1).to(getattr(torch, dtype))
    layer = copy.deepcopy(layer).to(x.dtype).eval()
    weight = layer.base.weight.clone()
    with torch.no_grad():
        unmerged, unmerged_cost, unmerged_time = measured(layer, x)
        _, base_cost, _ = measured(layer.base, x)
        layer.merge()
        merged, merged_cost, merged_time = measured(layer, x)
        moved = (layer.base.weight != weight).float().mean().item()
        subtracted = (layer.base.weight.float() - layer.delta()).to(x.dtype)
    off = ((merged - unmerged).abs().max() / unmerged.abs().max()).item()
    lab.check("merged_equals_unmerged", off <= TOLERANCE[x.dtype], off, f"at most {TOLERANCE[x.dtype]:g} in {dtype}")
    lab.check("merged_cost", merged_cost == base_cost, merged_cost, f"{base_cost:,}; unmerged {unmerged_cost:,}")
    columns = ["", "multiply-adds", "microseconds here"]
    rows = [["unmerged", unmerged_cost, unmerged_time], ["merged", merged_cost, merged_time]]
    lab.table("One pass through the layer", columns, rows)

    # 4. Take it out. Subtracting the update is not the same: the sum was rounded.
    restored = (subtracted == weight).float().mean().item()
    lab.figure("weights_moved_by_merge", moved)
    lab.figure("weights_restored_by_subtraction", restored)
    lab.text(f"Subtracting the update instead would restore {restored:.1%} of the weights in {dtype}.")
    layer.unmerge()
    differ = int((layer.base.weight != weight).sum())
    lab.check("unmerge_restores", differ == 0, differ, "0 weights differ")
    lab.check("swap_tasks", swapped == 0, swapped, "exactly 0 difference on either task")


def adapter(layer: LoRALinear) -> tuple[Tensor, Tensor]:
    return layer.lora_A.detach().clone(), layer.lora_B.detach().clone()


def load(layer: LoRALinear, weights: tuple[Tensor, Tensor]) -> None:
    layer.lora_A.data, layer.lora_B.data = (weight.clone() for weight in weights)


def measured(layer: nn.Module, x: Tensor) -> tuple[Tensor, int, float]:
    """The layer's output, its multiply-adds (half its FLOPs) and its time in µs, which nothing is judged by."""
    with FlopCounterMode(display=False) as counter:
        layer(x)
    start = time.perf_counter()
    out = layer(x)
    return out, counter.get_total_flops() // 2, (time.perf_counter() - start) * 1e6


if __name__ == "__main__":
    raise SystemExit(main("lora_merge"))
