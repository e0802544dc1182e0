"""Low rank: the best copy of a matrix that r directions allow, and what LoRA supposes to have a good one.

The singular value decomposition sorts a matrix into directions, the strongest first. Keeping r of them comes as near
as any matrix of rank r can (Eckart & Young, 1936; Mirsky, 1960, for the spectral norm), and what is lost can be read
off the singular values left out. It is tried on a projection of a small transformer that reads digits, on what full
fine-tuning adds to that projection, on a planted matrix of low rank with noise over it, and on noise alone.
"""

import copy
from itertools import pairwise

import torch
from torch import Tensor

from demos.digits import accuracy, digits, fit
from demos.kit import Choice, Demo, Integer, Lab, Mistake, Prediction, Real, main
from demos.reader import Reader, trained_reader

DEMO = Demo(
    title="Low rank: a matrix and its best copy",
    summary="The nearest matrix of rank r: what is lost, what is saved, and which matrices bear it.",
    questions=["Q4"],
    parameters=[
        Choice("matrix", "weight", ["weight", "update", "planted", "noise"], "what is cut to rank r"),
        Choice(
            "projection",
            "q_proj",
            ["q_proj", "k_proj", "v_proj", "o_proj", "up", "down"],
            "which of the reader's matrices; gives the shape of the others too",
        ),
        Integer("r", 8, 1, 63, "rank of the copy"),
        Integer("planted", 4, 1, 32, "rank of the planted matrix"),
        Real("noise", 0.2, 0.0, 2.0, "size of the noise over it, as a share of its own"),
    ],
    checks={
        "frobenius_tail": "The squared error, over all entries, is the sum of the squared singular values left out",
        "spectral_next": "The error in the spectral norm is the first singular value left out, σ of r + 1",
        "monotone": "Each rank more loses less, down to nothing at full rank",
        "unbeaten": "No matrix of rank r comes nearer: not with random directions, not by gradient descent on B·A",
        "numbers_stored": "The two factors hold r·(out + in) numbers, fewer than out·in only below the break-even rank",
        "update_is_lower": "Rank 8 keeps at least 5 points more of fine-tuning's update than of the weight or of noise",
    },
    predictions=[
        Prediction(
            "energy_kept",
            "What share of the matrix's energy, the sum of its squared entries, does rank r keep, in per cent?",
            "A trained weight is no low-rank matrix: its singular values fall slowly, though faster than noise's. LoRA "
            "does not suppose that W has low rank. It supposes it of the change to W.",
            unit="%",
        ),
        Prediction(
            "keeps_most",
            "Which of the three keeps most of its energy at rank 8?",
            "The update: a small task moves a weight in few directions. That is LoRA's hypothesis, and it depends on "
            "the task: Biderman et al. (2024) found far higher ranks after full fine-tuning on code and mathematics.",
            choices=["weight", "update", "noise"],
        ),
        Prediction(
            "break_even_rank",
            "From which rank on do the two factors hold as many numbers as the matrix, or more?",
            "r·(out + in) reaches out·in at out·in/(out + in): half the side of a square matrix, 2,048 of 4,096. "
            "LoRA's ranks are far below it.",
        ),
    ],
    mistakes=[
        Mistake(
            "squared_too_late",
            "summed, then squared",
            right="sigma[r:].square().sum()",
            wrong="sigma[r:].sum().square()",
            fails="frobenius_tail",
            why="Directions are at right angles, so their squares add up (Pythagoras), and not their lengths.",
        ),
        Mistake(
            "off_by_one",
            "σ of r, not of r + 1",
            right="sigma[r].item()",
            wrong="sigma[r - 1].item()",
            fails="spectral_next",
            why="Counted from one, σ of r is the last that is kept. The largest error is the first that is not.",
        ),
        Mistake(
            "sigma_twice",
            "σ given to both factors whole",
            right="root = sigma[:r].sqrt()",
            wrong="root = sigma[:r]",
            fails="monotone",
            why="B·A then carries σ squared: strong directions come out too strong, weak ones too weak, and "
            "even at full rank the product is not the matrix.",
        ),
        Mistake(
            "root_once",
            "√σ in one factor only",
            right="return U[:, :r] * root, root[:, None] * Vh[:r]",
            wrong="return U[:, :r] * root, Vh[:r]",
            fails="unbeaten",
            why="√σ must stand in both factors, or σ in one, for the product to carry σ. A hundred steps of gradient "
            "descent find a better pair than this one, which is how a wrong optimum shows itself.",
        ),
        Mistake(
            "product_counted",
            "the product counted, not the factors",
            right="B.numel() + A.numel()",
            wrong="(B @ A).numel()",
            fails="numbers_stored",
            why="B·A has the matrix's full shape at any rank. What is saved is saved by never writing it out.",
        ),
        Mistake(
            "base_not_copied",
            "the base trained in place of a copy",
            right="tuned = copy.deepcopy(base)",
            wrong="tuned = base",
            fails="update_is_lower",
            why="Two names for one model: the base moves along, and after minus before is zero.",
        ),
    ],
)

