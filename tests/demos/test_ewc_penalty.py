"""EWC's two formulas against computations that share no code with them, and the run's figures against each other."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import events_of, failed
from torch import nn

from demos.digits import Digits
from demos.ewc_penalty import copy_weights, ewc_penalty, fisher_diagonal


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


def test_the_accuracies_that_are_plotted_and_reported_tell_one_story() -> None:
    events = events_of("ewc_penalty", seed=1)
    (plot,) = (event for event in events if event["event"] == "plot")
    ends = {series["name"]: series["y"][-1] for series in plot["series"]}
    figures = events[-1]["figures"]
    after_a = figures["test_accuracy"].pop("A, after A")
    assert ends == figures["test_accuracy"]
    assert figures["points_of_a_lost_naively"] == pytest.approx(100 * (after_a - ends["A, naive"]))
    assert figures["points_of_a_lost_with_ewc"] == pytest.approx(100 * (after_a - ends["A, EWC"]))


def test_without_the_penalty_ewc_is_naive_training_bit_for_bit() -> None:
    accuracy = events_of("ewc_penalty", mistake="never_added")[-1]["figures"]["test_accuracy"]
    assert accuracy["A, EWC"] == accuracy["A, naive"]
    assert accuracy["B, EWC"] == accuracy["B, naive"]


def test_where_b_is_a_again_nothing_is_forgotten_and_the_check_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Digits, "rotated", lambda self: self)
    assert "naive_forgets" in failed(events_of("ewc_penalty"))
