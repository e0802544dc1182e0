"""Progressive networks: a new column for the new task, fed by the frozen one.

A first column of layers learns task A (read digits) and is frozen. Task B gets a column of its own, whose layers also
see A's hidden layers through lateral connections, and only a few examples. A's answers stay as they were, bit for
bit, because nothing of A's column moves. B is learnt faster than by a column that stands alone if A's features fit
it, as they do in negative or under other names; turned by 90 degrees, B gains about what an untrained column gives.
The price is size: each column needs laterals from all before it.
"""

import copy
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from demos.digits import Digits, accuracy, digits, fit, logits
from demos.kit import Choice, Demo, Integer, Lab, Mistake, Prediction, main

DEMO = Demo(
    title="Progressive networks: a column a task",
    summary="A frozen column keeps task A bit for bit; its hidden layers help a new column to learn task B.",
    questions=["Q14"],
    parameters=[
        Choice("task_b", "negative", ["negative", "relabelled", "upside-down", "turned"], "how B differs from A"),
        Integer("examples", 50, 20, 300, "training images of B, of 1,348"),
        Integer("hidden", 64, 32, 128, "width of each of a column's two hidden layers"),
        Integer("steps", 60, 40, 80, "training steps on B"),
    ],
    checks={
        "a_unchanged": "After B is learnt, A's column answers as before, bit for bit",
        "only_new_learns": "Training B gives gradients to the new column and its laterals and to nothing else",
        "laterals_help": "Laterals from A lift B's mean accuracy by over 2 points; where B is turned, by under 15",
        "growth": "K columns have K·c + K(K − 1)/2·d parameters: the laterals grow with the square of K",
    },
    predictions=[
        Prediction(
            "laterals_in_fifth_column",
            "In the fifth column, what share of the new parameters are laterals?",
            "Every column before it sends laterals to each layer above the first, so a late column is mostly "
            "wiring. Laterals through narrow adapters (eq. 2 of the paper) are the remedy.",
            "%",
        ),
        Prediction(
            "gain_in_points",
            "By how many points do laterals from A raise B's accuracy, averaged over its training?",
            "As much as A's features are useful for B: many points where only the ink or the names differ, few where "
            "the image is turned. An untrained column in A's place shows what mere width is worth.",
        ),
    ],
    mistakes=[
        Mistake(
            name="not_frozen",
            says="the old column left trainable",
            right="self.columns.requires_grad_(False)",
            wrong="self.columns.requires_grad_(True)",
            fails="only_new_learns",
            why="B's loss reaches A's column through the laterals, and then A is fine-tuned on B after all.",
        ),
        Mistake(
            name="no_task_id",
            says="every task answered by the newest column",
            right="self.columns[:answering]",
            wrong="self.columns[:]",
            fails="a_unchanged",
            why="A's column is intact and nobody asks it: the network must be told which task an input belongs to.",
        ),
        Mistake(
            name="newest_left_out",
            says="no laterals from the newest of the old columns",
            right="previous=len(self.columns))",
            wrong="previous=len(self.columns) - 1)",
            fails="laterals_help",
            why="With one old column that leaves none: B's column stands alone and has nothing of A to build on.",
        ),
        Mistake(
            name="biased_laterals",
            says="a bias in every lateral",
            right="nn.Linear(fan_in, fan_out, bias=False)",
            wrong="nn.Linear(fan_in, fan_out, bias=True)",
            fails="growth",
            why="The layer that a lateral is added to has a bias already; one more a lateral adds weights, not power.",
        ),
        Mistake(
            name="one_lateral",
            says="laterals from the first column only",
            right="for _ in range(previous)",
            wrong="for _ in range(min(previous, 1))",
            fails="growth",
            why="With two columns all is well. From the third on the wiring grows linearly, and columns go unheard.",
        ),
    ],
)

SEEDS, STEPS_A, RATE, COLUMNS = 4, 120, 3e-3, 5


class Column(nn.Module):
    """Layers of the given sizes, and for each but the first a lateral from every earlier column's layer below."""

    def __init__(self, sizes: list[int], previous: int) -> None:
        super().__init__()
        pairs = list(pairwise(sizes))
        self.layers = nn.ModuleList(nn.Linear(fan_in, fan_out) for fan_in, fan_out in pairs)
        self.laterals = nn.ModuleList(
            nn.ModuleList(nn.Linear(fan_in, fan_out, bias=False) for fan_in, fan_out in pairs[1:])
            for _ in range(previous)
        )

    def forward(self, x: Tensor, others: list[list[Tensor]]) -> list[Tensor]:
        """h_i = f(W_i·h_{i−1} + Σ_j U_i^(j)·h_{i−1}^(j)), Rusu et al. (2016), eq. 1; the last linear."""
        outputs = [self.layers[0](x)]
        for i, layer in enumerate(self.layers[1:]):
            total = layer(outputs[i].relu())
            for lateral, other in zip(self.laterals, others, strict=False):
                total = total + lateral[i](other[i].relu())
            outputs.append(total)
        return outputs


class ProgressiveNetwork(nn.Module):
    """One column a task. `task` says which column answers; without it the newest does."""

    def __init__(self, sizes: list[int]) -> None:
        super().__init__()
        self.sizes, self.columns = sizes, nn.ModuleList()

    def add_column(self) -> None:
        """Freeze what there is and put an untrained column beside it."""
        self.columns.requires_grad_(False)
        self.columns.append(Column(self.sizes, previous=len(self.columns)))

    def forward(self, images: Tensor, task: int | None = None) -> Tensor:
        answering = len(self.columns) if task is None else task + 1
        outputs: list[list[Tensor]] = []
        for column in self.columns[:answering]:
            outputs.append(column(images.flatten(1), outputs))
        return outputs[-1][-1]


