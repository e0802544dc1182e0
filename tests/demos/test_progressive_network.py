"""Progressive networks against the paper's equation written out in numpy, and what adding a column leaves alone."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from runs import events_of

from demos.progressive_network import ProgressiveNetwork, size

SIZES = [6, 5, 4, 3]


def network(columns: int, sizes: list[int] = SIZES) -> ProgressiveNetwork:
    torch.manual_seed(columns)
    made = ProgressiveNetwork(sizes)
    for _ in range(columns):
        made.add_column()
    return made


def by_equation_1(made: ProgressiveNetwork, x: np.ndarray, task: int) -> np.ndarray:
    """h_i^(k) = f(W_i^(k) h_{i-1}^(k) + Σ_{j<k} U_i^(k:j) h_{i-1}^(j)), from the weights by name, column by column."""
    weights = {name: weight.detach().numpy() for name, weight in made.named_parameters()}
    hidden: dict[tuple[int, int], np.ndarray] = {}
    last = len(SIZES) - 1
    for k in range(task + 1):
        hidden[k, 0] = x
        for i in range(1, last + 1):
            own = f"columns.{k}.layers.{i - 1}"
            z = hidden[k, i - 1] @ weights[f"{own}.weight"].T + weights[f"{own}.bias"]
            if i > 1:
                for j in range(k):
                    z = z + hidden[j, i - 1] @ weights[f"columns.{k}.laterals.{j}.{i - 2}.weight"].T
            hidden[k, i] = z if i == last else np.maximum(z, 0)
    return hidden[task, last]


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
def test_every_column_computes_equation_1_of_the_paper(columns: int) -> None:
    made, x = network(columns), torch.randn(7, 6)
    for task in range(columns):
        expected = by_equation_1(made, x.numpy(), task)
        np.testing.assert_allclose(made(x, task=task).detach().numpy(), expected, rtol=0, atol=1e-5)
    assert torch.equal(made(x), made(x, task=columns - 1))


@pytest.mark.parametrize("sizes", [SIZES, [64, 32, 32, 10], [3, 2]])
def test_the_formula_counts_what_is_there(sizes: list[int]) -> None:
    for columns in range(1, 6):
        there = sum(weight.numel() for weight in network(columns, sizes).parameters())
        assert size(columns, sizes) == there
    steps = np.diff([size(columns, sizes) for columns in range(6)], n=2)
    assert len(set(steps[1:])) == 1  # quadratic: each column costs the same amount more than the one before it


def test_whatever_becomes_of_new_columns_old_ones_answer_bit_for_bit() -> None:
    made, x = network(2), torch.randn(9, 6)
    before = [made(x, task=task) for task in (0, 1)]
    made.add_column()
    with torch.no_grad():
        for weight in made.columns[2].parameters():
            weight.normal_(std=100.0)
    for task in (0, 1):
        assert torch.equal(made(x, task=task), before[task])


def test_a_step_on_the_new_task_moves_every_weight_of_the_new_column_and_no_other() -> None:
    made, x = network(3), torch.randn(200, 6)
    before = copy.deepcopy(made.state_dict())
    optimizer = torch.optim.SGD(made.parameters(), lr=0.1)  # handed everything: freezing alone must protect the old
    made(x).square().sum().backward()
    optimizer.step()
    moved = {name for name, weight in made.state_dict().items() if not torch.equal(weight, before[name])}
    assert moved == {name for name in before if name.startswith("columns.2.")}


def test_what_a_knows_is_worth_more_in_negative_than_turned() -> None:
    """The second is no success, and the demo says so: an untrained column would do as well."""
    gains = {}
    for task_b in ("negative", "turned"):
        figures = events_of("progressive_network", {"task_b": task_b}, seed=3)[-1]["figures"]
        gains[task_b] = figures["gain_in_points"] - figures["gain_of_mere_width"]
    assert gains["negative"] > 8
    assert abs(gains["turned"]) < 8
