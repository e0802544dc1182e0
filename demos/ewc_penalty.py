"""Elastic weight consolidation: a spring on every weight that the old task needs.

A network learns task A (read digits), then task B (the same digits turned by 90 degrees, or with their pixels
shuffled) with the same ten outputs and without A's data: domain-incremental learning. Trained naively it forgets A.
EWC (Kirkpatrick et al., 2017) pulls each weight back to its value after A, as hard as A's Fisher information says
that the weight matters, and so learns B in the weights that A left free.
"""

from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from demos.data import Digits, digits
from demos.kit import Choice, Demo, Integer, Lab, Real, main

DEMO = Demo(
    title="EWC: learn task B without forgetting task A",
    summary="Train on digits, then on turned digits: plain training forgets, a Fisher-weighted penalty does not.",
    questions=["Q14"],
    parameters=[
        Real("lam", 1000.0, 0.0, 100000.0, "strength of the penalty, λ; 0 is naive training"),
        Integer("hidden", 512, 32, 512, "hidden units: room for both tasks"),
        Integer("steps", 300, 50, 600, "training steps on each task"),
        Integer("fisher_batch", 32, 2, 256, "examples in a batch when measuring the Fisher information"),
        Choice("task_b", "rotated", ["rotated", "permuted"], "task B: digits turned by 90°, or their pixels shuffled"),
    ],
    checks={
        "naive_forgets": "Trained on B alone, the network loses at least 20 points of test accuracy on A",
        "ewc_keeps_a": "With EWC it loses at most 10 points on A",
        "ewc_learns_b": "With EWC it still learns B: at least 85 % test accuracy",
        "zero_at_anchor": "At the anchor θ* the penalty and its gradient are exactly zero",
        "gradient": "Anywhere else its gradient is λ F (θ − θ*): the ½ is there to make it so",
        "per_example_fisher": "Squaring the batch's mean gradient understates F about batch-size-fold",
    },
)

BATCH, LEARNING_RATE, POINTS_ON_CURVE = 64, 3e-3, 20
Weights = dict[str, Tensor]


def example_gradients(model: nn.Module, x: Tensor, y: Tensor) -> Weights:
    """∂ log p(y|x, θ) / ∂θ for each example by itself: every tensor gains a leading batch dimension."""

    def log_likelihood(weights: Weights, x: Tensor, y: Tensor) -> Tensor:
        logits = functional_call(model, weights, (x.unsqueeze(0),))
        return -F.cross_entropy(logits, y.unsqueeze(0))

    return vmap(grad(log_likelihood), in_dims=(None, 0, 0))(weights_of(model), x, y)


def fisher_diagonal(model: nn.Module, batches: Iterable[Tensor | tuple[Tensor, Tensor]]) -> Weights:
    """F = E[(∂ log p(y|x, θ) / ∂θ)²]: squared for each example, and only then averaged.

    A batch is x alone, and y is drawn from the model's own prediction (the true Fisher, the one to prefer),
    or (x, y), and the given labels are used (the empirical Fisher).
    """
    total = {name: torch.zeros_like(w) for name, w in weights_of(model).items()}
    seen = 0
    for batch in batches:
        x, y = (batch, own_answer(model, batch)) if isinstance(batch, Tensor) else batch
        for name, g in example_gradients(model, x, y).items():
            total[name] += g.square().sum(dim=0)
        seen += len(x)
    return {name: t / seen for name, t in total.items()}


def ewc_penalty(model: nn.Module, fisher: Weights, anchor: Weights, lam: float) -> Tensor:
    """λ/2 · Σ F (θ − θ*)², eq. 3 of Kirkpatrick et al. (2017): a spring of stiffness λF on every weight."""
    return lam / 2 * sum((fisher[n] * (w - anchor[n]).square()).sum() for n, w in model.named_parameters())


def own_answer(model: nn.Module, x: Tensor) -> Tensor:
    return torch.multinomial(model(x).detach().softmax(dim=-1), 1).squeeze(-1)


def weights_of(model: nn.Module) -> Weights:
    return {name: w.detach().clone() for name, w in model.named_parameters()}


def accuracy(model: nn.Module, test: Digits) -> float:
    return (model(test.images).argmax(dim=1) == test.labels).float().mean().item()


def train(model: nn.Module, task: Digits, steps: int, seed: int, penalty: Callable[[], Tensor | float],
          watch: Callable[[int], None]) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    order = torch.Generator().manual_seed(seed)  # naive and EWC see the same batches: only the penalty differs
    for step in range(steps + 1):
        if step % max(1, steps // POINTS_ON_CURVE) == 0 or step == steps:
            watch(step)
        if step < steps:
            pick = torch.randint(len(task.labels), (BATCH,), generator=order).to(task.labels.device)
            loss = F.cross_entropy(model(task.images[pick]), task.labels[pick]) + penalty()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
