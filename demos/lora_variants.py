"""LoRA's variants: each changes one thing, and each still folds into one weight.

A small network that reads upright digits is to read them turned by 90 degrees. One layer of it, 64 × 64, gets a
low-rank update, five times over: LoRA; rsLoRA, which scales by α/√r; DoRA, which trains the length of every row apart
from its direction; LoRA+, which lets B learn faster than A; and PiSSA, which starts from the largest singular vectors
of the weight itself. Which of them ends lowest depends on the learning rate; what each of them changes does not.
"""

import copy
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from demos.digits import BATCH, accuracy, digits, fit, logits
from demos.kit import Demo, Integer, Lab, Mistake, Prediction, Real, main
from demos.lora_merge import LoRALinear

DEMO = Demo(
    title="LoRA's variants: rsLoRA, DoRA, LoRA+, PiSSA",
    summary="Five low-rank updates of one layer: what each changes, what it costs, and that all of them merge.",
    questions=["Q4", "Q35"],
    parameters=[
        Integer("r", 8, 1, 32, "rank of the update; the layer is 64 × 64"),
        Integer("lora_alpha", 16, 1, 64, "α; LoRA scales its update by α/r, rsLoRA by α/√r"),
        Real("rate", 0.005, 0.0005, 0.05, "Adam's learning rate for everything that trains"),
        Real("ratio", 16.0, 2.0, 32.0, "LoRA+: B's learning rate over A's"),
        Integer("steps", 80, 20, 120, "training steps of each variant"),
    ],
    checks={
        "starts_at_base": "Before training every variant gives the base's output, to 1e-5 of the largest",
        "rslora_scale": "With the same A and B, rsLoRA's update is √r times LoRA's",
        "gain_by_rank": "A step on B gains 16 times less at rank 64 than at 4 under α/r, as much under α/√r (± 30 %)",
        "dora_recomposes": "At the start DoRA's magnitude times the direction is the base's weight, to 1e-6",
        "dora_lengths": "After training, the rows of DoRA's weight are as long as the magnitudes say",
        "pissa_principal": "PiSSA's residual has W's singular values without the r largest, to 1e-4",
        "lora_plus": "LoRA+ moves B `ratio` times as far as LoRA in the first step, and A no further when it starts",
        "trained_count": "DoRA trains `out` numbers more than LoRA's r·(in + out); the others train LoRA's number",
        "merges": "Merged into one weight, every variant answers as it did, to 1e-5 of the largest output",
    },
    predictions=[
        Prediction(
            "rslora_over_lora",
            "With the same A and B, how many times LoRA's update is rsLoRA's?",
            "α/√r over α/r is √r: 2.8 at rank 8, 16 at rank 256. With a fixed α, LoRA learns more slowly "
            "the larger its rank is.",
        ),
        Prediction(
            "dora_extra",
            "How many numbers does DoRA train on this layer beyond LoRA's?",
            "One magnitude for each output, whatever the rank: 64 here. On a 7B model's q and v it is 3 % more than "
            "LoRA at rank 16.",
        ),
        Prediction(
            "lowest_loss",
            "Which variant has the lowest loss on turned digits at the end?",
            "At 0.005 LoRA+ takes the largest steps. At 0.02 plain LoRA is nearly as good and PiSSA is ahead: each "
            "variant likes another rate, so a comparison at one of them says little.",
            choices=("LoRA", "rsLoRA", "DoRA", "LoRA+", "PiSSA"),
        ),
    ],
    mistakes=[
        Mistake(
            "rslora_divides_by_r",
            "rsLoRA scaled like LoRA, by α/r",
            "self.scaling = lora_alpha / math.sqrt(r)",
            "self.scaling = lora_alpha / r",
            "gain_by_rank",
            "The gradient of B is s·G·Aᵀ and A has r rows, so a step gains s²·r: only s ∝ 1/√r makes that the same at "
            "every rank.",
        ),
        Mistake(
            "alpha_under_the_root",
            "the root taken of α as well",
            "lora_alpha / math.sqrt(r)",
            "math.sqrt(lora_alpha / r)",
            "rslora_scale",
            "The trend with r is right, so a sweep over ranks looks fine; against LoRA the size is off by √α.",
        ),
        Mistake(
            "dora_norm_of_columns",
            "the magnitude taken down the columns of the stored weight",
            "nn.Parameter(base.weight.norm(dim=1))",
            "nn.Parameter(base.weight.norm(dim=0))",
            "dora_recomposes",
            "PyTorch stores out × in: an output's weights are a row. On a square layer the wrong axis raises no error.",
        ),
        Mistake(
            "dora_frozen_norm",
            "the direction divided by the base's norm, not by its own",
            "self.magnitude / v.norm(dim=1)",
            "self.magnitude / self.base.weight.norm(dim=1)",
            "dora_lengths",
            "At the start the two norms agree. Once B·A moves the rows they do not, and the magnitude is no length.",
        ),
        Mistake(
            "dora_scales_the_bias",
            "the bias stretched with the rest",
            "self.stretch() * (h - self.base.bias) + self.base.bias",
            "self.stretch() * h",
            "merges",
            "The magnitude belongs to the weight. At the start the stretch is 1 and nothing shows; after training the "
            "merged layer, whose bias is plain, disagrees.",
        ),
        Mistake(
            "dora_magnitude_fixed",
            "the magnitude kept out of the parameters",
            "self.magnitude = nn.Parameter(",
            "self.magnitude = torch.clone(",
            "trained_count",
            "A plain tensor is invisible to the optimiser, and to .to() and the state dict: DoRA without its M.",
        ),
        Mistake(
            "pissa_forgets_s",
            "s left out of what PiSSA takes from the base",
            "self.base.weight.data -= self.scaling * (self.lora_B @ self.lora_A).data",
            "self.base.weight.data -= (self.lora_B @ self.lora_A).data",
            "starts_at_base",
            "PiSSA's B·A is not zero, so the base has to give up all that the layer adds: s·B·A, not B·A.",
        ),
        Mistake(
            "pissa_no_root",
            "the singular values given to A and B whole, not by their root",
            "root = (size[:r] / self.scaling).sqrt()",
            "root = size[:r] / self.scaling",
            "pissa_principal",
            "B·A then carries the values squared. The residual hides it, since it gives up whatever s·B·A is: the "
            "layer starts right, with too much or too little of W to train.",
        ),
        Mistake(
            "ratio_on_a",
            "the larger rate given to A",
            "fast = layer.lora_B",
            "fast = layer.lora_A",
            "lora_plus",
            "B starts at zero and decides how far the update gets; A only says what it listens to.",
        ),
        Mistake(
            "ratio_on_both",
            "one larger rate for A and B",
            '{"params": slow, "lr": rate}',
            '{"params": slow, "lr": ratio * rate}',
            "lora_plus",
            "B moves right, and A `ratio` times too far: that is LoRA at a higher learning rate, not LoRA+.",
        ),
    ],
)

