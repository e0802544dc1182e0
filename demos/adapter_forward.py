"""Bottleneck adapters: a small detour after each sublayer, in a transformer that stays frozen.

A small transformer reads digits (its tokens are the image's eight rows) but not digits turned by 90 degrees. Adapters
(Houlsby et al., 2019) squeeze each sublayer's output to `bottleneck` numbers and back, and add the result to it: one
after attention, one after the feed-forward network, both before the residual is added. They begin as the identity and
learn the new task alone. With them in, the model forgets some of the old task, though no weight of it has moved; with
them out, it is what it was, bit for bit.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from demos.digits import accuracy, digits, fit, logits
from demos.kit import Demo, Integer, Lab, Mistake, Prediction, Real, main
from demos.reader import LAYERS, WIDTH, trained_reader

DEMO = Demo(
    title="Adapters: two small detours a layer, around frozen weights",
    summary="A frozen transformer learns turned digits through bottleneck adapters; without them it is itself again.",
    questions=["Q35"],
    parameters=[
        Integer("bottleneck", 8, 1, 64, "m, the width of the adapters' waist; the model is 64 wide"),
        Integer("steps", 100, 100, 200, "training steps of the adapters"),
        Real("rate", 0.01, 0.006, 0.016, "learning rate of the adapters"),
    ],
    checks={
        "identity_start": "Before training, the output with adapters is the base's, bit for bit",
        "base_frozen": "After training, every weight of the base has the bits it had",
        "parameter_share": "2dm + m + d parameters an adapter, two adapters a layer: all that was trained",
        "learns": "Training adapters alone raises test accuracy on turned digits by at least 20 points",
        "removal_restores": "With the adapters taken out, the base's outputs are back, bit for bit",
    },
    predictions=[
        Prediction(
            "trained_percent",
            "Two adapters in each of the two layers: what trains is how many per cent of the base's 68,682 weights?",
            "2dm + m + d each, so it grows with the waist m and shrinks with the model: at m = 8 it is a quarter of a "
            "per cent of BERT-large.",
            unit="%",
        ),
        Prediction(
            "upright_with_adapters_percent",
            "The frozen base reads 98 % of the upright digits. With the trained adapters in, how many per cent?",
            "Frozen weights do not mean unchanged behaviour. The adapters act on every input, so the adapted model "
            "forgets; the base is preserved exactly, but only with the adapters out.",
            unit="%",
        ),
    ],
    mistakes=[
        Mistake(
            "usual_start",
            "`up` starts as PyTorch fills any layer",
            right="nn.init.zeros_(weight)",
            wrong="pass",
            fails="identity_start",
            why="x + f(x) is x only while f gives zero. A random `up` disturbs every layer before anything was learnt.",
        ),
        Mistake(
            "no_residual",
            "the adapter's own residual left out",
            right="return h + self.up(",
            wrong="return self.up(",
            fails="identity_start",
            why="With `up` at zero and nothing beside it, the adapter swallows the sublayer's output.",
        ),
        Mistake(
            "not_frozen",
            "the base is left to train",
            right="model.requires_grad_(False)",
            wrong="model.requires_grad_(True)",
            fails="base_frozen",
            why="The optimizer takes whatever requires a gradient, and then nothing is left to go back to.",
        ),
        Mistake(
            "shared_adapter",
            "one adapter is put in both places",
            right='block.adapter_1, block.adapter_2 = (BottleneckAdapter(WIDTH, bottleneck) for _ in "12")',
            wrong="block.adapter_1 = block.adapter_2 = BottleneckAdapter(WIDTH, bottleneck)",
            fails="parameter_share",
            why="Two names for one module are one set of weights: half the parameters, tied without anyone asking.",
        ),
        Mistake(
            "all_zero",
            "`down` starts at zero as well",
            right="self.up.parameters()",
            wrong="self.parameters()",
            fails="learns",
            why="Each projection's gradient has the other as a factor, so only the last bias ever learns anything.",
        ),
        Mistake(
            "half_removed",
            "only the adapters after attention are taken out",
            right="block.adapter_1 = block.adapter_2 = nn.Identity()",
            wrong="block.adapter_1 = nn.Identity()",
            fails="removal_restores",
            why="The ones after the feed-forward networks still act. Removal is exact only when all of it is removed.",
        ),
        Mistake(
            "norms_train",
            "the layer norms are trained as well",
            right="model.requires_grad_(False)",
            wrong="for part in model.modules(): part.requires_grad_(isinstance(part, nn.LayerNorm))",
            fails="removal_restores",
            why="Houlsby trains them, a set for each task. Trained in place, they stay changed when the adapters go.",
        ),
    ],
)


class BottleneckAdapter(nn.Module):
    """h + W_up · gelu(W_down · h): the non-linearity between is why it cannot be merged, and costs time for good."""

    def __init__(self, d_model: int, bottleneck: int = 64) -> None:
        super().__init__()
        self.down = nn.Linear(d_model, bottleneck)
        self.up = nn.Linear(bottleneck, d_model)
        for weight in self.up.parameters():  # matrix and bias: h + 0 is h, so training starts from the base's behaviour
            nn.init.zeros_(weight)

    def forward(self, h: Tensor) -> Tensor:
        return h + self.up(F.gelu(self.down(h)))


def run(lab: Lab, *, bottleneck: int, steps: int, rate: float) -> None:
    lab.text(f"A **frozen transformer** reads upright digits. **Adapters** {bottleneck} wide are to read turned ones.")
    train, test = digits(lab.device)
    turned = test.rotated()
    model = trained_reader(lab.device)
    answers = logits(model, test)
    weights = {name: weight.clone() for name, weight in model.state_dict().items()}
    size = sum(weight.numel() for weight in weights.values())
    on_base = accuracy(model, test), accuracy(model, turned)

    # 1. Freeze all of the base, then put the adapters in: nothing changes yet.
    model.requires_grad_(False)
    for block in model.blocks:
        block.adapter_1, block.adapter_2 = (BottleneckAdapter(WIDTH, bottleneck) for _ in "12")
    model.to(lab.device)
    change = logits(model, test) - answers
    off = (change.norm() / answers.norm()).item()
    lab.check("identity_start", not change.any(), off, "exactly 0 of the output's size")

    # 2. Train what is not frozen on turned digits.
    at, on_turned, on_upright = [], [], []
    for step in fit(model, train.rotated(), steps, rate=rate, seed=lab.seed):
        if step % (steps // 10) == 0 or step == steps:
            at.append(step)
            on_turned.append(accuracy(model, turned))
            on_upright.append(accuracy(model, test))
            lab.progress(step, steps, "training the adapters")
    curves = {"turned (new)": on_turned, "upright (the base's), adapters in": on_upright}
    series = [{"name": name, "x": at, "y": curve} for name, curve in curves.items()]
    lab.plot("Test accuracy while the adapters learn", "steps", "accuracy", series)

    # 3. The base has not moved; only the adapters have learnt.
    now = model.state_dict()
    moved = sum(int((now[name] != weight).sum()) for name, weight in weights.items())
    lab.check("base_frozen", moved == 0, moved, f"0 of {size:,} weights changed")
    trained = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    formula = 2 * LAYERS * (2 * WIDTH * bottleneck + bottleneck + WIDTH)
    lab.check("parameter_share", trained == formula, trained, f"{formula:,}, {formula / size:.1%} of the base")
    gain = on_turned[-1] - on_base[1]
    lab.check("learns", gain >= 0.2 and not moved, gain, "at least 0.2 more, the base unmoved")

    # 4. With the adapters in, the model has forgotten some of the old task. Take them out, and it is back.
    for block in model.blocks:
        block.adapter_1 = block.adapter_2 = nn.Identity()
    rows = [["base", *on_base], ["adapters in", on_upright[-1], on_turned[-1]]]
    rows.append(["adapters out", accuracy(model, test), accuracy(model, turned)])
    lab.table("Test accuracy", ["", "upright digits", "turned digits"], rows)
    differ = int((logits(model, test) != answers).sum())
    lab.check("removal_restores", differ == 0, differ, f"0 of {answers.numel():,} outputs differ")

    # 5. The same arithmetic at BERT-large's size: 24 layers, d = 1024, 335 million weights.
    at_scale = [[m, count := 2 * 24 * (2 * 1024 * m + m + 1024), f"{count / 335e6:.2%}"] for m in (8, 64, 256)]
    lab.table("Adapters in BERT-large", ["m", "parameters", "share"], at_scale)
    lab.figure("trained_percent", 100 * trained / size)
    lab.figure("turned_with_adapters_percent", 100 * on_turned[-1])
    lab.figure("upright_with_adapters_percent", 100 * on_upright[-1])


if __name__ == "__main__":
    raise SystemExit(main("adapter_forward"))