RANK, TUNING = 8, 60  # the rank that three matrices are compared at; steps of fine-tuning
RANKS = (1, 2, 4, 8, 16, 32, 48, 64)
STEPS, RATE = 100, 0.1  # of gradient descent on B·A
PLACES = {"up": "feed_forward.0", "down": "feed_forward.2"}


def factors(W: Tensor, r: int) -> tuple[Tensor, Tensor]:
    """B (out × r) and A (r × in): U and Vᵀ cut to the r largest singular values, with √σ in each."""
    U, sigma, Vh = torch.linalg.svd(W, full_matrices=False)
    root = sigma[:r].sqrt()
    return U[:, :r] * root, root[:, None] * Vh[:r]


def energy(W: Tensor) -> Tensor:
    """The share of ‖W‖² that ranks 1, 2, 3, ... keep: σ₁² + ... + σᵣ² of the sum of all."""
    squares = torch.linalg.svdvals(W).square()
    return squares.cumsum(0) / squares.sum()


def random_directions(W: Tensor, r: int, generator: torch.Generator) -> Tensor:
    """The error of the best matrix whose columns lie in r random directions: what remains is at right angles."""
    Q = torch.linalg.qr(torch.randn(len(W), r, generator=generator)).Q.to(W.device)
    return (W - Q @ (Q.T @ W)).norm()


def descend(W: Tensor, r: int, generator: torch.Generator) -> list[float]:
    """‖W − B·A‖ on the way down by Adam from LoRA's start, A random and B zero; W is brought to unit size for it."""
    scale = W.norm() / W.numel() ** 0.5
    A = torch.randn(r, W.shape[1], generator=generator).to(W.device).requires_grad_()
    B = torch.zeros(len(W), r, device=W.device, requires_grad=True)
    optimizer, errors = torch.optim.Adam([A, B], lr=RATE, fused=True), []
    for _ in range(STEPS):
        error = (W / scale - B @ A).square().sum()
        errors.append(error.item() ** 0.5 * scale.item())
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
    return errors


def weight_of(reader: Reader, projection: str) -> Tensor:
    """A matrix of the reader's first layer."""
    return reader.get_parameter(f"blocks.0.{PLACES.get(projection, f'attention.{projection}')}.weight").detach()


def cut(reader: Reader, r: int, start: Reader | None = None) -> Reader:
    """A copy with every matrix of its layers cut to rank r; or, from a `start`, only what was added to that."""
    copied = copy.deepcopy(reader)
    for name, W in copied.blocks.named_parameters():
        if W.ndim == 2:
            before = start.blocks.get_parameter(name).detach() if start else torch.zeros_like(W)
            B, A = factors(W.detach() - before, r)
            W.data = before + B @ A
    return copied


def made(shape: torch.Size, planted: int, noise: float, generator: torch.Generator) -> Tensor:
    """A sum of `planted` outer products with noise over it, as large as `noise` times the sum."""
    columns, rows = (torch.randn(side, planted, generator=generator) for side in shape)
    outer, over = columns @ rows.T, torch.randn(shape, generator=generator)
    return outer + noise * outer.norm() / over.norm() * over


