"""Several adapters on one base: switched, fused, stacked, and taken off again.

One frozen transformer, two tasks, a LoRA adapter for each. To switch is to choose which update is added. To fuse is to
add both with weights, in any order; whether the sum can do both tasks is another matter. How the sum is stored counts:
factors averaged apart are not the average update, factors laid side by side are. Bottleneck adapters are not updates
that add but functions that feed one another, and there the order tells.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from demos.adapter_forward import BottleneckAdapter
from demos.digits import Digits, accuracy, digits, fit, logits, loss_on, new_task
from demos.kit import Choice, Demo, Integer, Lab, Mistake, Prediction, Real, main
from demos.lora_merge import LoRALinear
from demos.reader import LAYERS, WIDTH, Reader, trained_reader

DEMO = Demo(
    title="Many adapters on one base: switch, fuse, stack, remove",
    summary="LoRA and bottleneck adapters for two tasks share a frozen transformer: what adds up, and what does not.",
    questions=["Q35"],
    parameters=[
        Integer("r", 4, 2, 16, "rank of each LoRA adapter; α is 2r"),
        Choice("other", "mirrored", ["mirrored", "inverted", "relabelled"], "the second task; the first is turned"),
        Real("weight", 0.5, 0.2, 0.8, "weight of the first adapter when fused; the second has the rest"),
        Integer("steps", 50, 40, 100, "training steps of each LoRA adapter; bottleneck adapters get half"),
    ],
    checks={
        "switch_back": "Switched away and back, an adapter gives its task's answers again, bit for bit",
        "one_and_zero": "Fused with weights 1 and 0, two adapters are the first, bit for bit",
        "sum_order": "LoRA updates add in any order: the outputs agree to 1e-5",
        "interference": "Fused, the mean loss over both tasks is at least 1.5 times what each task's own adapter has",
        "averaged_factors": "(w₁B₁ + w₂B₂)(w₁A₁ + w₂A₂) is not w₁B₁A₁ + w₂B₂A₂: w² on each update, and cross terms",
        "concatenated": "Factors laid side by side, [w₁B₁ w₂B₂]·[A₁; A₂], are the weighted sum exactly, at rank 2r",
        "stack_order": "Bottleneck adapters stacked in the other order give outputs that are 5 % or more off",
        "removal_restores": "With every adapter off, the base's outputs are back, bit for bit",
    },
    predictions=[
        Prediction(
            figure="rank_of_the_sum",
            ask="Two trained LoRA adapters of rank r are added, each with a weight. What rank does the sum have?",
            why="Each update reaches r directions, and nothing makes two tasks share them: the sum needs 2r. Kept at "
            "rank r, by averaging factors or by an SVD, it is another update.",
        ),
        Prediction(
            figure="fused_percent",
            ask="Each adapter reads most of its own task. What share of the turned digits does the fused one read?",
            unit="%",
            why="Each update was trained with the other absent. Shrunk it falls short of its task, and beside the "
            "other it is pushed elsewhere. A weighted sum promises neither skill whole.",
        ),
    ],
    mistakes=[
        Mistake(
            name="left_on",
            says="One adapter is switched on, the other not off",
            right="layer.weights = dict(weights)",
            wrong="layer.weights |= weights",
            fails="switch_back",
            why="Adapters add up. One that was trained alone answers as it did only while nothing else is adding.",
        ),
        Mistake(
            name="softmax_of_weights",
            says="The weights go through a softmax",
            right="in self.weights.items():",
            wrong="in zip(self.weights, torch.tensor([*self.weights.values()]).softmax(0).tolist()):",
            fails="one_and_zero",
            why="Softmax makes 0.73 and 0.27 of 1 and 0, and can leave no adapter out. AdapterFusion learns to mix by "
            "such attention; in a weighted sum the weights are used as they are.",
        ),
        Mistake(
            name="fed_on",
            says="Each update is computed from the output so far",
            right="F.linear(F.linear(x, adapter.lora_A)",
            wrong="F.linear(F.linear(y, adapter.lora_A)",
            fails="sum_order",
            why="LoRA's update belongs to the weight, so it sees the layer's input whatever else is added. Fed the "
            "output, the adapters are a chain, and a chain has an order.",
        ),
        Mistake(
            name="not_switched",
            says="Both tasks are judged with the adapter that was trained last",
            right="switch(reader, {name: 1.0})  # back again",
            wrong="switch(reader, {other: 1.0})  # back again",
            fails="interference",
            why="Which adapter is on is state that outlives the line that set it. Judged by the other's answers, a "
            "task's own adapter looks so bad that even the fused one beats it.",
        ),
        Mistake(
            name="no_cross_terms",
            says="The cross terms are left out",
            right=" + w1 * w2 * (b1 @ a2 + b2 @ a1)",
            wrong="",
            fails="averaged_factors",
            why="A product of sums has four terms. Two of them join one adapter's B with the other's A, a pair that no "
            "training ever put together.",
        ),
        Mistake(
            name="weight_on_both",
            says="The weight is put on both factors",
            right="torch.cat([a1, a2])",
            wrong="torch.cat([w1 * a1, w2 * a2])",
            fails="concatenated",
            why="B and A are multiplied, so a weight on each is squared: at one half, a quarter of the update. It goes "
            "on one factor. (peft's `linear` puts the root on both and keeps rank r, cross terms and all.)",
        ),
        Mistake(
            name="side_by_side",
            says="The bottleneck adapters stand side by side, not one after the other",
            right="nn.Sequential(first, second)",
            wrong="SideBySide(first, second)",
            fails="stack_order",
            why="Side by side both see the same input and what they add is summed, so no order can matter. Stacked, "
            "the second sees what the first has made of it.",
        ),
        Mistake(
            name="not_frozen",
            says="The base is not frozen",
            right="reader = trained_reader(lab.device)",
            wrong="reader = trained_reader(lab.device).requires_grad_(True)",
            fails="removal_restores",
            why="LoRA freezes the layers that it wraps. All others would train along, first with one adapter and then "
            "with the next, and there would be no base left to share.",
        ),
    ],
)


JUDGES = 200  # test digits, for there are ten combinations to judge on three tasks


class ManyLoRA(nn.Module):
    """W₀x + Σ wᵢ·(α/r)·BᵢAᵢx: a frozen layer and its named adapters; one that has no weight is off."""

    def __init__(self, base: nn.Linear, names: list[str], r: int) -> None:
        super().__init__()
        self.base = base
        self.adapters = nn.ModuleDict({name: LoRALinear(base, r, 2 * r) for name in names})
        self.weights: dict[str, float] = {}

    def forward(self, x: Tensor) -> Tensor:
        y = self.base(x)
        for name, weight in self.weights.items():
            adapter = self.adapters[name]
            y = y + weight * adapter.scaling * F.linear(F.linear(x, adapter.lora_A), adapter.lora_B)
        return y

    def factors(self, name: str) -> tuple[Tensor, Tensor]:
        """(α/r)·B (out × r) and A (r × in) in 64 bits."""
        adapter = self.adapters[name]
        return adapter.scaling * adapter.lora_B.detach().cpu().double(), adapter.lora_A.detach().cpu().double()


class SideBySide(nn.Module):
    """h + Σ (adapter(h) − h): all adapters see the same input, and what they change is added up."""

    def __init__(self, *adapters: nn.Module) -> None:
        super().__init__()
        self.adapters = nn.ModuleList(adapters)

    def forward(self, h: Tensor) -> Tensor:
        return h + sum(adapter(h) - h for adapter in self.adapters)


def many(reader: Reader) -> list[ManyLoRA]:
    return [layer for layer in reader.modules() if isinstance(layer, ManyLoRA)]


def switch(reader: Reader, weights: dict[str, float]) -> None:
    """Put on the adapters that have a weight here, and no others."""
    for layer in many(reader):
        layer.weights = dict(weights)


def put(reader: Reader, adapters: Sequence[nn.Module]) -> None:
    """Bottleneck adapters, one after each sublayer: two a layer."""
    for block, after_attention, after_network in zip(reader.blocks, adapters[::2], adapters[1::2], strict=True):
        block.adapter_1, block.adapter_2 = after_attention, after_network


def apart(a: Tensor, b: Tensor) -> float:
    """How far apart two tensors are, as a share of the second's size."""
    return ((a - b).norm() / b.norm()).item()