def size(columns: int, sizes: list[int]) -> int:
    """K·c + K(K − 1)/2·d: c weights and biases in a column, d in the laterals between one pair of columns."""
    c = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))
    d = sum(fan_in * fan_out for fan_in, fan_out in pairwise(sizes[1:]))
    return columns * c + columns * (columns - 1) // 2 * d


def changed(task: Digits, how: str) -> Digits:
    """Task B: the digits in negative, called by the next digit's name, or turned by 180 or 90 degrees."""
    if how == "negative":
        return Digits(1 - task.images, task.labels)
    if how == "relabelled":
        return task.relabelled()
    return task.rotated() if how == "turned" else task.rotated().rotated()


def run(lab: Lab, *, task_b: str, examples: int, hidden: int, steps: int) -> None:
    lab.text(f"**A**: read digits. **B**: the same digits, {task_b}; {examples} examples. A's column is frozen for B.")
    train_a, test_a = digits(lab.device)
    train_b, test_b = changed(train_a, task_b), changed(test_a, task_b)
    sizes, total = [64, hidden, hidden, 10], STEPS_A + 3 * SEEDS * steps

    # 1. The first column learns A.
    network = ProgressiveNetwork(sizes)
    network.add_column()
    network.to(lab.device)
    for step in fit(network, train_a, STEPS_A, rate=RATE, seed=lab.seed):
        lab.progress(step, total, "a column learns A")
    answers, learnt = logits(network, test_a), accuracy(network, test_a)

    # 2. The same new column beside A's, beside one that has learnt nothing, and alone; over starts and examples.
    curves: dict[str, list[list[float]]] = {"beside A's": [], "beside an untrained": [], "alone": []}
    done, moved, at = STEPS_A, 0.0, [step for step in range(steps + 1) if step % 10 == 0]
    for seed in range(lab.seed, lab.seed + SEEDS):
        order = torch.Generator().manual_seed(seed)
        pick = torch.randperm(len(train_b.labels), generator=order)[:examples].to(lab.device)
        few = Digits(train_b.images[pick], train_b.labels[pick])
        grown = copy.deepcopy(network)
        grown.add_column()
        untrained, alone = copy.deepcopy(grown), copy.deepcopy(grown)
        untrained.columns[0] = Column(sizes, previous=0).requires_grad_(False)
        alone.columns = alone.columns[1:]  # its laterals have nothing to listen to
        for curve, learner in zip(curves.values(), (grown, untrained, alone), strict=True):
            learner.to(lab.device)
            steps_done = fit(learner, few, steps, rate=RATE, seed=seed)
            curve.append([accuracy(learner, test_b) for step in steps_done if step in at])
            done += steps
            lab.progress(done, total, "columns learn B")
        with torch.no_grad():
            moved = max(moved, (grown(test_a.images, task=0) - answers).abs().max().item())
    lab.check("a_unchanged", moved == 0, moved, "exactly 0 difference in any answer")

    # 3. What the laterals were worth: the height of the curve, averaged over training.
    mean = {name: torch.tensor(curve).mean(dim=0) for name, curve in curves.items()}
    series = [{"name": f"B, a column {name}", "x": at, "y": curve} for name, curve in mean.items()]
    lab.plot(f"Accuracy on B (A is at {learnt:.3f} throughout)", "steps on B", "accuracy on B", series)
    heights = {name: curve.mean().item() for name, curve in mean.items()}
    rows = [[name, heights[name], curve[-1].item()] for name, curve in mean.items()]
    lab.table("B, on test images", ["a new column", "mean over training", "at the end"], rows)
    gain, width = heights["beside A's"] - heights["alone"], heights["beside an untrained"] - heights["alone"]
    helped = abs(gain) < 0.15 if task_b == "turned" else gain > max(0.02, width)
    said = "under 0.15 either way" if task_b == "turned" else f"over 0.02 and over an untrained column's {width:.3f}"
    lab.check("laterals_help", helped, gain, said)
    lab.text(
        f"Of {100 * gain:.1f} points an untrained column in A's place gives {100 * width:.1f}: that much is width."
    )
    lab.figure("gain_in_points", 100 * gain)
    lab.figure("gain_of_mere_width", 100 * width)

    # 4. What B's loss reaches, and what columns cost.
    grown.zero_grad()
    F.cross_entropy(grown(few.images), few.labels).backward()
    reached = sum(weight.numel() for weight in grown.parameters() if weight.grad is not None)
    new = sum(weight.numel() for weight in grown.columns[-1].parameters())
    lab.check("only_new_learns", reached == new == size(2, sizes) - size(1, sizes), reached, f"{new:,}, the new column")
    counts, rows = [], []
    tall = ProgressiveNetwork(sizes)
    for columns in range(1, COLUMNS + 1):
        tall.add_column()
        counts.append(sum(weight.numel() for weight in tall.parameters()))
        laterals = sum(weight.numel() for column in tall.columns for weight in column.laterals.parameters())
        rows.append([columns, counts[-1], laterals, laterals / counts[-1]])
    lab.table("Parameters", ["columns", "all", "laterals", "share"], rows)
    formula = [size(columns, sizes) for columns in range(1, COLUMNS + 1)]
    lab.check("growth", counts == formula, counts[-1], f"{formula[-1]:,} for {COLUMNS} columns, and so for fewer")
    lab.figure("laterals_in_fifth_column", 100 * (rows[-1][2] - rows[-2][2]) / (counts[-1] - counts[-2]))


if __name__ == "__main__":
    raise SystemExit(main("progressive_network"))
