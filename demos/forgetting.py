"""Forgetting: plain training and five remedies, on the same two tasks.

One small network learns task A (read digits). From there task B (read them turned by 90 degrees) is learnt six times,
on the same steps: plainly, with rehearsal, with EWC, in a progressive network's second column, by LoRA, and by
adapters. Rehearsal and EWC find one set of weights for both tasks. The other three keep A's weights, exactly, and
switch: they need to be told which task an image belongs to. Left on, a detour forgets A too, so both are measured.
"""

import copy
from functools import partial

import torch
from torch import Tensor, nn

from demos.adapter_forward import BottleneckAdapter
from demos.digits import Digits, accuracy, digits, fit, logits
from demos.ewc_penalty import ewc_penalty, fisher_diagonal
from demos.kit import Demo, Integer, Lab, Mistake, Prediction, Real, main
from demos.lora_merge import LoRALinear
from demos.progressive_network import ProgressiveNetwork

DEMO = Demo(
    title="Forgetting: five remedies side by side",
    summary="Rehearsal, EWC, a progressive column, LoRA and adapters against plain training on a second task.",
    questions=["Q14", "Q35"],
    parameters=[
        Integer("steps", 120, 100, 160, "training steps on B, for each"),
        Integer("buffer", 200, 100, 1000, "rehearsal: images of A that are kept, of 1,348"),
        Real("lam", 1000.0, 200.0, 10000.0, "EWC: λ, the strength of the penalty"),
        Integer("r", 8, 4, 16, "LoRA: rank in each layer; α is 2r"),
        Real("rate", 0.01, 0.004, 0.02, "learning rate of LoRA and the adapters; the others learn at 0.003"),
    ],
    checks={
        "naive_forgets_most": "Told the task, every remedy keeps A at least 10 points better than naive training",
        "off_is_exact": "LoRA or adapters taken off, or A's column asked, A is answered as before B, bit for bit",
        "on_forgets": "Left on, LoRA and adapters each lose at least 5 points of A",
        "b_is_learnt": "B is learnt to at least 50 % test accuracy by all",
        "measures_agree": "For two tasks forgetting is −BWT, and average accuracy is what was learnt plus half of BWT",
    },
    predictions=[
        Prediction(
            "lora_left_on",
            "LoRA is left on, and the network is asked to read upright digits again. What share does it get right?",
            "Frozen weights are not a frozen function: every answer passes through the detour, which learnt B alone. "
            "With a lower rate or rank it forgets less and learns less; taken off, it gives A back entirely.",
            "%",
        ),
        Prediction(
            "best_on_a_not_told",
            "If nobody says which task an image is from, who reads A best in the end?",
            "Rehearsal and EWC looked for one set of weights that serves both tasks; EWC as a rule holds A tighter and "
            "pays with B. The other three keep A by a switch, and here nobody turns it.",
            choices=["naive", "rehearsal", "EWC", "progressive", "LoRA", "adapters"],
        ),
    ],
    mistakes=[
        Mistake(
            name="anchor_moves",
            says="EWC's anchor is the weights themselves, not a copy",
            right="anchor = {name: weight.detach().clone() for name, weight in base.named_parameters()}",
            wrong="anchor = dict(elastic.named_parameters())",
            fails="naive_forgets_most",
            why="θ − θ* is then always zero: the spring is tied to what it should hold, and EWC is naive training.",
        ),
        Mistake(
            name="base_not_frozen",
            says="adapters put into a base that trains along",
            right="copy.deepcopy(base).requires_grad_(False)",
            wrong="copy.deepcopy(base).requires_grad_(True)",
            fails="off_is_exact",
            why="Taking the adapters out leaves a base that has itself been trained on B.",
        ),
        Mistake(
            name="merged_first",
            says="LoRA merged before it is taken off",
            right="bare[i] = layer.base",
            wrong="layer.merge(); bare[i] = layer.base",
            fails="off_is_exact",
            why="After a merge the base's weight holds B's update; without the saved original there is no way back.",
        ),
        Mistake(
            name="always_switched",
            says="A is only ever measured with the detour off",
            right="[a[-1], b[-1]]",
            wrong="[accuracy(switched, test_a), b[-1]]",
            fails="on_forgets",
            why="That reports a perfect memory and hides the condition: somebody must say which task it is.",
        ),
        Mistake(
            name="labels_in_another_order",
            says="images joined as new and old, labels as old and new",
            right="torch.cat([new.labels, old.labels])",
            wrong="torch.cat([old.labels, new.labels])",
            fails="b_is_learnt",
            why="Images and labels must be concatenated in one order: otherwise each image is taught another's answer.",
        ),
        Mistake(
            name="bwt_over_all",
            says="BWT averaged over the last task as well",
            right="(R[-1] - R.diagonal())[:-1].mean()",
            wrong="(R[-1] - R.diagonal()).mean()",
            fails="measures_agree",
            why="The last task has had no time to be forgotten: its zero would make every method look better.",
        ),
    ],
)

