"""The measures against numpy on longer sequences, the remedies' parts, and what the comparison shows."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from runs import events_of
from torch import nn

from demos.digits import Digits, accuracy, digits
from demos.forgetting import (
    average_accuracy,
    backward_transfer,
    forgetting,
    joined,
    with_adapters,
    with_column,
    with_lora,
    without_detours,
)


def base() -> nn.Sequential:
    torch.manual_seed(0)
    hidden = (nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU())
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(128, 10))


@cache
def figures(seed: int = 0, **values: Any) -> dict[str, Any]:
    return events_of("forgetting", values, seed=seed)[-1]["figures"]


@pytest.mark.parametrize("tasks", [2, 3, 6])
def test_the_measures_are_their_definitions_written_out(tasks: int) -> None:
    R = np.random.default_rng(tasks).random((tasks, tasks))
    last = tasks - 1
    bwt = sum(R[last, j] - R[j, j] for j in range(last)) / last
    lost = sum(max(R[i, j] for i in range(last)) - R[last, j] for j in range(last)) / last
    assert backward_transfer(torch.tensor(R)).item() == pytest.approx(bwt)
    assert forgetting(torch.tensor(R)).item() == pytest.approx(lost)
    assert average_accuracy(torch.tensor(R)).item() == pytest.approx(sum(R[last]) / tasks)


def test_with_more_tasks_forgetting_counts_from_the_best_and_bwt_from_the_first() -> None:
    """A task may get better before it is forgotten."""
    R = torch.tensor([[0.6, 0.1, 0.1], [0.8, 0.7, 0.1], [0.5, 0.7, 0.9]])
    assert backward_transfer(R).item() == pytest.approx((0.5 - 0.6 + 0.7 - 0.7) / 2)
    assert forgetting(R).item() == pytest.approx((0.8 - 0.5 + 0.7 - 0.7) / 2)


@pytest.mark.parametrize("addition", [lambda model: with_lora(model, 4), with_adapters])
def test_detours_begin_as_the_base_train_alone_and_come_off_without_a_trace(addition: Any) -> None:
    model, (train, test) = base(), digits()
    before = model(test.images)
    grown = addition(model)
    assert torch.equal(grown(test.images), before)
    weights = copy.deepcopy(model.state_dict())
    optimizer = torch.optim.Adam(grown.parameters(), lr=0.1)  # handed everything: freezing alone must protect the base
    for _ in range(3):
        F.cross_entropy(grown(train.images[:64]), train.labels[:64]).backward()
        optimizer.step()
    assert not torch.allclose(grown(test.images), before, atol=0.1)
    assert torch.equal(without_detours(grown)(test.images), before)
    assert all(torch.equal(weight, weights[name]) for name, weight in model.state_dict().items())


def test_a_progressive_networks_first_column_is_the_base() -> None:
    model, (_, test) = base(), digits()
    grown = with_column(model)
    assert torch.equal(grown(test.images, task=0), model(test.images))
    assert not any(weight.requires_grad for weight in grown.columns[0].parameters())


def test_joined_tasks_keep_each_image_with_its_label() -> None:
    new, old = (Digits(torch.full((n, 8, 8), float(n)), torch.full((n,), n)) for n in (5, 3))
    both = joined(new, old)
    assert torch.equal(both.images[:, 0, 0], both.labels.float())
    assert len(both.labels) == 8


def test_naive_training_forgets_as_it_does_in_a_loop_of_pytorchs_own() -> None:
    (train, test), model = digits(), base()
    order, at = torch.Generator().manual_seed(7), []
    for task in (train, train.rotated()):
        optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
        for _ in range(120):
            pick = torch.randint(len(task.labels), (32,), generator=order)
            optimizer.zero_grad()
            F.cross_entropy(model(task.images[pick]), task.labels[pick]).backward()
            optimizer.step()
        at.append((accuracy(model, test), accuracy(model, test.rotated())))
    assert figures()["accuracy_on_a_told"]["progressive"] == pytest.approx(at[0][0], abs=0.05)  # A, before B
    assert figures()["accuracy_on_a_told"]["naive"] == pytest.approx(at[1][0], abs=0.25)
    assert figures()["accuracy_on_b"]["naive"] == pytest.approx(at[1][1], abs=0.05)


def test_only_rehearsal_and_ewc_keep_a_when_nobody_says_which_task_it_is() -> None:
    told, untold = figures()["accuracy_on_a_told"], figures()["accuracy_on_a_not_told"]
    for name in ("naive", "rehearsal", "EWC"):
        assert told[name] == untold[name]
    for name in ("progressive", "LoRA", "adapters"):
        assert told[name] == told["progressive"] > max(told["rehearsal"], untold[name] + 0.2)
    assert min(untold["rehearsal"], untold["EWC"]) > max(untold[name] for name in ("naive", "progressive", "LoRA"))
    assert figures()["best_on_a_not_told"] in {"rehearsal", "EWC"}


def test_lora_that_learns_less_forgets_less() -> None:
    gentle, harsh = figures(rate=0.004, r=4), figures(rate=0.01, r=16)
    assert gentle["accuracy_on_a_not_told"]["LoRA"] > harsh["accuracy_on_a_not_told"]["LoRA"] + 0.1
    assert gentle["accuracy_on_b"]["LoRA"] < harsh["accuracy_on_b"]["LoRA"]
