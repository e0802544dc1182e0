"""EWC's two formulas against computations that share no code with them, and the demo's checks, which can fail."""

from functools import cache
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from demos import ewc_penalty as demo
from demos.digits import Digits
from demos.ewc_penalty import copy_weights, ewc_penalty, fisher_diagonal
from demos.kit import run_demo


def small_network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)).double()


def fisher_one_example_at_a_time(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
    total = {name: torch.zeros_like(weight) for name, weight in model.named_parameters()}
    for i in range(len(x)):
        model.zero_grad()
        model(x[i : i + 1]).log_softmax(-1)[0, y[i]].backward()
        for name, weight in model.named_parameters():
            total[name] += weight.grad**2 / len(x)
    return total


@pytest.mark.parametrize("batch", [1, 4, 7, 20])
def test_fisher_is_the_mean_of_squared_gradients_taken_one_example_at_a_time(batch: int) -> None:
    model, x, y = small_network(), torch.randn(20, 5).double(), torch.randint(3, (20,))
    expected = fisher_one_example_at_a_time(model, x, y)
    measured = fisher_diagonal(model, zip(x.split(batch), y.split(batch), strict=True))
    for name in expected:
        torch.testing.assert_close(measured[name], expected[name])


def test_without_labels_they_are_drawn_from_the_model_itself() -> None:
    """For softmax(Wx) the true Fisher of W is known in closed form: p_k (1 - p_k) x_j²."""
    torch.manual_seed(0)
    model = nn.Linear(3, 4, bias=False).double()
    x = torch.tensor([[1.0, -2.0, 0.5]]).double()
    p = model(x).softmax(-1)[0].detach()
    measured = fisher_diagonal(model, x.repeat(40_000, 1).split(10_000))["weight"]
    torch.testing.assert_close(measured, torch.outer(p * (1 - p), x[0] ** 2), rtol=0.05, atol=0.0)


def test_measuring_the_fisher_leaves_the_model_alone() -> None:
    model = small_network()
    before = copy_weights(model)
    fisher_diagonal(model, [torch.randn(6, 5).double()])
    for name, weight in model.named_parameters():
        assert torch.equal(weight, before[name])
        assert weight.grad is None


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), lam=st.floats(0.01, 1e4))
def test_the_penalty_is_half_lambda_times_the_weighted_square_and_its_slope_agrees(seed: int, lam: float) -> None:
    model = small_network(seed)
    fisher = {name: torch.rand_like(weight).detach() for name, weight in model.named_parameters()}
    anchor = {name: torch.randn_like(weight) for name, weight in model.named_parameters()}
    penalty = ewc_penalty(model, fisher, anchor, lam)
    by_hand = 0.0
    for name, weight in model.named_parameters():
        for f, w, a in zip(fisher[name].flatten(), weight.flatten(), anchor[name].flatten(), strict=True):
            by_hand += 0.5 * lam * f.item() * (w.item() - a.item()) ** 2
    assert penalty.item() == pytest.approx(by_hand)

    penalty.backward()
    name, weight = list(model.named_parameters())[seed % 4]
    slope, step = weight.grad.flatten()[0].item(), 1e-4
    with torch.no_grad():
        weight.view(-1)[0] += step
        above = ewc_penalty(model, fisher, anchor, lam).item()
        weight.view(-1)[0] -= 2 * step
        below = ewc_penalty(model, fisher, anchor, lam).item()
    assert slope == pytest.approx((above - below) / (2 * step), rel=1e-4, abs=1e-7 * max(1.0, by_hand))


def test_at_the_anchor_the_penalty_is_exactly_zero() -> None:
    model = small_network()
    fisher = {name: torch.rand_like(weight).detach() for name, weight in model.named_parameters()}
    penalty = ewc_penalty(model, fisher, copy_weights(model), 1e6)
    penalty.backward()
    assert penalty.item() == 0.0
    assert all(weight.grad.abs().max() == 0 for weight in model.parameters())


