"""LoRA: train a thin detour around a frozen layer, swap it, fold it into the weight, take it out again.

A small network reads digits. Its first layer is frozen and gets a low-rank detour, B·A, that learns to read the same
digits turned by 90 degrees, and then a second one for digits with shuffled pixels: each serves its own task, on one
base. Merging adds a detour to the weight, which keeps its shape: the network answers as before and costs what the base
did. Unmerging brings the old weight back, bit for bit if a copy was kept, and not quite if the update is subtracted.
"""

import copy
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from demos.digits import accuracy, digits, fit, logits
from demos.kit import Choice, Demo, Integer, Lab, Mistake, Prediction, main

DEMO = Demo(
    title="LoRA: train, swap, merge, unmerge",
    summary="A low-rank detour learns a task, is swapped for another, folds into the weight and comes out again.",
    questions=["Q4", "Q35"],
    parameters=[
        Integer("r", 8, 1, 64, "rank of the update"),
        Integer("lora_alpha", 16, 1, 128, "α; the update is scaled by α/r"),
        Choice("dtype", "float32", ["float32", "bfloat16", "float16"], "type that the weight is merged and run in"),
        Integer("steps", 150, 20, 300, "training steps on each task"),
    ],
    checks={
        "zero_start": "With B = 0 the layer's output is the base's, exactly",
        "first_gradient": "At the first step B has a gradient and A has none: A's contains Bᵀ, which is zero",
        "trainable_count": "What trains is r·(in + out) numbers",
        "swap_tasks": "Swapped out and in again, an adapter brings its own answers back on the same base",
        "merged_equals_unmerged": "Merged and unmerged give the same output, to the rounding of the type",
        "merged_cost": "Merged, the layer does the base's multiply-adds and not one more",
        "unmerge_restores": "Unmerging gives back the base's weight, bit for bit",
    },
    predictions=[
        Prediction(
            "trainable_percent",
            "The layer has 256 × 64 weights. The detour trains how many per cent of that?",
            "r·(in + out)/(in·out): much for a layer as small as this one. At 4096 × 4096, rank 16 is 0.78 %. Past "
            "r = 51 the detour here is larger than the weight that it replaces.",
            unit="%",
        ),
        Prediction(
            "upright_with_adapter_percent",
            "With the detour for turned digits on, how many per cent of the upright digits are read right?",
            "Every weight of the base is untouched, and yet the old task suffers: freezing protects the weights, not "
            "what the layer does while the detour is on. Off again, the old answers are back.",
            unit="%",
        ),
        Prediction(
            "restored_by_subtraction_percent",
            "Merge in the chosen type, then subtract the same update: how many per cent of the weights are back, "
            "bit for bit?",
            "The sum was rounded when it was stored, and subtracting cannot know what was lost. Keep the old weight.",
            unit="%",
        ),
    ],
    mistakes=[
        Mistake(
            "both_random",
            "B starts at random too",
            right="base.weight.new_zeros(base.out_features, r)",
            wrong="base.weight.new_empty(base.out_features, r).normal_(std=0.02)",
            fails="zero_start",
            why="B·A is then noise that is added to the trained weight before anything was learnt.",
        ),
        Mistake(
            "both_zero",
            "A starts at zero too",
            right="nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))",
            wrong="nn.init.zeros_(self.lora_A)",
            fails="first_gradient",
            why="Each gradient has the other matrix as a factor. With both at zero nothing moves, ever.",
        ),
        Mistake(
            "head_trains",
            "only the wrapped layer is frozen",
            right="model.requires_grad_(False)",
            wrong="model[1].requires_grad_(False)",
            fails="trainable_count",
            why="The output layer goes on training: more numbers than A and B, and the adapter alone no longer holds "
            "the task, so that swapping fails as well.",
        ),
        Mistake(
            "saved_by_reference",
            "the adapter is saved without a copy",
            right="return layer.lora_A.detach().clone(), layer.lora_B.detach().clone()",
            wrong="return layer.lora_A.detach(), layer.lora_B.detach()",
            fails="swap_tasks",
            why="The saved tensors are the ones that go on training, so the next task overwrites them. state_dict() "
            "gives such references too.",
        ),
        Mistake(
            "scaling_forgotten",
            "α/r left out of the merge",
            right="return self.scaling * (",
            wrong="return (",
            fails="merged_equals_unmerged",
            why="The detour was trained at α/r times B·A. Adding B·A alone merges another model than the one trained.",
        ),
        Mistake(
            "merged_and_on",
            "merged, but the detour is left on",
            right="self.merged = True",
            wrong="self.merged = False",
            fails="merged_cost",
            why="The layer still does the two thin products, and adds an update that the weight already holds.",
        ),
        Mistake(
            "subtracted",
            "unmerged by subtracting the update",
            right="self.base.weight.data = self.original\n",
            wrong="self.base.weight.data -= self.delta().to(self.original.dtype)\n",
            fails="unmerge_restores",
            why="W + ΔW was rounded when it was stored; subtracting ΔW rounds again and misses some weights by a bit.",
        ),
    ],
)

