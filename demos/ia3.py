"""IA³: one learned factor an activation, and afterwards no trace of it but other weights.

A frozen transformer that reads upright digits is to learn another task. IA³ (Liu et al., 2022) multiplies the keys,
the values and the inner activations of the feed-forward network by learned vectors, which start at one: each feature
is turned up, turned down or turned over. A factor on a feature can as well be a factor on the weights that make it or
use it, so the vectors fold into the matrices and cost nothing at inference; what folding changes is rounding alone.
"""

import copy

import torch
from torch import Tensor, nn

from demos.digits import accuracy, digits, fit, logits, loss_on, new_task
from demos.kit import Choice, Demo, Integer, Lab, Mistake, Prediction, Real, main
from demos.reader import LAYERS, WIDTH, Reader, trained_reader

DEMO = Demo(
    title="IA³: a learned factor on keys, values and inner activations",
    summary="A frozen transformer learns from a few hundred factors that start at one and fold into its weights.",
    questions=["Q35"],
    parameters=[
        Choice("task", "turned", ["turned", "mirrored", "inverted", "relabelled"], "what is to be learnt"),
        Choice("where", "all", ["all", "attention", "feed_forward"], "what is scaled: keys and values, inner, or all"),
        Integer("steps", 120, 80, 300, "training steps of the vectors"),
        Real("rate", 0.05, 0.03, 0.1, "learning rate of the vectors"),
    ],
    checks={
        "ones_at_start": "With every factor at one the output is the base's, bit for bit",
        "parameter_count": "What trains is one factor for each activation scaled: L·(d_k + d_v + d_ff) where all are",
        "base_frozen": "After training, every weight of the base has the bits it had",
        "learns": "Training the vectors alone brings the loss on the new task below half of the base's",
        "folded": "Folded into the weights, the output is the same: to 1e-5 in float32, to 1e-12 in float64",
        "powers_of_two": "With factors rounded to powers of two, folded and unfolded agree bit for bit",
    },
    predictions=[
        Prediction(
            figure="trainable_percent",
            ask="The reader has 68,682 weights, L = 2, d = 64, d_ff = 128. What share of that do the factors train?",
            unit="%",
            why="Where all are scaled, 2·(64 + 64 + 128) = 512 numbers, 0.75 %. Factors grow with the width, weights "
            "with its square: the share falls below 0.01 % from about 7 billion weights up, not before.",
        ),
        Prediction(
            figure="restored_by_division_percent",
            ask="Folded in, then divided out again: what share of the scaled weights has its old bits back (float32)?",
            unit="%",
            why="Product and quotient are each rounded, so some weights come back one unit off in the last place. To "
            "unfold exactly, keep the old weights; to swap tasks, keep the vectors unfolded beside the base.",
        ),
    ],
    mistakes=[
        Mistake(
            name="zeros_at_start",
            says="The factors start at zero, as LoRA's B does",
            right="torch.ones(features)",
            wrong="torch.zeros(features)",
            fails="ones_at_start",
            why="What is added is neutral at zero, what is multiplied at one. At zero, keys, values and feed-forward "
            "are silenced and the model says the same of every image.",
        ),
        Mistake(
            name="after_the_second_matrix",
            says="The feed-forward output is scaled instead of its inner activations",
            right="network[2] = Scaled(network[2], inner=True)",
            wrong="network[2] = Scaled(network[2], inner=False)",
            fails="parameter_count",
            why="l_ff stands between the non-linearity and the second matrix, so it has d_ff numbers, in most models "
            "two to four times d. peft must be told, by feedforward_modules, to scale a layer's input.",
        ),
        Mistake(
            name="not_frozen",
            says="The base is not frozen",
            right="reader = trained_reader(lab.device)",
            wrong="reader = trained_reader(lab.device).requires_grad_(True)",
            fails="base_frozen",
            why="The optimizer moves whatever requires a gradient. Then 512 numbers are no longer the whole of what "
            "the task needs, and no other task can share the base.",
        ),
        Mistake(
            name="usual_rate",
            says="The learning rate of full fine-tuning",
            right="rate=rate",
            wrong="rate=2e-5",
            fails="learns",
            why="Adam moves each factor by about the rate a step. A few hundred factors have to go from one to minus "
            "two or to three for the model to change its mind.",
        ),
        Mistake(
            name="columns_of_the_keys",
            says="A key's factor scales the columns of its matrix, not the rows",
            right="self.factor[:, None] * self.base.weight",
            wrong="self.factor * self.base.weight",
            fails="folded",
            why="Row i of W makes output i, column j uses input j. A factor on an output belongs to a row, one on an "
            "input to a column; square matrices do not complain when the two are mixed up.",
        ),
        Mistake(
            name="bias_forgotten",
            says="The bias is not scaled with the rows",
            right="folded.bias.data = self.factor * self.base.bias",
            wrong="folded.bias.data = self.base.bias.clone()",
            fails="powers_of_two",
            why="l ⊙ (Wx + b) scales the bias too. With factors that are powers of two rounding is no excuse: the "
            "difference is a mistake, and shows as one.",
        ),
    ],
)


