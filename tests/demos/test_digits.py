"""The digits that ship with the demos, and the loop that learns them."""

from importlib.resources import files

import pytest
import torch
from torch import nn

from demos.digits import digits, fit


def test_all_1797_real_digits_are_there_and_small() -> None:
    train, test = digits()
    labels = torch.cat([train.labels, test.labels])
    # scikit-learn's load_digits: this many of 0, 1, ..., 9
    assert labels.bincount().tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert train.images.shape[1:] == (8, 8)
    assert (train.images.min(), train.images.max()) == (0.0, 1.0)
    assert len(files("demos").joinpath("data/digits.npz").read_bytes()) < 100_000


def test_their_source_and_licence_ship_with_them() -> None:
    note = files("demos").joinpath("data/README.md").read_text(encoding="utf-8")
    assert "UCI" in note
    assert "CC BY 4.0" in note


def test_the_split_is_the_same_whatever_torchs_seed() -> None:
    torch.manual_seed(3)
    one = digits()[1].images
    torch.manual_seed(4)
    assert torch.equal(one, digits()[1].images)


def test_four_quarter_turns_give_the_digits_back() -> None:
    task, _ = digits()
    assert torch.equal(task.rotated().rotated().rotated().rotated().images, task.images)
    assert not torch.equal(task.rotated().images, task.images)


def test_permuted_pixels_can_be_put_back() -> None:
    task, order = digits()[0], torch.randperm(64)
    assert not torch.equal(task.permuted(order).images, task.images)
    assert torch.equal(task.permuted(order).permuted(order.argsort()).images, task.images)


def test_relabelled_digits_look_the_same_and_are_called_the_next() -> None:
    task, _ = digits()
    assert torch.equal(task.relabelled().images, task.images)
    assert all(new == (old + 1) % 10 for old, new in zip(task.labels, task.relabelled().labels, strict=True))


def test_learning_says_how_far_it_is_and_moves_only_what_may_move() -> None:
    task, _ = digits()
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    model[1].requires_grad_(False)
    frozen, free = model[1].weight.clone(), model[3].weight.detach().clone()
    assert list(fit(model, task, 5, rate=0.01, seed=0)) == [0, 1, 2, 3, 4, 5]
    assert torch.equal(model[1].weight, frozen)
    assert not torch.equal(model[3].weight, free)


def test_a_penalty_is_part_of_what_is_minimised() -> None:
    task, _ = digits()
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    for _ in fit(model, task, 300, rate=0.03, seed=0, penalty=lambda: 1e3 * model[1].bias.sub(2).square().sum()):
        pass
    assert model[1].bias.detach().numpy() == pytest.approx(2.0, abs=0.05)
