"""Rehearsal: a few old samples in every batch, and the old task stays.

Small networks learn task A (read digits), then task B (read them turned by 90 degrees) through the same ten outputs.
A buffer keeps some of A's training images; while B is learnt, part of every batch comes from it and the rest is new,
so that a batch costs what it did. Six shares are compared, from none to half of the batch, each by four networks that
differ in their start, their batches and their buffer. One old sample in 32 saves a good part of what plain training
loses, each doubling saves more, and B hardly notices.
"""

import copy
import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from demos.digits import BATCH, Digits, digits
from demos.kit import Demo, Integer, Lab, Mistake, Prediction, main

DEMO = Demo(
    title="Rehearsal: how many old samples keep task A",
    summary="While a network learns task B, none to half of each batch is replayed from a buffer of task A.",
    questions=["Q14"],
    parameters=[
        Integer("buffer", 200, 50, 1000, "training images of A that are kept, of 1,348"),
        Integer("steps", 150, 80, 200, "training steps on B"),
        Integer("hidden", 64, 32, 128, "hidden units of each network"),
    ],
    checks={
        "no_share_is_naive": "With nothing replayed every weight ends where plain training on B takes it, bit for bit",
        "forgetting_falls": "A larger share never forgets over 2 points more of A, and 1 old sample in 32 saves over 3",
        "half_keeps_a": "With half of each batch old, A loses at most 15 points",
        "b_is_learnt": "At every share B is learnt to at least 70 % test accuracy",
        "buffer_is_a": "The buffer holds images that A was trained on and none that it is tested on",
    },
    predictions=[
        Prediction(
            "saved_by_one_in_32",
            "Plain training on B loses part of A. How much of that loss does one old sample in a batch of 32 prevent?",
            "The first old sample counts most: an old image pulls hardest when it has just gone wrong, so a few "
            "of them correct what the new ones undo. Every further doubling adds less.",
            "%",
        ),
        Prediction(
            "points_of_b_for_half",
            "With half of each batch old, B is trained on half as many images. How many points of B does that cost?",
            "Far less than half: by the end of training B's curve is nearly flat, so half as many images cost little. "
            "The shorter the training, the more they cost.",
        ),
    ],
    mistakes=[
        Mistake(
            name="at_least_one",
            says="at least one old sample in every batch",
            right="torch.tensor(OLD)[:, None, None]",
            wrong="torch.tensor(OLD).clamp(min=1)[:, None, None]",
            fails="no_share_is_naive",
            why="The baseline must have no rehearsal in it at all; one sample in 32 already changes every weight.",
        ),
        Mistake(
            name="share_of_new",
            says="the share taken for that of the new samples",
            right="torch.arange(BATCH) < ",
            wrong="torch.arange(BATCH) >= ",
            fails="b_is_learnt",
            why="Share 0 now replays A alone: it keeps A perfectly and never sees B.",
        ),
        Mistake(
            name="same_few",
            says="always the first few samples of the buffer",
            right="draw(memory, old_order)",
            wrong="Digits(memory.images[:, :BATCH], memory.labels[:, :BATCH])",
            fails="half_keeps_a",
            why="Sixteen images are soon known by heart and no longer stand for A; a buffer helps by its variety.",
        ),
        Mistake(
            name="filled_too_late",
            says="the buffer is filled once B has begun, with B",
            right="remember(train_a, buffer, order)",
            wrong="remember(train_b, buffer, order)",
            fails="forgetting_falls",
            why="Whatever the share, every batch holds B alone, and the curves are one. Keep samples while A is there.",
        ),
        Mistake(
            name="labels_in_another_order",
            says="images joined as old and new, labels as new and old",
            right="torch.where(is_old, replayed.labels, new.labels)",
            wrong="torch.where(is_old, new.labels, replayed.labels)",
            fails="b_is_learnt",
            why="Images and labels must be concatenated in one order: otherwise each image is taught another's answer.",
        ),
        Mistake(
            name="buffer_from_test",
            says="the buffer is filled from the test part",
            right="memory = remember(train_a, ",
            wrong="memory = remember(test_a, ",
            fails="buffer_is_a",
            why="A then looks kept for the wrong reason: the network has trained on the images that judge it.",
        ),
    ],
)