WIDTH, BASE_STEPS, DRAWS = 64, 120, 1000


class RsLoRA(LoRALinear):
    """LoRA's W₀x + s·B·A·x with s = α/√r in the place of α/r: Kalajdzievski (2023)."""

    def __init__(self, base: nn.Linear, r: int, lora_alpha: float) -> None:
        super().__init__(base, r, lora_alpha)
        self.scaling = lora_alpha / math.sqrt(r)


class DoRA(LoRALinear):
    """W = m·V/‖V‖, V = W₀ + s·B·A, with a trained length m for each row: Liu et al. (2024), eq. 5."""

    def __init__(self, base: nn.Linear, r: int, lora_alpha: float) -> None:
        super().__init__(base, r, lora_alpha)
        self.magnitude = nn.Parameter(base.weight.norm(dim=1))

    def stretch(self) -> Tensor:
        """m/‖V‖ for each row. The norm follows V, but the gradient takes it as a constant (§4.3)."""
        v = self.base.weight + super().delta()
        return self.magnitude / v.norm(dim=1)

    def forward(self, x: Tensor) -> Tensor:
        h = super().forward(x)
        return h if self.merged else self.stretch() * (h - self.base.bias) + self.base.bias

    def delta(self) -> Tensor:
        w = self.base.weight
        return self.stretch()[:, None].detach() * (w + super().delta()) - w


