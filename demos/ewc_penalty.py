"""Elastic weight consolidation: a spring on every weight that the old task needs.

A network learns task A (read digits), then task B (read them turned by 90 degrees) with the same ten outputs and
none of A's images. Trained naively, it forgets A. EWC (Kirkpatrick et al., 2017) pulls each weight back to its value
after A, as hard as A's Fisher information says that the weight matters; B is learnt in what A left free. A few per
cent of the weights carry half of that information, which is why there is so much left.
"""

import copy
from collections.abc import Iterable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from demos.digits import accuracy, digits, fit
from demos.kit import Demo, Integer, Lab, Mistake, Prediction, Real, main

DEMO = Demo(
    title="EWC: learn task B without forgetting task A",
    summary="Digits, then turned digits: plain training forgets the first, a Fisher-weighted penalty keeps it.",
    questions=["Q14"],
    parameters=[
        Real("lam", 1000.0, 300.0, 3000.0, "λ, the strength of the penalty"),
        Integer("hidden", 256, 256, 512, "hidden units: room for both tasks"),
        Integer("steps", 200, 200, 400, "training steps on each task"),
        Integer("fisher_batch", 32, 4, 128, "examples a batch when measuring the Fisher information"),
    ],
    checks={
        "naive_forgets": "Trained on B alone, the network loses at least 20 points of test accuracy on A",
        "ewc_keeps_a": "With EWC it loses at most 15 points on A",
        "ewc_learns_b": "With EWC it still learns B, to at least 75 % test accuracy",
        "zero_at_anchor": "At the anchor θ* the penalty and its gradient are exactly zero",
        "gradient": "Elsewhere the penalty's gradient is λF(θ − θ*), which is what the ½ is for",
        "per_example_fisher": "Squaring the batch's mean gradient understates F about batch-size-fold",
    },
    predictions=[
        Prediction(
            "points_of_a_lost_naively",
            "After plain training on turned digits, how many percentage points of accuracy on upright ones are lost?",
            "The new loss says nothing of the old task, so every weight that helps B moves, whatever A needs it for. "
            "More steps lose more. A guesser would still read one digit in ten.",
            unit="points",
        ),
        Prediction(
            "percent_of_weights_with_half_of_f",
            "How few per cent of the weights hold half of A's Fisher information?",
            "Importance is concentrated: most springs are next to slack, and B is learnt along them. One spring "
            "of equal stiffness on every weight would hold B back long before it holds A.",
            unit="%",
        ),
        Prediction(
            "fisher_understated_times",
            "Somebody squares each batch's mean gradient instead of each example's. How many times too small is F?",
            "At a trained network the examples' gradients point every which way. In a mean of n of them most "
            "cancels: its square is about n times smaller than the mean of their squares.",
        ),
    ],
    mistakes=[
        Mistake(
            "penalised_baseline",
            "the baseline is trained with the penalty too",
            right="learn_b(0.0, done=steps)",
            wrong="learn_b(lam, done=steps)",
            fails="naive_forgets",
            why="What is to be compared with must lack exactly the thing that is claimed to help.",
        ),
        Mistake(
            "fisher_of_b",
            "the Fisher information is measured on task B",
            right="for x in train_a.images.split(fisher_batch)",
            wrong="for x in train_b.images.split(fisher_batch)",
            fails="ewc_keeps_a",
            why="F then says which weights the turned digits excite, and the springs hold those; what A needs is "
            "free to move. F belongs to the old task, at the old weights.",
        ),
        Mistake(
            "never_added",
            "the penalty is computed but not added to the loss",
            right="seed=lab.seed + 1, penalty=spring)",
            wrong="seed=lab.seed + 1)",
            fails="ewc_keeps_a",
            why="This is naive training again, bit for bit, as λ = 0 would be.",
        ),
        Mistake(
            "all_alike",
            "every weight is held alike, without F",
            right="(fisher[n] * (w - anchor[n]).square()).sum()",
            wrong="(w - anchor[n]).square().sum()",
            fails="ewc_learns_b",
            why="At this λ each weight is nailed down, needed or not. Weakened until B can be learnt, an equal pull "
            "no longer protects A.",
        ),
        Mistake(
            "contradiction",
            "task B is to call every digit the next one",
            right="d.rotated() for d in",
            wrong="d.relabelled() for d in",
            fails="ewc_learns_b",
            why="The same image must now be two answers. No spring can keep both: EWC finds weights that serve both "
            "tasks only where there are such weights.",
        ),
        Mistake(
            "weight_decay",
            "the weights are pulled to zero, not to θ*",
            right="(w - anchor[n]).square()",
            wrong="w.square()",
            fails="zero_at_anchor",
            why="That is weight decay, and hardest on the very weights that A needs most.",
        ),
        Mistake(
            "no_half",
            "the ½ is left out",
            right="lam / 2 * sum",
            wrong="lam * sum",
            fails="gradient",
            why="Every spring is twice as stiff as λ says. Some texts do absorb the ½ into λ, so say which λ you mean.",
        ),
        Mistake(
            "squared_too_late",
            "the batch's mean gradient is squared",
            right="total[name] += g.square().sum(dim=0)",
            wrong="total[name] += g.mean(dim=0).square() * len(x)",
            fails="per_example_fisher",
            why="Squaring and averaging do not commute. It is what .backward() on a batch's mean loss invites.",
        ),
    ],
)

