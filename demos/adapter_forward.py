"""Bottleneck adapters: a small detour after each sublayer, in a transformer that stays frozen.

A small transformer learns to read digits (its tokens are the image's eight rows). Frozen, it cannot read them turned
by 90 degrees. Adapters (Houlsby et al., 2019) squeeze each sublayer's output to `bottleneck` numbers and back, and add
the result to it: one after attention, one after the feed-forward network, both before the residual is added. They
begin as the identity, learn the new task alone, and when they are taken out the base is what it was, bit for bit.
"""

import copy
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from demos.digits import accuracy, digits, fit, logits
from demos.kit import Choice, Demo, Flag, Integer, Lab, Real, main

DEMO = Demo(
    title="Adapters: two small detours a layer, around frozen weights",
    summary="A frozen transformer learns turned digits through bottleneck adapters, and loses nothing for it.",
    questions=["Q35"],
    parameters=[
        Integer("bottleneck", 8, 1, 64, "m, the width of the adapters' waist; the model is 64 wide"),
        Integer("layers", 2, 1, 3, "transformer layers, each with two adapters"),
        Integer("steps", 150, 20, 300, "training steps of the adapters"),
        Real("rate", 0.01, 0.0001, 0.03, "learning rate of the adapters"),
        Choice("start", "zero", ["zero", "default"], "where `up` starts: zeroed, or as PyTorch fills any layer"),
        Flag("freeze", True, "freeze the base; false trains it along with the adapters"),
    ],
    checks={
        "identity_start": "Before training, the output with adapters is the base's, bit for bit",
        "base_frozen": "After training, every weight of the base has the bits it had",
        "removal_restores": "With the adapters taken out, the base's outputs are back, bit for bit",
        "parameter_share": "2dm + m + d parameters an adapter, two adapters a layer: all that was trained",
        "learns": "Training adapters alone takes the loss on turned digits below half of a guesser's, ln 10",
    },
)

WIDTH, HEADS, BASE_STEPS = 64, 4, 120


class BottleneckAdapter(nn.Module):
    """h + W_up · gelu(W_down · h): the non-linearity between is why it cannot be merged, and costs time for good."""

    def __init__(self, d_model: int, bottleneck: int = 64) -> None:
        super().__init__()
        self.down = nn.Linear(d_model, bottleneck)
        self.up = nn.Linear(bottleneck, d_model)
        nn.init.zeros_(self.up.weight)  # both zeroed: h + 0 is h, so the base's behaviour is where training starts
        nn.init.zeros_(self.up.bias)

    def forward(self, h: Tensor) -> Tensor:
        return h + self.up(F.gelu(self.down(h)))


class Block(nn.Module):
    """A transformer layer with room for an adapter after each sublayer, before the residual add (Houlsby, fig. 2)."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(d, HEADS, batch_first=True)
        self.feed_forward = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))
        self.norm_1, self.norm_2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.adapter_1, self.adapter_2 = nn.Identity(), nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm_1(x + self.adapter_1(self.attention(x, x, x, need_weights=False)[0]))
        return self.norm_2(x + self.adapter_2(self.feed_forward(x)))


class Reader(nn.Module):
    """Reads a digit from its eight rows of pixels, one token a row."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.embed, self.place = nn.Linear(8, WIDTH), nn.Parameter(0.5 * torch.randn(8, WIDTH))
        self.blocks = nn.Sequential(*(Block(WIDTH) for _ in range(layers)))
        self.head = nn.Linear(WIDTH, 10)

    def forward(self, rows: Tensor) -> Tensor:
        return self.head(self.blocks(self.embed(rows) + self.place).mean(dim=1))


def run(lab: Lab, *, bottleneck: int, layers: int, steps: int, rate: float, start: str, freeze: bool) -> None:
    lab.text("A **base** learns to read upright digits. **Adapters** in it then learn turned ones.")
    train, test = digits(lab.device)
    turned = test.rotated()

    # 1. A base that is good at something.
    model = Reader(layers).to(lab.device)
    for step in fit(model, train, BASE_STEPS, rate=3e-3, seed=lab.seed):
        lab.progress(step, BASE_STEPS + steps, "training the base")
    weights, answers = copy.deepcopy(model.state_dict()), logits(model, test)
    size = sum(weight.numel() for weight in weights.values())
    rows = [["base", accuracy(model, test), accuracy(model, turned)]]

    # 2. Freeze all of it (Houlsby lets the layer norms learn too) and put the adapters in: nothing changes yet.
    model.requires_grad_(not freeze)
    for block in model.blocks:
        block.adapter_1, block.adapter_2 = (BottleneckAdapter(WIDTH, bottleneck).to(lab.device) for _ in "12")
        if start == "default":
            block.adapter_1.up.reset_parameters()
            block.adapter_2.up.reset_parameters()
    change = logits(model, test) - answers
    off = (change.norm() / answers.norm()).item()
    lab.check("identity_start", not change.any(), off, "exactly 0 of the output's size")

    # 3. Train what is not frozen on turned digits.
    at, on_turned, on_upright = [], [], []
    for step in fit(model, train.rotated(), steps, rate=rate, seed=lab.seed + 1):
        if step % (steps // 10) == 0 or step == steps:
            at.append(step)
            on_turned.append(accuracy(model, turned))
            on_upright.append(accuracy(model, test))
            lab.progress(BASE_STEPS + step, BASE_STEPS + steps, "training the adapters")
    curves = {"turned (new)": on_turned, "upright (the base's), adapters in": on_upright}
    series = [{"name": name, "x": at, "y": curve} for name, curve in curves.items()]
    lab.plot("Test accuracy while the adapters learn", "steps", "accuracy", series)

    # 4. The base has not moved; only the adapters have learnt.
    now = model.state_dict()
    moved = sum((now[name] != weight).sum().item() for name, weight in weights.items())
    lab.check("base_frozen", moved == 0, moved, f"0 of {size:,} weights changed")
    trained = sum(w.numel() for w in model.parameters() if w.requires_grad)
    formula = 2 * layers * (2 * WIDTH * bottleneck + bottleneck + WIDTH)
    share = f"{formula:,}, {formula / size:.1%} of the base"
    lab.check("parameter_share", trained == formula, trained, share)
    loss, half = F.cross_entropy(logits(model, turned), turned.labels).item(), math.log(10) / 2
    lab.check("learns", loss < half and not moved, loss, f"below {half:.3f} nats, the base unmoved")

    # 5. With the adapters in, the model has forgotten some of the old task. Take them out, and it is back.
    rows.append(["adapters in", on_upright[-1], on_turned[-1]])
    for block in model.blocks:
        block.adapter_1, block.adapter_2 = nn.Identity(), nn.Identity()
    rows.append(["adapters out", accuracy(model, test), accuracy(model, turned)])
    lab.table("Test accuracy", ["", "upright digits", "turned digits"], rows)
    different = (logits(model, test) != answers).sum().item()
    lab.check("removal_restores", different == 0, different, f"0 of {answers.numel():,} outputs differ")

    # 6. The same arithmetic at BERT-large's size: 24 layers, d = 1024, 335 million weights.
    at_scale = [[m, count := 2 * 24 * (2 * 1024 * m + m + 1024), f"{count / 335e6:.2%}"] for m in (8, 64, 256)]
    lab.table("Adapters in BERT-large", ["m", "parameters", "share"], at_scale)
    lab.figure("share", trained / size)
    lab.figure("test_accuracy", {row[0]: {"upright": row[1], "turned": row[2]} for row in rows})


if __name__ == "__main__":
    raise SystemExit(main("adapter_forward"))