class Scaled(nn.Module):
    """l ⊙ (Wx + b) for keys and values, W(l ⊙ x) + b for the feed-forward's second matrix, Liu et al. (2022), §3.3."""

    def __init__(self, base: nn.Linear, inner: bool) -> None:
        super().__init__()
        self.base = base
        self.inner = inner
        features = base.in_features if inner else base.out_features
        self.factor = nn.Parameter(torch.ones(features).to(base.weight))

    def forward(self, x: Tensor) -> Tensor:
        return self.base(self.factor * x) if self.inner else self.factor * self.base(x)

    def folded(self) -> nn.Linear:
        """One linear layer that does the same: l scales W's columns if it scales x, else its rows and the bias."""
        folded = copy.deepcopy(self.base)
        if self.inner:
            folded.weight.data = self.base.weight * self.factor
        else:
            folded.weight.data = self.factor[:, None] * self.base.weight
            folded.bias.data = self.factor * self.base.bias
        return folded


def scale(reader: Reader, where: str) -> list[Scaled]:
    """Put factors into every layer; returns the layers that have them."""
    for block in reader.blocks:
        attention, network = block.attention, block.feed_forward
        if where != "feed_forward":
            attention.k_proj = Scaled(attention.k_proj, inner=False)
            attention.v_proj = Scaled(attention.v_proj, inner=False)
        if where != "attention":
            network[2] = Scaled(network[2], inner=True)
    return [layer for layer in reader.modules() if isinstance(layer, Scaled)]


@torch.no_grad()
def fold(reader: Reader) -> Reader:
    """A reader of plain linear layers that answers as `reader` does."""
    plain = copy.deepcopy(reader)
    for name, layer in list(plain.named_modules()):
        if isinstance(layer, Scaled):
            plain.set_submodule(name, layer.folded())
    return plain


def apart(a: Tensor, b: Tensor) -> float:
    """The largest difference, as a share of the largest value."""
    return ((a - b).abs().max() / a.abs().max()).item()