def run(lab: Lab, *, matrix: str, projection: str, r: int, planted: int, noise: float) -> None:
    lab.text(f"The best copy of rank {r} of one matrix: **{matrix}**, with the shape of the reader's {projection}.")
    generator = torch.Generator().manual_seed(lab.seed)

    # 1. Four matrices of one shape. The update is what full fine-tuning on turned digits adds to the weight.
    base = trained_reader(lab.device)
    tuned = copy.deepcopy(base)
    train, test = digits(lab.device)
    for step in fit(tuned.requires_grad_(True), train.rotated(), TUNING, rate=3e-3, seed=lab.seed):
        lab.progress(step, TUNING, "full fine-tuning on turned digits")
    weight = weight_of(base, projection)
    kinds = {
        "weight": weight,
        "update": weight_of(tuned, projection) - weight,
        "noise": torch.randn(weight.shape, generator=generator).to(lab.device),
        "planted": made(weight.shape, planted, noise, generator).to(lab.device),
    }
    W = kinds[matrix]
    size, sigma = W.norm().item(), torch.linalg.svdvals(W)

    # 2. The copy. Factors of full rank hold those of every rank below: their first columns and rows.
    B, A = factors(W, r)
    best = B @ A
    lab.picture(f"A corner of the {matrix}", W)
    lab.picture(f"The same corner of its copy of rank {r}", best)
    all_B, all_A = factors(W, len(sigma))
    errors = [(W - all_B[:, :k] @ all_A[:k]).norm().item() for k in range(len(sigma) + 1)]
    energies, both = energy(W), sum(W.shape)
    rows = [[k, errors[k] / size, energies[k - 1], k * both, f"{k * both / W.numel():.0%}"] for k in RANKS]
    lab.table("By rank", ["rank", "error", "energy kept", "numbers", "of the matrix's"], rows)
    break_even = W.numel() / both
    lab.figure("energy_kept", 100 * energies[r - 1].item())
    lab.figure("relative_error", errors[r] / size)
    lab.figure("break_even_rank", break_even)

    # 3. Eckart and Young: what is lost is what was left out.
    lost, tail = (W - best).square().sum().item(), sigma[r:].square().sum().item()
    lab.check("frobenius_tail", abs(lost - tail) <= 1e-5 * size**2, lost, tail)
    spectral, following = torch.linalg.matrix_norm(W - best, 2).item(), sigma[r].item()
    lab.check("spectral_next", abs(spectral - following) <= 1e-5 * size, spectral, following)
    steps = [after - before for before, after in pairwise(errors)]
    falls = max(steps) <= 1e-5 * size and errors[-1] <= 1e-4 * size
    lab.check("monotone", falls, f"largest step {max(steps):.2g}, last error {errors[-1]:.2g}", "no step up; 0")
    stored = B.numel() + A.numel()
    saves = (stored < W.numel()) == (r < break_even)
    lab.check("numbers_stored", saves and stored == r * both, stored, f"{r}·{both}, break-even at {break_even:.1f}")

    # 4. Rivals of the same rank: random directions, and the gradient descent that LoRA's training is.
    luck = [random_directions(W, r, generator) for _ in range(20)]
    way = descend(W, r, generator)
    nearest = min(*luck, *way)
    lab.check("unbeaten", nearest >= lost**0.5 - 1e-5 * size, nearest, f"not below {lost**0.5:.6g}")
    floor = {"name": "the best there is", "x": [0, STEPS - 1], "y": [lost**0.5, lost**0.5]}
    descent = {"name": "gradient descent on B·A", "x": [*range(STEPS)], "y": way}
    lab.plot(f"Error at rank {r}", "steps", "‖W − B·A‖", [descent, floor])
    lab.figure("relative_error_of_descent", way[-1] / size)

    # 5. LoRA's hypothesis: not the weight, but the change to it, is nearly of low rank.
    shares = {name: energy(kind) for name, kind in kinds.items()}
    ranks = [*range(1, len(sigma) + 1)]
    series = [{"name": name, "x": ranks, "y": share} for name, share in shares.items()]
    lab.plot("Energy kept", "rank", "share", series)
    at = {name: 100 * shares[name][RANK - 1].item() for name in ("weight", "update", "noise")}
    lab.table(f"Energy kept by {RANK} ranks of {len(sigma)}, %", ["", *at], [["", *at.values()]])
    lab.figure("keeps_most", max(at, key=lambda name: at[name]))
    lower = at["update"] >= 5 + max(at["weight"], at["noise"])
    lab.check("update_is_lower", lower, at["update"], f"5 above {at['weight']:.1f} and {at['noise']:.1f}")

    # 6. What the cuts do to the reader.
    upright = [accuracy(base, test), accuracy(cut(base, r), test)]
    turned = [accuracy(tuned, test.rotated()), accuracy(cut(tuned, r, base), test.rotated())]
    rows = [["upright digits, every weight cut", *upright], ["turned digits, every update cut", *turned]]
    lab.table(f"The reader's accuracy, all twelve matrices cut to rank {r}", ["", "whole", "cut"], rows)
    lab.figure("accuracy_weights_cut", upright[1])
    lab.figure("accuracy_updates_cut", turned[1])


if __name__ == "__main__":
    raise SystemExit(main("low_rank"))