Weights = dict[str, Tensor]


def fisher_diagonal(model: nn.Module, batches: Iterable[Tensor | tuple[Tensor, Tensor]]) -> Weights:
    """F = E[(∂ log p(y|x, θ)/∂θ)²]: squared example by example, and only then averaged.

    A batch is x, and y is drawn from the model's own prediction (the true Fisher, the one to prefer), or it is
    (x, y), and the labels given are used (the empirical Fisher, which shrinks to nothing as the loss does).
    """

    def log_likelihood(weights: Weights, x: Tensor, y: Tensor) -> Tensor:
        return -F.cross_entropy(functional_call(model, weights, x[None]), y[None])

    weights = copy_weights(model)
    total, examples = {name: torch.zeros_like(weight) for name, weight in weights.items()}, 0
    for batch in batches:
        x, y = (batch, sample_labels(model, batch)) if isinstance(batch, Tensor) else batch
        gradients = vmap(grad(log_likelihood), in_dims=(None, 0, 0))(weights, x, y)  # one for each example
        for name, g in gradients.items():
            total[name] += g.square().sum(dim=0)
        examples += len(x)
    return {name: squares / examples for name, squares in total.items()}


def ewc_penalty(model: nn.Module, fisher: Weights, anchor: Weights, lam: float) -> Tensor:
    """λ/2 · Σ F (θ − θ*)², Kirkpatrick et al. (2017), eq. 3: a spring of stiffness λF on every weight."""
    return lam / 2 * sum((fisher[n] * (w - anchor[n]).square()).sum() for n, w in model.named_parameters())


def sample_labels(model: nn.Module, x: Tensor) -> Tensor:
    return torch.multinomial(model(x).detach().softmax(dim=-1), 1).squeeze(-1)


def copy_weights(model: nn.Module) -> Weights:
    return {name: weight.detach().clone() for name, weight in model.named_parameters()}


def flat(tensors: Iterable[Tensor]) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in tensors])


