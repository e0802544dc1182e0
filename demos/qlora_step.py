"""QLoRA: one training step through a base in four bits, looked at from every side, and then a short training.

A small network has learnt to read digits. Its three layers are frozen in NF4, and each gets a LoRA detour that is to
learn the digits turned by 90 degrees. Every forward pass rebuilds the weights from their codes, multiplies and throws
them away; the backward pass rebuilds them once more, since the gradient goes through W to reach the layers below. For
W there is none: A and B are all that trains. The loss falls as it does over a base in float32, and what training has
to hold is counted tensor by tensor, against LoRA over 16 bits and against full fine-tuning.
"""

import copy
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from demos.digits import Digits, accuracy, digits, fit, logits
from demos.kit import Demo, Integer, Lab, Mistake, Prediction, main
from demos.lora_merge import LoRALinear
from demos.nf4_quantize import NF4Weight, dequantize_nf4, double_dequantize, double_quantize, quantize_nf4

DEMO = Demo(
    title="QLoRA: a training step through four bits",
    summary="LoRA trains over a frozen NF4 base: who has a gradient, what is kept, what it costs in bytes.",
    questions=["Q4"],
    parameters=[
        Integer("r", 8, 2, 16, "rank of the adapters"),
        Integer("lora_alpha", 16, 8, 32, "α; the update is scaled by α/r"),
        Integer("width", 160, 128, 256, "hidden units in each of the two hidden layers"),
        Integer("steps", 150, 50, 200, "training steps"),
    ],
    checks={
        "base_survives": "In NF4 the base still reads upright digits, within 3 points of what it read in float32",
        "only_adapters": "After the backward pass A and B have a gradient, and nothing else has",
        "through_w": "The gradient that reaches a layer's input is the one through the rebuilt weight",
        "nothing_kept": "Nothing of W's size waits for the backward pass: a step rebuilds W twice instead",
        "memory_order": "QLoRA holds fewer bytes to train than LoRA over 16 bits, and LoRA fewer than full fine-tuning",
        "codes_unchanged": "After training, every code and scale of the base has the bits it had",
        "loss_gap": "The loss falls to a third at most, and ends where it does over float32, to within 5 % of the fall",
    },
    predictions=[
        Prediction(
            "rebuilt_in_a_step",
            "How many times does one training step rebuild the weight of the last layer from its codes?",
            "Once to go forward, once for the gradient on its way down. Keeping the first copy for the second use "
            "would hold every layer's weight at once, and the four bits would have saved nothing. This is the time "
            "that QLoRA pays. (The first layer's input is data and needs no gradient: its weight is rebuilt once.)",
            unit="times",
        ),
        Prediction(
            "percent_of_full_tuning",
            "QLoRA's weights, gradients and optimiser states: how many per cent of what full fine-tuning holds?",
            "Sixteen bytes a weight become about half a byte, plus sixteen for each number of the adapters. In a layer "
            "this small the adapters are most of that; in a large model they all but vanish.",
            unit="%",
        ),
        Prediction(
            "percent_read_in_nf4",
            "The base is put into four bits. How many per cent of the upright digits does it still read?",
            "Each weight is off by a few per cent of its block's largest, and a sum over many weights averages that "
            "out. What is lost for good is small, and the adapters train on top of the weights as they are now.",
            unit="%",
        ),
    ],
    mistakes=[
        Mistake(
            "mean_forgotten",
            "the mean of the scales is not added back",
            right="double_dequantize(self.scales, self.second, self.mean)",
            wrong="double_dequantize(self.scales, self.second, 0 * self.mean)",
            fails="base_survives",
            why="Scales are all positive, so double quantization stores how far they are from their mean. Without it "
            "half of the blocks change sign.",
        ),
        Mistake(
            "biases_train",
            "the base's biases are left to train",
            right="self.bias = base.bias",
            wrong="self.bias = nn.Parameter(base.bias.detach())",
            fails="only_adapters",
            why="Biases that move are not in the adapter's file, and taking the adapter out does not bring the base "
            "back. Freezing is for everything that is not the adapter.",
        ),
        Mistake(
            "no_gradient_through",
            "no gradient for W taken to mean none through W",
            right="return of_y @ ctx.base.weight(), None",
            wrong="return None, None",
            fails="through_w",
            why="The layers below then hear of the loss through the adapters alone, and at first, with B = 0, not at "
            "all. torch.no_grad() around the frozen layer does the same.",
        ),
        Mistake(
            "left_to_autograd",
            "F.linear on the rebuilt weight",
            right="ThroughNF4.apply(x, self)",
            wrong="F.linear(x, self.weight())",
            fails="nothing_kept",
            why="The numbers are right, and autograd keeps each rebuilt weight until its backward pass: at the end of "
            "the forward pass the whole base lies there in full.",
        ),
        Mistake(
            "original_kept",
            "the float32 layer is kept beside its codes",
            right="self.bias = base.bias",
            wrong="self.bias, self.original = base.bias, base",
            fails="memory_order",
            why="Four bits more, not four instead of 32. Any reference to the old tensor will do this.",
        ),
        Mistake(
            "merged_each_step",
            "the update is merged into the base after every step",
            right='lab.progress(BASE_STEPS + done * steps + step, BASE_STEPS + 2 * steps, f"training over {name}")',
            wrong="[layer.base.store(layer.base.weight() + layer.delta()) for layer in qlora[1::2]]",
            fails="codes_unchanged",
            why="Requantising rounds again, so most of the update is lost or lands on another level, and the adapter "
            "is still on. In QLoRA the codes are written once.",
        ),
        Mistake(
            "scaled_twice",
            "α/r is applied twice",
            right="super().__init__(base, r, lora_alpha)",
            wrong="super().__init__(base, r, lora_alpha / r)",
            fails="loss_gap",
            why="The update and its gradients shrink r-fold, so the same steps learn less. A gap between LoRA and "
            "QLoRA is more often a slip like this one than the four bits.",
        ),
    ],
)