HIDDEN, BOTTLENECK, STEPS_A, RATE, EXAMPLES = 128, 16, 120, 3e-3, 400
SWITCHED = ("progressive", "LoRA", "adapters")


def average_accuracy(R: Tensor) -> Tensor:
    """R[i, j] is the accuracy on task j once i is learnt; the mean of the last row (Lopez-Paz & Ranzato, 2017, §2)."""
    return R[-1].mean()


def backward_transfer(R: Tensor) -> Tensor:
    """BWT, the mean over j < T of R[T, j] − R[j, j] (ibid.): what later learning did to earlier tasks."""
    return (R[-1] - R.diagonal())[:-1].mean()


def forgetting(R: Tensor) -> Tensor:
    """Mean over j < T of the best past accuracy on j less the present one (Chaudhry et al., 2018)."""
    return (R[:-1].max(dim=0).values - R[-1])[:-1].mean()


def with_lora(base: nn.Sequential, r: int) -> nn.Sequential:
    """Every linear layer gets a detour of rank r, which freezes it."""
    layers = copy.deepcopy(base)
    return nn.Sequential(*(LoRALinear(one, r, 2 * r) if isinstance(one, nn.Linear) else one for one in layers))


def with_adapters(base: nn.Sequential) -> nn.Sequential:
    """The base is frozen, and an adapter follows each hidden layer."""
    layers = []
    for layer in copy.deepcopy(base).requires_grad_(False):
        layers += [layer, BottleneckAdapter(HIDDEN, BOTTLENECK)] if isinstance(layer, nn.ReLU) else [layer]
    return nn.Sequential(*layers)


def without_detours(model: nn.Sequential) -> nn.Sequential:
    bare = copy.deepcopy(model)
    for i, layer in enumerate(model):
        if isinstance(layer, LoRALinear):
            bare[i] = layer.base
        elif isinstance(layer, BottleneckAdapter):
            bare[i] = nn.Identity()
    return bare


def with_column(base: nn.Sequential) -> ProgressiveNetwork:
    """The base is the first, frozen column; a second stands beside it."""
    network = ProgressiveNetwork([64, HIDDEN, HIDDEN, 10])
    network.add_column()
    network.columns[0].layers = nn.ModuleList(layer for layer in copy.deepcopy(base) if isinstance(layer, nn.Linear))
    network.add_column()
    return network


def joined(new: Digits, old: Digits) -> Digits:
    return Digits(torch.cat([new.images, old.images]), torch.cat([new.labels, old.labels]))


