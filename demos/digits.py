"""Real handwritten digits as a task to learn: 1,797 images of 8 x 8 pixels, shipped in data/ (see its README.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

TEST_SHARE = 0.25
SPLIT_SEED = 0
BRIGHTEST = 16  # a pixel counts the dark dots in a 4 x 4 cell of the scan
BATCH = 32


class Digits(NamedTuple):
    """Some images (n x 8 x 8, from 0 to 1) and what they show (n, from 0 to 9)."""

    images: Tensor
    labels: Tensor

    def rotated(self) -> Digits:
        """The same digits turned by 90 degrees."""
        return Digits(self.images.rot90(1, (1, 2)), self.labels)

    def permuted(self, order: Tensor) -> Digits:
        """The same digits with their 64 pixels in another order."""
        return Digits(self.images.flatten(1)[:, order].view_as(self.images), self.labels)

    def relabelled(self) -> Digits:
        """The same images, but each is to be called the next digit: 0 is 1, 1 is 2, ..., 9 is 0."""
        return Digits(self.images, (self.labels + 1) % 10)


def digits(device: torch.device | str = "cpu") -> tuple[Digits, Digits]:
    """Return 1,348 digits to learn from and 449 to judge by: always the same, so that no model has seen its test."""
    with files("demos").joinpath("data/digits.npz").open("rb") as file, np.load(file) as arrays:
        images = torch.from_numpy(arrays["images"]).float() / BRIGHTEST
        labels = torch.from_numpy(arrays["labels"]).long()
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(SPLIT_SEED))
    held_out = int(TEST_SHARE * len(labels))
    train, test = order[held_out:], order[:held_out]
    return (
        Digits(images[train].to(device), labels[train].to(device)),
        Digits(images[test].to(device), labels[test].to(device)),
    )


def new_task(task: Digits, name: str) -> Digits:
    """The digits as the new task has them."""
    images, labels = task
    mirrored, inverted = Digits(images.flip(2), labels), Digits(1 - images, labels)
    return {
        "turned": task.rotated(),
        "mirrored": mirrored,
        "inverted": inverted,
        "relabelled": task.relabelled(),
    }[name]


def fit(
    model: nn.Module,
    task: Digits,
    steps: int,
    *,
    rate: float,
    seed: int,
    penalty: Callable[[], Tensor | float] = lambda: 0.0,
) -> Iterator[int]:
    """Train with Adam on cross-entropy plus `penalty()`; yields the steps done so far, from 0 to `steps`.

    Only weights that require a gradient move. The same seed gives the same batches.
    """
    trainable = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.Adam(trainable, lr=rate, fused=True)
    order = torch.Generator().manual_seed(seed)
    for step in range(steps):
        yield step
        pick = torch.randint(len(task.labels), (BATCH,), generator=order).to(task.labels.device)
        loss = F.cross_entropy(model(task.images[pick]), task.labels[pick]) + penalty()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    yield steps


@torch.no_grad()
def logits(model: nn.Module, task: Digits) -> Tensor:
    """What the model answers, without keeping a graph."""
    return model(task.images)


def accuracy(model: nn.Module, task: Digits) -> float:
    """The share of `task` that the model gets right."""
    return (logits(model, task).argmax(dim=-1) == task.labels).float().mean().item()


def loss_on(model: nn.Module, task: Digits) -> float:
    """The mean cross-entropy on `task`."""
    return F.cross_entropy(logits(model, task), task.labels).item()