def run(lab: Lab, *, task: str, where: str, steps: int, rate: float) -> None:
    lab.text(f"A reader of upright digits, frozen, learns **{task}** ones by turning its features up and down.")
    train, test = digits(lab.device)
    learn, judge = new_task(train, task), new_task(test, task)

    # 1. The base, and factors of one in each of its layers: nothing has changed yet.
    reader = trained_reader(lab.device)
    base, answers, before = list(reader.parameters()), logits(reader, test), loss_on(reader, judge)
    weights, rows = [w.clone() for w in base], [["base", accuracy(reader, test), accuracy(reader, judge)]]
    scaled = scale(reader, where)
    off = (logits(reader, test) - answers).abs().max().item()
    lab.check("ones_at_start", off == 0, off, "exactly 0")
    size, trainable = sum(w.numel() for w in base), sum(w.numel() for w in reader.parameters() if w.requires_grad)
    sizes = [*([WIDTH, WIDTH] if where != "feed_forward" else []), *([2 * WIDTH] if where != "attention" else [])]
    said = f"{LAYERS}·({' + '.join(map(str, sizes))}) = {LAYERS * sum(sizes)}, {trainable / size:.2%} of {size:,}"
    lab.check("parameter_count", trainable == LAYERS * sum(sizes), trainable, said)

    # 2. Train the factors.
    at, curve = [], []
    for step in fit(reader, learn, steps, rate=rate, seed=lab.seed):
        if step % (steps // 5) == 0 or step == steps:
            at.append(step)
            curve.append(accuracy(reader, judge))
            lab.progress(step, steps, "training the factors")
    lab.plot(f"Test accuracy on {task} digits", "steps", "accuracy", [{"name": "factors alone", "x": at, "y": curve}])
    rows.append(["factors in", accuracy(reader, test), curve[-1]])
    after = loss_on(reader, judge)
    lab.check("learns", after < before / 2, after, f"below half of {before:.3f} nats")
    moved = sum((now != weight).sum().item() for now, weight in zip(base, weights, strict=True))
    lab.check("base_frozen", moved == 0, moved, f"0 of {size:,} weights changed")
    factors = torch.cat([layer.factor.detach() for layer in scaled])
    kinds = [f"{share:.0%}" for share in ((factors < 0).float().mean(), (factors.abs() > 1).float().mean())]
    lab.text(
        f"Of {len(factors)} factors {kinds[1]} amplify and {kinds[0]} are below zero: their feature is turned over."
    )

    # 3. Fold them in. The model is a plain reader again, and the same but for rounding.
    plain = fold(reader)
    rows.append(["folded", accuracy(plain, test), accuracy(plain, judge)])
    lab.table("Test accuracy", ["", "upright", task], rows)
    single = apart(logits(reader, judge), logits(plain, judge))
    wide, images = copy.deepcopy(reader).cpu().double(), judge.images.cpu().double()
    double = apart(wide(images), fold(wide)(images))
    held = single <= 1e-5 and double <= 1e-12
    lab.check("folded", held, [single, double], "at most 1e-5 and 1e-12 of the largest output apart")

    # 4. It is rounding: (l·w)·x and l·(w·x) differ in their last bits, but not where l only moves the binary point.
    kept = [(w.base.weight, w.factor if w.inner else w.factor[:, None]) for w in scaled]
    restored = torch.cat([((weight * factor) / factor == weight).flatten() for weight, factor in kept])
    for layer in scaled:
        layer.factor.data = layer.factor.sign() * layer.factor.abs().log2().round().exp2()
    different = (logits(reader, judge) != logits(fold(reader), judge)).sum().item()
    lab.check("powers_of_two", different == 0, different, f"0 of {answers.numel():,} outputs differ")

    # 5. The same count elsewhere: L, d_k = d_v (fewer where heads share keys), d_ff.
    known = [("LLaMA-7B", 32, 4096, 11008, 6.74e9), ("Llama-3-8B", 32, 1024, 14336, 8.03e9)]
    known.append(("Llama-2-70B", 80, 1024, 28672, 68.98e9))
    table = [
        [name, f"{(count := deep * (2 * d + ff)):,}", f"{count / whole:.4%}"] for name, deep, d, ff, whole in known
    ]
    lab.table("IA³ at other sizes", ["", "L·(d_k + d_v + d_ff)", "share"], table)
    lab.figure("trainable_percent", 100 * trainable / size)
    lab.figure("restored_by_division_percent", 100 * restored.float().mean().item())
    lab.figure("largest_difference_float32", single)
    lab.figure("new_task_percent", 100 * curve[-1])


if __name__ == "__main__":
    raise SystemExit(main("ia3"))