BASE_STEPS, RATE = 150, 3e-3


class ThroughNF4(torch.autograd.Function):
    """y = x·Wᵀ, with W rebuilt from its codes for the product, and again for the gradient (Dettmers et al., 2023)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, base: "NF4Linear") -> Tensor:
        ctx.base = base  # the codes wait for the backward pass, not W
        return F.linear(x, base.weight())

    @staticmethod
    def backward(ctx: Any, of_y: Tensor) -> tuple[Tensor, None]:
        return of_y @ ctx.base.weight(), None  # ∂L/∂x = ∂L/∂y·W, and nothing for W


class NF4Linear(nn.Module):
    """A frozen linear layer whose weight (out × in) is kept as NF4 codes and twice quantised scales: 4.127 bits."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.shape = base.weight.shape
        self.bias = base.bias
        self.rebuilt = 0
        self.store(base.weight.detach())

    def store(self, weight: Tensor) -> None:
        q = quantize_nf4(weight)
        held = (q.packed, *double_quantize(q.absmax))
        for name, tensor in zip(("packed", "scales", "second", "mean"), held, strict=True):
            self.register_buffer(name, tensor)

    def weight(self) -> Tensor:
        """dequant(dequant(c₁, c₂), W_NF4): here in float32, in real training in bfloat16."""
        self.rebuilt += 1
        absmax = double_dequantize(self.scales, self.second, self.mean)
        return dequantize_nf4(NF4Weight(self.packed, absmax, self.shape, 64))

    def forward(self, x: Tensor) -> Tensor:
        return ThroughNF4.apply(x, self) + self.bias


class QLoRALinear(LoRALinear):
    """LoRA, h = Wx + (α/r)·B·A·x, where W is in NF4. A and B are not quantised, ever."""

    def __init__(self, base: nn.Linear, r: int, lora_alpha: float) -> None:
        super().__init__(base, r, lora_alpha)
        self.base = NF4Linear(base)


def adapt(network: nn.Sequential, layer: type[LoRALinear], r: int, lora_alpha: float, seed: int) -> nn.Sequential:
    """A copy with adapters on all linear layers, as QLoRA's authors found to be needed; the same A for every base."""
    torch.manual_seed(seed)
    parts = copy.deepcopy(network)
    return nn.Sequential(*(layer(part, r, lora_alpha) if isinstance(part, nn.Linear) else part for part in parts))


def one_step(model: nn.Module, task: Digits) -> torch.optim.Optimizer:
    optimizer = torch.optim.Adam([weight for weight in model.parameters() if weight.requires_grad], lr=RATE)
    F.cross_entropy(model(task.images), task.labels).backward()
    optimizer.step()
    return optimizer


def held(model: nn.Module, optimizer: torch.optim.Optimizer) -> list[int]:
    """Bytes of weights (codes and scales among them), gradients, and optimiser states, and their sum."""
    states = [state for states in optimizer.state.values() for state in states.values() if state.dim()]
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    parts = [sum(t.nbytes for t in tensors) for tensors in (model.state_dict().values(), gradients, states)]
    return [*parts, sum(parts)]