OLD = (0, 1, 2, 4, 8, 16)  # samples of A in a batch of 32
SEEDS, STEPS_A, RATE = 4, 100, 5e-3


class Networks(nn.Module):
    """Networks that share nothing, 64 → hidden → 10 each: a layer of all of them is one batched matmul."""

    def __init__(self, count: int, hidden: int) -> None:
        super().__init__()
        self.W1, self.b1 = uniform(count, 64, hidden, fan_in=64), uniform(count, 1, hidden, fan_in=64)
        self.W2, self.b2 = uniform(count, hidden, 10, fan_in=hidden), uniform(count, 1, 10, fan_in=hidden)

    def forward(self, images: Tensor) -> Tensor:
        """Images (networks × batch × 8 × 8, or batch × 8 × 8 for all) to logits (networks × batch × 10)."""
        return (images.flatten(-2) @ self.W1 + self.b1).relu() @ self.W2 + self.b2

    def once_for_each_share(self) -> "Networks":
        """The same weights side by side: shares × networks × in × out."""
        copies = copy.deepcopy(self)
        for weight in copies.parameters():
            weight.data = weight.data.expand(len(OLD), -1, -1, -1).clone()
        return copies


def uniform(*shape: int, fan_in: int) -> nn.Parameter:
    return nn.Parameter((2 * torch.rand(shape) - 1) / math.sqrt(fan_in))


def remember(task: Digits, size: int, order: torch.Generator) -> Digits:
    """A buffer for each network (networks × size), in which no sample is twice."""
    pick = torch.rand(SEEDS, len(task.labels), generator=order).argsort(dim=1)[:, :size].to(task.labels.device)
    return Digits(task.images[pick], task.labels[pick])


def draw(task: Digits, order: torch.Generator) -> Digits:
    """A batch for each network (networks × 32): from a task that all see, or from each one's own buffer."""
    pick = torch.randint(task.labels.shape[-1], (SEEDS, BATCH), generator=order).to(task.labels.device)
    own = torch.arange(SEEDS, device=pick.device)[:, None]
    chosen = (own, pick) if task.labels.ndim == 2 else (pick,)
    return Digits(task.images[chosen], task.labels[chosen])


def learn(networks: Networks, steps: int, batch: Callable[[], Digits]) -> Iterator[int]:
    """Adam on the sum of the networks' losses, so that each gets its own gradient. Yields the steps done."""
    optimizer = torch.optim.Adam(networks.parameters(), lr=RATE, fused=True)
    for step in range(steps):
        yield step
        images, labels = batch()
        logits = networks(images)
        loss = F.cross_entropy(logits.flatten(0, -2), labels.expand(logits.shape[:-1]).flatten(), reduction="sum")
        optimizer.zero_grad()
        (loss / BATCH).backward()
        optimizer.step()
    yield steps


@torch.no_grad()
def accuracy(networks: Networks, task: Digits) -> Tensor:
    """The share of right answers, averaged over networks that differ in chance only (the last dimension but two)."""
    return (networks(task.images).argmax(dim=-1) == task.labels).float().mean(dim=(-1, -2))