def run_anew(seed: int = 0, **values: Any) -> tuple[dict[str, bool], list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    run_demo("ewc_penalty", values, device="cpu", seed=seed, emit=events.append)
    assert events[-1]["event"] == "result", events[-1]
    return {event["id"]: event["passed"] for event in events if event["event"] == "check"}, events


outcomes = cache(run_anew)  # several tests look at the same run


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_check_holds_at_the_defaults(seed: int) -> None:
    checks, events = outcomes(seed)
    assert all(checks.values())
    assert events[0]["event"] == "text"
    assert any(event["event"] == "progress" for event in events)
    (plot,) = (event for event in events if event["event"] == "plot")
    assert [series["name"] for series in plot["series"]] == ["A, naive", "A, EWC", "B, naive", "B, EWC"]


def test_a_task_that_contradicts_a_cannot_be_learnt_beside_it_and_the_checks_say_so() -> None:
    checks, _ = outcomes(task_b="relabelled")
    assert checks["naive_forgets"]
    assert not checks["ewc_keeps_a"]


def test_the_same_seed_tells_the_same_story() -> None:
    first, second = run_anew(5, steps=50)[1], run_anew(5, steps=50)[1]
    assert first[:-1] == second[:-1]
    assert first[-1]["figures"] == second[-1]["figures"]


def test_without_the_penalty_a_is_forgotten_and_the_check_says_so() -> None:
    checks, events = outcomes(lam=0.0)
    assert [name for name, passed in checks.items() if not passed] == ["ewc_keeps_a"]
    figures = events[-1]["figures"]["test_accuracy"]
    assert figures["A, EWC"] == figures["A, naive"]  # λ = 0 is naive training, bit for bit


def test_a_network_too_small_for_both_tasks_fails_to_learn_b() -> None:
    checks, _ = outcomes(hidden=32)
    assert not checks["ewc_learns_b"]


def test_where_b_is_a_again_nothing_is_forgotten_and_the_check_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Digits, "rotated", lambda self: self)
    checks, _ = run_anew()
    assert not checks["naive_forgets"]


def test_leaving_out_the_half_fails_the_gradient_check(monkeypatch: pytest.MonkeyPatch) -> None:
    true_penalty = demo.ewc_penalty
    monkeypatch.setattr(demo, "ewc_penalty", lambda *given: 2 * true_penalty(*given))
    checks, _ = run_anew(steps=50)
    assert not checks["gradient"]


def test_a_penalty_that_is_not_at_rest_fails_the_anchor_check(monkeypatch: pytest.MonkeyPatch) -> None:
    true_penalty = demo.ewc_penalty
    monkeypatch.setattr(demo, "ewc_penalty", lambda *given: true_penalty(*given) + 1e-6)
    checks, _ = run_anew(steps=50)
    assert not checks["zero_at_anchor"]


def test_squaring_too_late_fails_the_fisher_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def squared_mean(model: nn.Module, batches: Any) -> dict[str, torch.Tensor]:
        total = {name: torch.zeros_like(weight) for name, weight in model.named_parameters()}
        for x, y in batches:
            mean = torch.autograd.grad(F.cross_entropy(model(x), y), list(model.parameters()))
            for name, gradient in zip(total, mean, strict=True):
                total[name] += gradient**2 / len(batches)
        return total

    monkeypatch.setattr(demo, "fisher_diagonal", squared_mean)
    checks, _ = run_anew(steps=50)
    assert not checks["per_example_fisher"]


@pytest.mark.parametrize(
    "values",
    [{"lam": 100000.0}, {"hidden": 32, "steps": 50}, {"fisher_batch": 4, "steps": 50}, {"fisher_batch": 128}],
)
def test_the_ends_of_every_range_run_to_a_result(values: dict[str, Any]) -> None:
    checks, _ = outcomes(**values)
    assert checks["zero_at_anchor"]
    assert checks["gradient"]
    assert checks["per_example_fisher"]