def run(lab: Lab, *, r: int, lora_alpha: int, width: int, steps: int) -> None:
    lab.text(f"Layers of 64 × {width}, {width} × {width} and {width} × 10, frozen in NF4; rank {r} adapters on each.")
    train, test = digits(lab.device)
    turned, judge = train.rotated(), test.rotated()

    # 1. A base that reads upright digits, and the same in four bits. B is zero, so the adapters say nothing yet.
    layers = [nn.Linear(64, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10)]
    base = nn.Sequential(nn.Flatten(), *layers).to(lab.device)
    for step in fit(base, train, BASE_STEPS, rate=3e-3, seed=lab.seed):
        lab.progress(step, BASE_STEPS + 2 * steps, "the base learns upright digits")
    qlora = adapt(base, QLoRALinear, r, lora_alpha, lab.seed)
    before, after = accuracy(base, test), accuracy(qlora, test)
    lab.check("base_survives", abs(before - after) <= 0.03, after, f"{before:.3f}, to 0.03")
    lab.figure("percent_read_in_nf4", 100 * after)

    # 2. One step. Who has a gradient? A's is zero this first time, because it contains B.
    rebuilt = qlora[5].base.rebuilt
    optimizer = one_step(qlora, turned)
    rebuilt = qlora[5].base.rebuilt - rebuilt
    adapters = {f"{part}.lora_{matrix}" for part in (1, 3, 5) for matrix in "AB"}
    gradients = {name: weight.grad for name, weight in qlora.named_parameters() if weight.grad is not None}
    lab.check("only_adapters", gradients.keys() == adapters, sorted(gradients), "lora_A and lora_B of each layer")
    rows = []
    for name, tensor in qlora[3].state_dict().items():
        gradient = gradients.get(f"3.{name}")
        size = "none" if gradient is None else f"{gradient.norm():.3g}"
        rows.append([name, tensor.numel(), str(tensor.dtype).removeprefix("torch."), size])
    lab.table("The middle layer after a backward pass", ["tensor", "numbers", "type", "size of its gradient"], rows)

    # 3. Through W, not for W: what reaches the input, and what lay waiting in between.
    layer = qlora[3]
    kept: list[int] = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor.numel())
        return tensor

    x, of_y = (torch.randn(32, width, device=lab.device) for _ in "xy")
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        y = layer(x.requires_grad_())
    (of_x,) = torch.autograd.grad(y, x, of_y)
    formula = of_y @ (layer.base.weight() + layer.delta())
    off = ((of_x - formula).abs().max() / formula.abs().max()).item()
    lab.check("through_w", off <= 1e-5, off, "∂L/∂y·(W + (α/r)·B·A), to 1e-5 of the largest")
    held_back = f"{kept.count(width * width)} kept, rebuilt {rebuilt} times"
    lab.check("nothing_kept", width * width not in kept and rebuilt == 2, held_back, "0 kept, rebuilt 2 times")
    lab.figure("rebuilt_in_a_step", rebuilt)

    # 4. What training holds, each counted after one step of its own.
    full, lora = copy.deepcopy(base).requires_grad_(), adapt(base, LoRALinear, r, lora_alpha, lab.seed)
    bytes_of = {"full fine-tuning, float32": held(full, one_step(full, turned))}
    states = one_step(lora, turned)
    for part in lora[1::2]:
        part.base.bfloat16()
    bytes_of |= {"LoRA over bfloat16": held(lora, states), "QLoRA": held(qlora, optimizer)}
    columns = ["bytes", "weights", "gradients", "optimiser states", "all"]
    lab.table("What training holds, activations aside", columns, [[name, *parts] for name, parts in bytes_of.items()])
    most, less, least = (parts[-1] for parts in bytes_of.values())
    lab.check("memory_order", least < less < most, f"{least:,} < {less:,} < {most:,}", "QLoRA < LoRA < full")
    lab.figure("percent_of_full_tuning", 100 * least / most)
    stored = sum(tensor.nbytes for tensor in layer.base.buffers())
    lab.figure("bits_per_base_weight", 8 * stored / width**2)

    # 5. Train twice from the same adapters, on the same batches: over float32 and over NF4.
    lora, qlora = (adapt(base, kind, r, lora_alpha, lab.seed) for kind in (LoRALinear, QLoRALinear))
    written = {name: tensor.clone() for name, tensor in qlora.state_dict().items() if "lora" not in name}
    at = [*range(0, steps, steps // 10), steps]
    losses: dict[str, list[float]] = {"float32": [], "NF4": []}
    for done, (name, model) in enumerate({"float32": lora, "NF4": qlora}.items()):
        for step in fit(model, turned, steps, rate=RATE, seed=lab.seed + 1):
            lab.progress(BASE_STEPS + done * steps + step, BASE_STEPS + 2 * steps, f"training over {name}")
            if step in at:
                losses[name].append(F.cross_entropy(logits(model, judge), judge.labels).item())
    series = [{"name": f"over {name}", "x": at, "y": curve} for name, curve in losses.items()]
    lab.plot("Test loss on turned digits", "steps", "nats", series)
    differ = sum(int((qlora.state_dict()[name] != tensor).sum()) for name, tensor in written.items())
    lab.check("codes_unchanged", differ == 0, differ, "0 codes, scales and biases differ")
    (begun, *_, ended), (from_, *_, to) = losses["NF4"], losses["float32"]
    gap = 100 * (ended - to) / (from_ - to)
    fell = f"0 %, to 5; {begun:.2f} fell to {ended:.2f}, over float32 {from_:.2f} to {to:.2f}"
    lab.check("loss_gap", abs(gap) <= 5 and ended <= begun / 3, gap, fell)
    lab.figure("loss_gap_percent_of_the_fall", gap)
    lab.figure("accuracy", {name: accuracy(model, judge) for name, model in (("float32", lora), ("NF4", qlora))})


if __name__ == "__main__":
    raise SystemExit(main("qlora_step"))
