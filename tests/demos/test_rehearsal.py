"""The batched networks against ordinary ones trained alone, and what a batch holds."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from runs import events_of
from torch import nn

from demos.digits import Digits, accuracy, digits, fit
from demos.rehearsal import OLD, SEEDS, Networks, draw, learn, remember
from demos.rehearsal import accuracy as mean_accuracy


def order(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def alone(networks: Networks, index: int) -> nn.Sequential:
    """One of the networks as PyTorch's own layers, which keep their weights transposed."""
    hidden = networks.W1.shape[-1]
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, 10))
    weights = (networks.W1[index].T, networks.b1[index, 0], networks.W2[index].T, networks.b2[index, 0])
    for to, value in zip(model.parameters(), weights, strict=True):
        to.data = value.detach().clone()
    return model


@pytest.fixture(scope="module")
def trained() -> tuple[Networks, list[nn.Sequential]]:
    """Networks trained side by side, and each of them trained alone with torch.optim on the same batches."""
    torch.manual_seed(0)
    networks, (train, _) = Networks(SEEDS, 16), digits()
    singles = [alone(networks, index) for index in range(SEEDS)]
    batches = [draw(train, generator) for generator in [order()] for _ in range(30)]
    for single, index in zip(singles, range(SEEDS), strict=True):
        optimizer = torch.optim.Adam(single.parameters(), lr=5e-3)
        for images, labels in batches:
            optimizer.zero_grad()
            F.cross_entropy(single(images[index]), labels[index]).backward()
            optimizer.step()
    feed = iter(batches)
    for _ in learn(networks, len(batches), lambda: next(feed)):
        pass
    return networks, singles


def test_networks_side_by_side_learn_what_each_learns_alone(trained: tuple[Networks, list[nn.Sequential]]) -> None:
    networks, singles = trained
    for index, single in enumerate(singles):
        for ours, theirs in zip(alone(networks, index).parameters(), single.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-4)


def test_accuracy_is_the_mean_of_the_networks_own(trained: tuple[Networks, list[nn.Sequential]]) -> None:
    networks, singles = trained
    _, test = digits()
    expected = sum(accuracy(single, test) for single in singles) / SEEDS
    assert mean_accuracy(networks, test).item() == pytest.approx(expected, abs=1 / len(test.labels))
    copies = networks.once_for_each_share()
    assert mean_accuracy(copies, test).tolist() == pytest.approx([mean_accuracy(networks, test).item()] * len(OLD))


@pytest.mark.parametrize("size", [1, 50, 1348])
def test_a_buffer_holds_different_training_samples_with_their_own_labels(size: int) -> None:
    train, _ = digits()
    answers = {image.numpy().tobytes(): label.item() for image, label in zip(*train, strict=True)}
    memory = remember(train, size, order())
    assert memory.images.shape == (SEEDS, size, 8, 8)
    for images, labels in zip(*memory, strict=True):
        kept = {image.numpy().tobytes(): label.item() for image, label in zip(images, labels, strict=True)}
        assert kept.items() <= answers.items()
    whole = remember(Digits(torch.arange(20.0).view(20, 1, 1), torch.arange(20)), 20, order())
    assert [sorted(labels) for labels in whole.labels.tolist()] == [list(range(20))] * SEEDS


def test_each_network_draws_from_its_own_buffer() -> None:
    memory = Digits(torch.zeros(SEEDS, 5, 8, 8), torch.arange(SEEDS)[:, None].expand(-1, 5))
    drawn = draw(memory, order())
    assert drawn.labels.shape == (SEEDS, 32)
    assert torch.equal(drawn.labels, torch.arange(SEEDS)[:, None].expand(-1, 32))


def test_plain_forgetting_is_that_of_an_ordinary_network_and_a_bigger_buffer_keeps_more() -> None:
    """The same story from demos.digits.fit, which knows nothing of batched networks."""
    small, large = (events_of("rehearsal", {"buffer": size})[-1]["figures"]["accuracy_on_a"] for size in (50, 1000))
    assert small["0/32"] == large["0/32"]  # nothing is replayed
    assert all(large[share] > small[share] for share in ("8/32", "16/32"))
    torch.manual_seed(0)
    train, test = digits()
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    ends = []
    for steps, task, seed in ((100, train, 0), (150, train.rotated(), 1)):
        for _ in fit(model, task, steps, rate=5e-3, seed=seed):
            pass
        ends.append(accuracy(copy.deepcopy(model), test))
    assert ends[0] > 0.85
    assert small["0/32"] == pytest.approx(ends[1], abs=0.2)