class PiSSA(LoRALinear):
    """s·B·A starts as the r largest singular parts of W, and the frozen base as the rest: Meng et al. (2024)."""

    def __init__(self, base: nn.Linear, r: int, lora_alpha: float) -> None:
        super().__init__(base, r, lora_alpha)
        left, size, right = torch.linalg.svd(base.weight)
        root = (size[:r] / self.scaling).sqrt()
        self.lora_B.data, self.lora_A.data = left[:, :r] * root, root[:, None] * right[:r]
        self.base.weight.data -= self.scaling * (self.lora_B @ self.lora_A).data


def adam(layer: LoRALinear, rate: float, ratio: float = 1.0) -> torch.optim.Adam:
    """LoRA+ is this optimiser with ratio > 1: Hayou et al. (2024)."""
    fast = layer.lora_B
    slow = [weight for weight in layer.parameters() if weight.requires_grad and weight is not fast]
    return torch.optim.Adam([{"params": slow, "lr": rate}, {"params": fast, "lr": ratio * rate}], fused=True)


def gain(kind: type[LoRALinear], r: int, lora_alpha: float, gradient: Tensor) -> float:
    """‖∂L/∂B‖² = s²·‖G·Aᵀ‖², G = ∂L/∂W: what a small step on B takes off the loss; a mean over fresh A's."""
    base = nn.Linear(WIDTH, WIDTH)
    layers = [kind(base, r, lora_alpha) for _ in range(DRAWS // r + 20)]
    to_b = [layer.scaling * gradient @ layer.lora_A.data.T.to(gradient) for layer in layers]
    return torch.stack([g.square().sum() for g in to_b]).mean().item()


def far(a: Tensor, b: Tensor) -> float:
    """The largest difference, as a share of b's largest entry."""
    return ((a - b).abs().max() / b.abs().max()).item()


def run(lab: Lab, *, r: int, lora_alpha: int, rate: float, ratio: float, steps: int) -> None:
    lab.text(f"A {WIDTH} × {WIDTH} layer that reads upright digits gets an update of rank {r} with α = {lora_alpha}.")
    train, test = digits(lab.device)
    task, judge = train.rotated(), test.rotated()
    kinds = {"LoRA": LoRALinear, "rsLoRA": RsLoRA, "DoRA": DoRA, "LoRA+": LoRALinear, "PiSSA": PiSSA}
    total = BASE_STEPS + len(kinds) * steps

    # 1. The base, and the layer that is to change.
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 10)).to(lab.device)
    for step in fit(model, train, BASE_STEPS, rate=3e-3, seed=lab.seed):
        lab.progress(step, total, "the base learns upright digits")
    base, x = model[1], judge.images.flatten(1)
    gradient = torch.autograd.grad(F.cross_entropy(model(task.images), task.labels), base.weight)[0]
    model.requires_grad_(False)

    # 2. Each variant starts where the base is.
    layers = {}
    for name, kind in kinds.items():
        torch.manual_seed(lab.seed)  # the same A for all
        layers[name] = kind(copy.deepcopy(base), r, lora_alpha).to(lab.device)
    lora, dora, pissa = layers["LoRA"], layers["DoRA"], layers["PiSSA"]
    off, farthest = max((far(layer(x), base(x)), name) for name, layer in layers.items())
    lab.check("starts_at_base", off <= 1e-5, off, f"at most 1e-5; {farthest} is farthest")
    off = (dora.magnitude[:, None] * F.normalize(base.weight, dim=1) - base.weight).abs().max().item()
    lab.check("dora_recomposes", off <= 1e-6, off, "at most 1e-6 off any weight")
    off = far(torch.linalg.svdvals(pissa.base.weight)[: WIDTH - r], torch.linalg.svdvals(base.weight)[r:])
    lab.check("pissa_principal", off <= 1e-4, off, f"at most 1e-4 off W's {WIDTH - r} smallest")
    counts = {name: sum(w.numel() for w in layer.parameters() if w.requires_grad) for name, layer in layers.items()}
    right = {name: 2 * WIDTH * r + (WIDTH if name == "DoRA" else 0) for name in kinds}
    lab.check("trained_count", counts == right, counts["DoRA"], f"2·64·{r} + 64 = {right['DoRA']}")
    lab.figure("dora_extra", counts["DoRA"] - counts["LoRA"])

    # 3. rsLoRA: the size of the update, and what a step gains from rank to rank.
    times = layers["rsLoRA"].scaling / lora.scaling
    lab.check("rslora_scale", abs(times - math.sqrt(r)) <= 1e-6, times, f"√{r} = {math.sqrt(r):.4f}")
    lab.figure("rslora_over_lora", times)
    ranks, curves = [4, 8, 16, 32, 64], {}
    for name in ("LoRA", "rsLoRA"):
        gains = [gain(kinds[name], rank, lora_alpha, gradient) for rank in ranks]
        curves[name] = [one / gains[0] for one in gains]
    series = [{"name": name, "x": ranks, "y": curve} for name, curve in curves.items()]
    lab.plot("What one gradient step on B gains", "rank", "times rank 4's", series)
    ends = [curves["LoRA"][-1], curves["rsLoRA"][-1]]
    lab.check("gain_by_rank", max(abs(16 * ends[0] - 1), abs(ends[1] - 1)) <= 0.3, ends, "1/16 and 1, within 30 %")

    # 4. Train each on the same batches, then fold it into one weight.
    rows, series, moved, unlike = [], [], {}, {}
    for number, (name, layer) in enumerate(layers.items()):
        model[1], at, losses, a = layer, [], [], layer.lora_A.detach().clone()
        optimizer, order = adam(layer, rate, ratio if name == "LoRA+" else 1.0), torch.Generator().manual_seed(lab.seed)
        for step in range(1, steps + 1):
            pick = torch.randint(len(task.labels), (BATCH,), generator=order).to(lab.device)
            optimizer.zero_grad()
            F.cross_entropy(model(task.images[pick]), task.labels[pick]).backward()
            optimizer.step()
            if step <= 2:
                moved[name, step] = (layer.lora_B if step == 1 else layer.lora_A - a).abs().max().item()
            if step % (steps // 10) == 0:
                at.append(step)
                losses.append(F.cross_entropy(logits(model, judge), judge.labels).item())
                lab.progress(BASE_STEPS + number * steps + step, total, name)
        series.append({"name": name, "x": at, "y": losses})
        unmerged, read = layer(x).detach(), accuracy(model, judge)
        layer.merge()
        unlike[name] = far(layer(x), unmerged)
        longer = (layer.base.weight.norm(dim=1) / base.weight.norm(dim=1) - 1).abs().mean().item()
        turned = F.cosine_similarity(layer.base.weight, base.weight).clamp(-1, 1).arccos().rad2deg().mean().item()
        rows.append([name, counts[name], losses[-1], read, longer, turned])
    lab.plot("Loss on turned digits", "steps", "nats", series)
    columns = ["", "trained", "loss", "accuracy", "rows longer or shorter by", "rows turned by (degrees)"]
    lab.table("After training: each row of the weight has a length and a direction", columns, rows)
    lab.figure("lowest_loss", min(rows, key=lambda row: row[2])[0])
    lab.figure("test_accuracy", {row[0]: row[3] for row in rows})

    # 5. What held.
    b, a = (moved["LoRA+", step] / moved["LoRA", step] for step in (1, 2))
    lab.check("lora_plus", abs(b / ratio - 1) <= 0.01 and abs(a - 1) <= 0.01, [b, a], f"{ratio:g} and 1, within 1 %")
    off = far(dora.base.weight.norm(dim=1), dora.magnitude.abs())
    lab.check("dora_lengths", off <= 1e-5, off, "at most 1e-5 of the longest row")
    lab.check("merges", max(unlike.values()) <= 1e-5, max(unlike.values()), "at most 1e-5 of the largest output")


if __name__ == "__main__":
    raise SystemExit(main("lora_variants"))