def run(lab: Lab, *, steps: int, buffer: int, lam: float, r: int, rate: float) -> None:
    lab.text("**A**: read digits. **B**: read them turned by 90 degrees. A base learns A, and six ways lead on to B.")
    train_a, test_a = digits(lab.device)
    train_b, test_b = train_a.rotated(), test_a.rotated()
    total = STEPS_A + 6 * steps

    # 1. The base learns A.
    hidden = (nn.Linear(64, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU())
    base = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(HIDDEN, 10)).to(lab.device)
    for step in fit(base, train_a, STEPS_A, rate=RATE, seed=lab.seed):
        lab.progress(step, total, "learning A")
    answers, after_a = logits(base, test_a), [accuracy(base, test_a), accuracy(base, test_b)]

    # 2. Naive training, and what each remedy adds to it.
    naive, rehearsed, elastic = (copy.deepcopy(base) for _ in range(3))
    column, lora, adapted = with_column(base), with_lora(base, r), with_adapters(base)
    order = torch.randperm(len(train_a.labels), generator=torch.Generator().manual_seed(lab.seed)).to(lab.device)
    old = Digits(train_a.images[order[:buffer]], train_a.labels[order[:buffer]])
    fisher = fisher_diagonal(base, train_a.images[order[:EXAMPLES]].split(EXAMPLES // 2))
    anchor = {name: weight.detach().clone() for name, weight in base.named_parameters()}
    ways = {
        "naive": (naive, train_b, RATE),
        "rehearsal": (rehearsed, joined(train_b, old), RATE),
        "EWC": (elastic, train_b, RATE),
        "progressive": (column, train_b, RATE),
        "LoRA": (lora, train_b, rate),
        "adapters": (adapted, train_b, rate),
    }
    springs = {"EWC": partial(ewc_penalty, elastic, fisher, anchor, lam)}

    # 3. Learn B. A is read by the network as it then is, and again with what was made for B switched off.
    untold, told, moved, curves_a, curves_b = {}, {}, 0.0, [], []
    for number, (name, (model, task, speed)) in enumerate(ways.items()):
        spring, at, a, b = springs.get(name, lambda: 0.0), [], [], []
        for step in fit(model.to(lab.device), task, steps, rate=speed, seed=lab.seed + 1, penalty=spring):
            if step % (steps // 5) == 0 or step == steps:
                at.append(step)
                a.append(accuracy(model, test_a))
                b.append(accuracy(model, test_b))
                lab.progress(STEPS_A + number * steps + step, total, f"learning B: {name}")
        switched = partial(model, task=0) if name == "progressive" else without_detours(model)
        untold[name] = torch.tensor([after_a, [a[-1], b[-1]]])
        told[name] = torch.tensor([after_a, [accuracy(switched, test_a), b[-1]]])
        if name in SWITCHED:
            moved = max(moved, (logits(switched, test_a) - answers).abs().max().item())
        curves_a.append({"name": name, "x": at, "y": a})
        curves_b.append({"name": name, "x": at, "y": b})
    lab.plot("Accuracy on A while B is learnt, nothing switched off", "steps on B", "accuracy on A", curves_a)
    lab.plot("Accuracy on B", "steps on B", "accuracy on B", curves_b)

    # 4. What the matrices R say.
    lab.text("The last three keep A by a switch that somebody has to turn. The second table takes the switch away.")
    columns = ["", "A", "B", "average", "forgetting", "BWT"]
    for said, matrices in (("told", told), ("not told", untold)):
        measures = [[*R[-1], average_accuracy(R), forgetting(R), backward_transfer(R)] for R in matrices.values()]
        rows = [[name, *map(float, row)] for name, row in zip(matrices, measures, strict=True)]
        lab.table(f"{said.capitalize()} which task an image is from; A was at {after_a[0]:.3f}", columns, rows)
        lab.figure(f"accuracy_on_a_{said.replace(' ', '_')}", {row[0]: row[1] for row in rows})
    lab.figure("accuracy_on_b", {row[0]: row[2] for row in rows})
    lab.figure("best_on_a_not_told", max(untold, key=lambda name: untold[name][1, 0].item()))
    lab.figure("lora_left_on", 100 * untold["LoRA"][1, 0].item())

    # 5. Who kept what.
    a_naive, b_naive = told["naive"][1].tolist()
    lead = min(R[1, 0].item() for name, R in told.items() if name != "naive") - a_naive
    lab.check("naive_forgets_most", lead >= 0.1, lead, f"at least 0.1 above naive training's {a_naive:.3f}")
    lab.check("off_is_exact", moved == 0, moved, "exactly 0 difference in any answer on A")
    left_on = max(untold["LoRA"][1, 0].item(), untold["adapters"][1, 0].item())
    lab.check("on_forgets", after_a[0] - left_on >= 0.05, left_on, f"at least 0.05 below {after_a[0]:.3f}")
    least = min(R[1, 1].item() for R in untold.values())
    lab.check("b_is_learnt", least >= 0.5, least, f"at least 0.5 by all; naive training reaches {b_naive:.3f}")
    off = 0.0
    for R in (*told.values(), *untold.values()):
        transfer, learnt = backward_transfer(R).item(), R.diagonal().mean().item()
        off = max(off, abs(forgetting(R).item() + transfer), abs(average_accuracy(R).item() - learnt - transfer / 2))
    lab.check("measures_agree", off <= 1e-6, off, "at most 1e-6, for every matrix")


if __name__ == "__main__":
    raise SystemExit(main("forgetting"))