def run(lab: Lab, *, r: int, other: str, weight: float, steps: int) -> None:
    lab.text(f"One frozen reader; a LoRA adapter of rank {r} for **turned** digits, another for **{other}** ones.")
    train, test = digits(lab.device)
    test = Digits(test.images[:JUDGES], test.labels[:JUDGES])
    names, w1, w2 = ["turned", other], weight, 1 - weight
    learn = {name: new_task(train, name) for name in names}
    judge = {"upright": test} | {name: new_task(test, name) for name in names}

    def accuracies() -> list[float]:
        return [accuracy(reader, task) for task in judge.values()]

    # 1. The base, and around each layer's queries and values room for two adapters.
    reader = trained_reader(lab.device)
    answers, rows = logits(reader, test), [["none", *accuracies()]]
    for block in reader.blocks:
        block.attention.q_proj = ManyLoRA(block.attention.q_proj, names, r)
        block.attention.v_proj = ManyLoRA(block.attention.v_proj, names, r)

    # 2. Each adapter learns its task alone. Switched away and back, it must answer as it did then.
    then, own, changed = {}, {}, 0
    for number, name in enumerate(names):
        switch(reader, {name: 1.0})
        for step in fit(reader, learn[name], steps, rate=0.01, seed=lab.seed + number):
            lab.progress(number * steps + step, 3 * steps, f"a LoRA adapter learns {name} digits")
        then[name] = logits(reader, judge[name])
    for name in names:
        switch(reader, {name: 1.0})  # back again
        changed += int((logits(reader, judge[name]) != then[name]).sum())
        own[name] = loss_on(reader, judge[name])
        rows.append([f"LoRA, {name}", *accuracies()])
    lab.check("switch_back", changed == 0, changed, "0 outputs differ on either task")

    # 3. Fuse them: both on, each with a weight.
    switch(reader, {"turned": 1.0, other: 0.0})
    differ = int((logits(reader, judge["turned"]) != then["turned"]).sum())
    lab.check("one_and_zero", differ == 0, differ, "0 outputs differ")
    switch(reader, {"turned": w1, other: w2})
    fused, one_order = {name: loss_on(reader, judge[name]) for name in names}, logits(reader, test)
    upright, turned, second = accuracies()
    rows.append([f"LoRA, {w1:.2f} and {w2:.2f}", upright, turned, second])
    lab.figure("fused_percent", 100 * turned)
    switch(reader, {other: w2, "turned": w1})
    off = apart(logits(reader, test), one_order)
    lab.check("sum_order", off <= 1e-5, off, "at most 1e-5 of the output's size")
    losses = [sum(of.values()) / 2 for of in (fused, own)]
    lab.check("interference", losses[0] >= 1.5 * losses[1], losses[0], f"at least 1.5·{losses[1]:.3f} nats")
    lab.figure("fused_loss_in_multiples", losses[0] / losses[1])

    # 4. The sum as weights: B and A averaged apart, and laid side by side.
    ranks, missed, unexplained, beside = [], [], [], []
    for layer in many(reader):
        (b1, a1), (b2, a2) = layer.factors("turned"), layer.factors(other)
        exact = w1 * b1 @ a1 + w2 * b2 @ a2
        averaged = (w1 * b1 + w2 * b2) @ (w1 * a1 + w2 * a2)
        expanded = w1**2 * b1 @ a1 + w2**2 * b2 @ a2 + w1 * w2 * (b1 @ a2 + b2 @ a1)
        concatenated = torch.cat([w1 * b1, w2 * b2], dim=1) @ torch.cat([a1, a2])
        missed.append(apart(averaged, exact))
        unexplained.append(apart(averaged, expanded))
        beside.append(apart(concatenated, exact))
        ranks.append(int(torch.linalg.matrix_rank(exact)))
    held = min(missed) >= 0.2 and max(unexplained) <= 1e-12
    lab.check("averaged_factors", held, [min(missed), max(unexplained)], "off by 20 % or more, 1e-12 unexplained")
    lab.check("concatenated", max(beside) <= 1e-12, max(beside), "at most 1e-12 of the update's size in float64")
    lab.figure("rank_of_the_sum", max(ranks))

    # 5. Bottleneck adapters, LoRA off: functions that feed one another.
    switch(reader, {})
    trained: list[list[nn.Module]] = []
    for number, name in enumerate(names):
        trained.append([BottleneckAdapter(WIDTH, 8).to(lab.device) for _ in range(2 * LAYERS)])
        put(reader, trained[-1])
        done = 2 * steps + number * (steps // 2)
        for step in fit(reader, learn[name], steps // 2, rate=0.01, seed=lab.seed + number):
            lab.progress(done + step, 3 * steps, f"bottleneck adapters learn {name} digits")
        rows.append([f"bottleneck, {name}", *accuracies()])
    outputs = []
    for pair, order in ((trained, names), (trained[::-1], names[::-1])):
        put(reader, [nn.Sequential(first, second) for first, second in zip(*pair, strict=True)])
        outputs.append(logits(reader, test))
        rows.append([f"bottleneck, {order[0]} then {order[1]}", *accuracies()])
    off = apart(*outputs)
    lab.check("stack_order", off >= 0.05, off, "at least 0.05 of the output's size")
    lab.figure("stack_order_percent", 100 * off)
    put(reader, [SideBySide(*pair) for pair in zip(*trained, strict=True)])
    rows.append(["bottleneck, side by side", *accuracies()])

    # 6. Take everything off.
    put(reader, [nn.Identity() for _ in range(2 * LAYERS)])
    rows.append(["none, again", *accuracies()])
    lab.table("Test accuracy", ["adapters", *judge], rows)
    differ = int((logits(reader, test) != answers).sum())
    lab.check("removal_restores", differ == 0, differ, f"0 of {answers.numel():,} outputs differ")


if __name__ == "__main__":
    raise SystemExit(main("adapter_stack"))