def run(lab: Lab, *, buffer: int, steps: int, hidden: int) -> None:
    lab.text(f"**A**: read digits. **B**: read them turned. {buffer} of A's images are kept to be replayed beside B.")
    train_a, test_a = digits(lab.device)
    train_b, test_b = train_a.rotated(), test_a.rotated()
    order, new_order, old_order = (torch.Generator().manual_seed(lab.seed + i) for i in range(3))

    # 1. Four networks learn A, and each keeps some of what it has seen.
    networks, total = Networks(SEEDS, hidden).to(lab.device), STEPS_A + 2 * steps
    for step in learn(networks, STEPS_A, lambda: draw(train_a, order)):
        lab.progress(step, total, "learning A")
    learnt = accuracy(networks, test_a).item()
    memory = remember(train_a, buffer, order)

    # 2. Learn B at six shares at once. The first samples of a batch are old; the rest are plain training's own.
    is_old = (torch.arange(BATCH) < torch.tensor(OLD)[:, None, None]).to(lab.device)  # shares × 1 × batch

    def mixed() -> Digits:
        new, replayed = draw(train_b, new_order), draw(memory, old_order)
        images = torch.where(is_old[..., None, None], replayed.images, new.images)
        return Digits(images, torch.where(is_old, replayed.labels, new.labels))

    rehearsing, at, on_a = networks.once_for_each_share(), [], []
    for step in learn(rehearsing, steps, mixed):
        if step % (steps // 10) == 0 or step == steps:
            at.append(step)
            on_a.append(accuracy(rehearsing, test_a))
            lab.progress(STEPS_A + step, total, "learning B, with rehearsal")
    kept, b = on_a[-1], accuracy(rehearsing, test_b)
    lost = learnt - kept
    names = [f"{old}/{BATCH}" for old in OLD]
    curves = zip(names, torch.stack(on_a, dim=1), strict=True)
    series = [{"name": f"{name} old", "x": at, "y": curve} for name, curve in curves]
    lab.plot("Accuracy on A while B is learnt", "steps on B", "accuracy on A", series)
    rows = [list(row) for row in zip(names, kept.tolist(), lost.tolist(), b.tolist(), strict=True)]
    lab.table(f"After B, on test images; A was at {learnt:.3f}", ["old in a batch", "A", "A lost", "B"], rows)

    # 3. Share 0 against training that knows nothing of a buffer, on the same new samples.
    plain = networks.once_for_each_share()
    new_order.manual_seed(lab.seed + 1)
    for step in learn(plain, steps, lambda: draw(train_b, new_order)):
        lab.progress(STEPS_A + steps + step, total, "learning B, without")
    pairs = zip(rehearsing.parameters(), plain.parameters(), strict=True)
    moved = max((one[0] - other[0]).abs().max().item() for one, other in pairs)
    lab.check("no_share_is_naive", moved == 0, moved, "exactly 0 difference in any weight")

    # 4. What is kept, and what it costs B.
    worse, saved = lost.diff().max().item(), (lost[0] - lost[1]).item()
    falls, said = worse <= 0.02 and saved > 0.03, "no step up in share loses 0.02 more"
    lab.check("forgetting_falls", falls, worse, f"{said}; 1/{BATCH} saves {saved:.3f}, over 0.03")
    lab.check("half_keeps_a", lost[-1] <= 0.15, lost[-1], f"at most 0.15; plain training loses {lost[0]:.3f}")
    lab.check("b_is_learnt", b.min() >= 0.7, b.min(), f"at least 0.7; plain training reaches {b[0]:.3f}")
    lab.figure("saved_by_one_in_32", (100 * (kept[1] - kept[0]) / lost[0]).item())
    lab.figure("points_of_b_for_half", (100 * (b[0] - b[-1])).item())
    lab.figure("accuracy_on_a", dict(zip(names, kept.tolist(), strict=True)))
    lab.figure("accuracy_on_b", dict(zip(names, b.tolist(), strict=True)))

    # 5. What is in the buffer: a sample that A is judged by would make the kept accuracy worthless.
    held, learning, judging = (
        set(map(tuple, t.images.flatten(-2).flatten(0, -2).tolist())) for t in (memory, train_a, test_a)
    )
    strangers = len(held - learning) + len(held & judging)
    lab.check("buffer_is_a", strangers == 0, strangers, f"0 of {len(held)} different images")


if __name__ == "__main__":
    raise SystemExit(main("rehearsal"))