def run(lab: Lab, *, lam: float, hidden: int, steps: int, fisher_batch: int) -> None:
    lab.text("**Task A**: read digits. **Task B**: read them turned, through the same ten outputs, without A.")
    train_a, test_a = digits(lab.device)
    train_b, test_b = (d.rotated() for d in (train_a, test_a))

    # 1. Learn A. Keep the weights θ*, and how much A's predictions depend on each of them.
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, 10)).to(lab.device)
    for step in fit(model, train_a, steps, rate=3e-3, seed=lab.seed):
        lab.progress(step, 3 * steps, "learning A")
    anchor, learnt = copy_weights(model), accuracy(model, test_a)
    batches = [(x, sample_labels(model, x)) for x in train_a.images.split(fisher_batch)]
    fisher = fisher_diagonal(model, batches)
    lab.picture("F, summed over the hidden units: the pixels that A depends on", fisher["1.weight"].sum(0).view(8, 8))
    held = flat(fisher.values()).sort(descending=True).values.cumsum(0)
    lab.figure("percent_of_weights_with_half_of_f", 100 * (held < held[-1] / 2).float().mean())

    # 2. Learn B twice from θ*, on the same batches: as if A did not matter (λ = 0), and with the penalty.
    def learn_b(strength: float, done: int) -> tuple[nn.Module, list[int], list[float], list[float]]:
        student, at, on_a, on_b = copy.deepcopy(model), [], [], []
        spring = partial(ewc_penalty, student, fisher, anchor, strength)
        for step in fit(student, train_b, steps, rate=3e-3, seed=lab.seed + 1, penalty=spring):
            if step % (steps // 20) == 0 or step == steps:
                at.append(step)
                on_a.append(accuracy(student, test_a))
                on_b.append(accuracy(student, test_b))
                lab.progress(done + step, 3 * steps, f"learning B, λ = {strength:g}")
        return student, at, on_a, on_b

    _, at, naive_a, naive_b = learn_b(0.0, done=steps)
    student, _, ewc_a, ewc_b = learn_b(lam, done=2 * steps)
    curves = {"A, naive": naive_a, "A, EWC": ewc_a, "B, naive": naive_b, "B, EWC": ewc_b}
    series = [{"name": name, "x": at, "y": curve} for name, curve in curves.items()]
    lab.plot("Test accuracy while learning B", "steps on B", "accuracy", series)
    lab.figure("test_accuracy", {"A, after A": learnt} | {name: curve[-1] for name, curve in curves.items()})
    lab.figure("points_of_a_lost_naively", 100 * (learnt - naive_a[-1]))
    lab.figure("points_of_a_lost_with_ewc", 100 * (learnt - ewc_a[-1]))

    # 3. What became of A, and of B.
    lab.check("naive_forgets", learnt - naive_a[-1] >= 0.20, naive_a[-1], f"{learnt:.3f} before; at least 0.2 less")
    lab.check("ewc_keeps_a", learnt - ewc_a[-1] <= 0.15, ewc_a[-1], f"{learnt:.3f} before; at most 0.15 less")
    lab.check("ewc_learns_b", ewc_b[-1] >= 0.75, ewc_b[-1], f"at least 0.75; naive reaches {naive_b[-1]:.3f}")

    # 4. The penalty itself: nothing at θ*, and a pull that grows with the distance from it.
    def pull(at: nn.Module) -> Tensor:
        return flat(torch.autograd.grad(ewc_penalty(at, fisher, anchor, lam), list(at.parameters())))

    rest = ewc_penalty(model, fisher, anchor, lam).item() + pull(model).abs().sum().item()
    lab.check("zero_at_anchor", rest == 0, rest, "exactly 0")
    formula = flat(lam * fisher[name] * (w - anchor[name]) for name, w in student.named_parameters())
    off, largest = (pull(student) - formula).abs().max().item(), formula.abs().max().item()
    lab.check("gradient", off <= 1e-5 * largest, off, f"off by at most 1e-5 of the largest, {largest:.2g}")

    # 5. The common bug: .backward() averages the batch's gradients, and the square comes too late.
    def squared_mean(x: Tensor, y: Tensor) -> Tensor:
        mean = torch.autograd.grad(F.cross_entropy(model(x), y), list(model.parameters()))
        return flat(mean).square().sum()

    late = sum(len(x) * squared_mean(x, y) for x, y in batches) / len(train_a.images)
    times, size = (flat(fisher.values()).sum() / late).item(), len(train_a.images) / len(batches)
    lab.check("per_example_fisher", size / 2 <= times <= 2 * size, times, f"{size:.0f}, to a factor of 2")
    lab.figure("fisher_understated_times", times)


if __name__ == "__main__":
    raise SystemExit(main("ewc_penalty"))