WIDTH = 256
ROUNDINGS = 8  # the detour's path rounds more often than the merged one: Ax, B(Ax), its scaling, the sum


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
        """ΔW = (α/r)·B·A (out × in), in float32."""
        return self.scaling * (self.lora_B.detach().float() @ self.lora_A.detach().float())

    def merge(self) -> None:
        """W ← W₀ + ΔW, added in float32 and rounded once. A second call changes nothing."""
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

    # 1. The base learns upright digits. All of it is frozen, and the detour put around its first layer.
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 10)).to(lab.device)
    for step in fit(model, train, steps, rate=3e-3, seed=lab.seed):
        lab.progress(step, 3 * steps, "the base learns upright digits")
    base_answers = logits(model, test)
    model.requires_grad_(False)
    layer = model[1] = LoRALinear(model[1], r, lora_alpha)
    off = (logits(model, test) - base_answers).abs().max().item()
    lab.check("zero_start", off == 0, off, "exactly 0")
    F.cross_entropy(model(train.images), train.labels).backward()
    of_a, of_b = (weight.grad.abs().max().item() for weight in (layer.lora_A, layer.lora_B))
    lab.check("first_gradient", of_a == 0 < of_b, f"A {of_a:.2g}, B {of_b:.2g} at most", "A exactly 0, B more")
    trainable = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    lab.check("trainable_count", trainable == r * (64 + WIDTH), trainable, f"{r}·(64 + {WIDTH}) = {r * (64 + WIDTH):,}")
    lab.figure("trainable_percent", 100 * trainable / (64 * WIDTH))

    # 2. One adapter for each task, always from the same start and on the same base. Then each in turn again.
    start, answers = saved(layer), {}
    adapters = {"none": start}
    for number, (name, (learn, judge)) in enumerate(tasks.items(), 1):
        load(layer, start)
        for step in fit(model, learn, steps, rate=1e-2, seed=lab.seed + number):
            lab.progress(number * steps + step, 3 * steps, f"the detour learns {name} digits")
        adapters[name], answers[name] = saved(layer), logits(model, judge)
    reads: dict[str, list[float]] = {"upright": [], "turned": [], "shuffled": []}
    differ = 0.0
    for adapter, weights in adapters.items():
        load(layer, weights)
        for name, judge in {"upright": test, "turned": tasks["turned"][1], "shuffled": tasks["shuffled"][1]}.items():
            reads[name].append(accuracy(model, judge))
            if name == adapter:
                differ = max(differ, (logits(model, judge) - answers[name]).abs().max().item())
    columns = ["digits", *(f"adapter: {name}" for name in adapters)]
    lab.table("Test accuracy", columns, [[name, *accuracies] for name, accuracies in reads.items()])
    lab.check("swap_tasks", differ == 0, differ, "exactly 0 difference on either task")
    lab.figure("upright_with_adapter_percent", 100 * reads["upright"][1])

    # 3. Merge in the chosen type, and compare what comes out and what it costs.
    layer, x = copy.deepcopy(layer).to(getattr(torch, dtype)), test.images.flatten(1).to(getattr(torch, dtype))
    weight, sizes = layer.base.weight.clone(), magnitude(layer, x)
    unmerged, unmerged_cost = measured(layer, x)
    _, base_cost = measured(layer.base, x)
    layer.merge()
    merged, merged_cost = measured(layer, x)
    off = ((merged.float() - unmerged.float()).abs() / sizes).max().item() / torch.finfo(x.dtype).eps
    said = f"at most {ROUNDINGS} roundings, {torch.finfo(x.dtype).eps:.1g} each in {dtype}, of what is summed"
    lab.check("merged_equals_unmerged", off <= ROUNDINGS, off, said)
    lab.check("merged_cost", merged_cost == base_cost, merged_cost, f"{base_cost:,}; unmerged {unmerged_cost:,}")

    # 4. Take it out. Subtracting the update is not the same: the sum was rounded.
    subtracted = (layer.base.weight.float() - layer.delta()).to(x.dtype)
    moved, restored = (100 * part.float().mean().item() for part in (layer.base.weight != weight, subtracted == weight))
    lab.text(f"The merge moved {moved:.1f} % of the weights. Subtracting the update restores {restored:.1f} % of them.")
    lab.figure("moved_by_merge_percent", moved)
    lab.figure("restored_by_subtraction_percent", restored)
    layer.unmerge()
    wrong = int((layer.base.weight != weight).sum())
    lab.check("unmerge_restores", wrong == 0, wrong, "0 weights differ")


def saved(layer: LoRALinear) -> tuple[Tensor, Tensor]:
    return layer.lora_A.detach().clone(), layer.lora_B.detach().clone()


@torch.no_grad()
def load(layer: LoRALinear, weights: tuple[Tensor, Tensor]) -> None:
    layer.lora_A.copy_(weights[0])
    layer.lora_B.copy_(weights[1])


@torch.no_grad()
def measured(layer: nn.Module, x: Tensor) -> tuple[Tensor, int]:
    """The layer's output, and its multiply-adds (half its FLOPs)."""
    with FlopCounterMode(display=False) as counter:
        out = layer(x)
    return out, counter.get_total_flops() // 2


@torch.no_grad()
def magnitude(layer: LoRALinear, x: Tensor) -> Tensor:
    """|W₀||x| + (α/r)·|B||A||x|: rounding errors of a sum of products are bounded in it (Higham 2002, §3.5)."""
    w, a, b, x = (tensor.abs().float() for tensor in (layer.base.weight, layer.lora_A, layer.lora_B, x))
    return x @ w.T + layer.scaling * (x @ a.T @ b.T)


if __name__ == "__main__":
    raise SystemExit(main("lora_merge"))
