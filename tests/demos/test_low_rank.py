"""The best copy against eigenvectors, peft's PiSSA and alternating least squares, none of which is the demo's SVD."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from peft import LoraConfig
from peft.tuners.lora.layer import Linear as PeftLinear
from torch import Tensor, nn

from demos.digits import accuracy, digits
from demos.low_rank import cut, descend, energy, factors, made, random_directions, weight_of
from demos.reader import trained_reader

SHAPES = [(24, 24), (40, 17), (12, 30)]


def matrix(shape: tuple[int, int]) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("r", [1, 5, 11])
def test_the_copy_is_the_matrix_projected_on_the_strongest_eigenvectors_of_its_square(
    shape: tuple[int, int], r: int
) -> None:
    W = matrix(shape)
    B, A = factors(W, r)
    values, vectors = np.linalg.eigh(W.double().numpy().T @ W.double().numpy())
    strongest = vectors[:, -r:]
    np.testing.assert_allclose((B @ A).numpy(), W.double().numpy() @ strongest @ strongest.T, atol=1e-5)
    lost = (W - B @ A).square().sum().item()
    assert lost == pytest.approx(values[:-r].sum(), rel=1e-4, abs=1e-6)
    assert energy(W)[r - 1].item() == pytest.approx(values[-r:].sum() / values.sum(), rel=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_factors_are_pefts_pissa(shape: tuple[int, int]) -> None:
    """PiSSA starts LoRA from a weight's best copy and leaves the rest in the base."""
    base = nn.Linear(shape[1], shape[0], bias=False)
    W = base.weight.detach().clone()
    config = LoraConfig(r=5, lora_alpha=5, init_lora_weights="pissa", target_modules=["x"])
    theirs = PeftLinear(base, "default", config=config, r=5, lora_alpha=5, init_lora_weights="pissa")
    B, A = factors(W, 5)
    torch.testing.assert_close(B @ A, theirs.get_delta_weight("default").detach(), rtol=0, atol=1e-6)
    torch.testing.assert_close(W - B @ A, theirs.base_layer.weight.detach(), rtol=0, atol=1e-6)
    kept = [layer["default"].weight.numel() for layer in (theirs.lora_A, theirs.lora_B)]
    assert [A.numel(), B.numel()] == kept


@pytest.mark.parametrize("shape", SHAPES)
def test_alternating_least_squares_arrives_at_the_same_error_and_not_below(shape: tuple[int, int]) -> None:
    W, r = matrix(shape), 4
    B = torch.randn(shape[0], r, generator=torch.Generator().manual_seed(1))
    for _ in range(300):
        A = torch.linalg.lstsq(B, W).solution
        B = torch.linalg.lstsq(A.T, W.T).solution.T
    best_B, best_A = factors(W, r)
    assert (W - B @ A).norm().item() == pytest.approx((W - best_B @ best_A).norm().item(), rel=1e-3)
    assert (W - B @ A).norm() >= (W - best_B @ best_A).norm() * (1 - 1e-6)


def test_gradient_descent_starts_with_all_of_the_matrix_to_find_and_comes_within_a_hundredth_of_the_best() -> None:
    W, generator = weight_of(trained_reader(), "v_proj"), torch.Generator().manual_seed(0)
    B, A = factors(W, 8)
    best, way = (W - B @ A).norm().item(), descend(W, 8, generator)
    assert way[0] == pytest.approx(W.norm().item())
    assert best <= way[-1] <= 1.01 * best
    assert random_directions(W, 8, generator) > 1.1 * best


def test_random_directions_get_the_best_matrix_that_lies_in_them() -> None:
    W = matrix((20, 9))
    error = random_directions(W, 6, torch.Generator().manual_seed(3))
    columns = torch.randn(20, 6, generator=torch.Generator().manual_seed(3))
    fitted = columns @ torch.linalg.lstsq(columns, W).solution
    torch.testing.assert_close(error, (W - fitted).norm())


def test_a_planted_matrix_has_the_rank_and_the_noise_it_was_given() -> None:
    clean = made(torch.Size((30, 20)), 3, 0.0, torch.Generator().manual_seed(0))
    assert torch.linalg.matrix_rank(clean) == 3
    noisy = made(torch.Size((30, 20)), 3, 0.5, torch.Generator().manual_seed(0))
    assert ((noisy - clean).norm() / clean.norm()).item() == pytest.approx(0.5, rel=1e-5)


def test_cutting_takes_copies_and_at_full_rank_changes_no_answer() -> None:
    reader, (_, test) = trained_reader(), digits()
    before = copy.deepcopy(reader.state_dict())
    assert accuracy(cut(reader, 1), test) < 0.5
    torch.testing.assert_close(cut(reader, 64)(test.images), reader(test.images), rtol=0, atol=1e-4)
    assert all(torch.equal(weight, before[name]) for name, weight in reader.state_dict().items())


def test_an_update_of_rank_two_survives_a_cut_to_rank_two_and_not_to_one() -> None:
    base = trained_reader()
    tuned = copy.deepcopy(base)
    W = tuned.blocks[1].attention.v_proj.weight
    W.data += (
        torch.outer(torch.ones(64), torch.arange(64.0)) / 640 + torch.outer(torch.arange(64.0), torch.ones(64)) / 64
    )
    survives, cut_short = (cut(tuned, r, base).blocks[1].attention.v_proj.weight for r in (2, 1))
    torch.testing.assert_close(survives, W, rtol=0, atol=1e-4)
    assert (cut_short - W).norm() > 0.1
