"""Paged optimizers: Adam's moments leave the device page by page when a long sequence needs the room.

Adam keeps two moments, eight bytes for every weight. Now and then comes a long sequence, and what its backward pass
has to keep does not fit beside them. QLoRA (Dettmers et al., 2023) puts the moments in CUDA's unified memory: under
pressure the driver moves pages of them to the CPU, and back when they are touched, while the weights stay. Here a page
table that can be read does so, least recently used first, and counts. On CUDA bitsandbytes' paged Adam runs as well.
"""

from collections import OrderedDict
from importlib.util import find_spec

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from demos.digits import digits
from demos.kit import Demo, Integer, Lab, Mistake, Prediction, Real, main
from demos.reader import ROWS, WIDTH, Reader, trained_reader

DEMO = Demo(
    title="Paged optimizers: Adam's moments page by page",
    summary="Adam with its moments in pages: what a long sequence pushes to the CPU, what comes back, what it costs.",
    questions=["Q4"],
    parameters=[
        Real("budget", 0.3, 0.0, 1.2, "share of Adam's moments that finds room beside the long sequence"),
        Integer("length", 6, 1, 10, "digits in a long sequence; a short one has one, eight tokens"),
        Integer("every", 8, 2, 20, "steps from one long sequence to the next"),
        Integer("page_kib", 16, 4, 64, "size of a page in KiB"),
        Integer("steps", 32, 10, 50, "training steps"),
    ],
    checks={
        "same_updates": "Paged, Adam makes the updates that it makes in memory: to the bit, on a CPU",
        "under_budget": "Activations and moments together never take more than the device's memory",
        "cost": "Bytes brought in are faults × page size, bytes sent out evictions × page size",
        "all_fits": "Where everything fits beside the long sequence, not a byte moves",
        "lru_scan": "One page short of a scan that repeats, the least-recently-used rule faults on every touch",
    },
    predictions=[
        Prediction(
            "faults_percent",
            "What share of the optimiser's touches find their page gone, in per cent?",
            "Only the step after a long sequence pays, and only for the pages that had to go. Moving all of the "
            "moments out and back at every step, as a manual offload does, would pay for every page every time.",
            unit="%",
        ),
        Prediction(
            "scan_faults_percent",
            "Ten pages are touched in turn, over and over, and nine fit. What share of touches faults under LRU?",
            "The page that goes is always the one that is needed next. A state that never fits is no spike any more: "
            "paging is for peaks.",
            unit="%",
        ),
    ],
    mistakes=[
        Mistake(
            "not_written_back",
            "a page thrown away, not written back",
            "self.host[page].copy_(moments)",
            "moments.zero_()",
            "same_updates",
            "Adam writes to every page that it touches. What comes back from the CPU is then an old copy.",
        ),
        Mistake(
            "clock_of_the_page",
            "Adam's step counted at every page",
            "m, v = moments.touch(page)[:, : len(g)]",
            "m, v, t = *moments.touch(page)[:, : len(g)], t + 1",
            "same_updates",
            "The bias corrections 1 − βᵗ belong to the step, which all pages share.",
        ),
        Mistake(
            "activations_forgotten",
            "room for the moments reckoned without the activations",
            "(self.memory - taken) // self.page_bytes)",
            "self.memory // self.page_bytes)",
            "under_budget",
            "With short sequences nothing shows. The first long one ends in the out-of-memory error paging is for.",
        ),
        Mistake(
            "one_moment_counted",
            "half of each page counted",
            "self.bytes_in += self.resident[page].nbytes",
            "self.bytes_in += self.resident[page][0].nbytes",
            "cost",
            "Adam has two moments, m and v: eight bytes a weight in float32, and both have to come back.",
        ),
        Mistake(
            "cold_start",
            "every page begins on the CPU",
            "min(len(self.host), memory // self.page_bytes)",
            "min(0, memory // self.page_bytes)",
            "all_fits",
            "Pages leave under pressure only. Where there is none, paged Adam should cost what Adam costs.",
        ),
        Mistake(
            "most_recent_goes",
            "the most recently used page is the one to go",
            "popitem(last=False)",
            "popitem(last=True)",
            "lru_scan",
            "On a scan that repeats it is the better rule, as it happens: nearly all pages stay. But it is not LRU.",
        ),
    ],
)

BATCH, RATE, BETA_1, BETA_2, EPS = 8, 1e-3, 0.9, 0.999, 1e-8


class PagedMoments:
    """Adam's m and v in pages (2 × numbers): a place on the host for every page, on the device for those in use."""

    def __init__(self, numbers: int, page: int, memory: int, device: torch.device) -> None:
        self.host = torch.zeros(-(-numbers // page), 2, page)
        self.page_bytes, self.memory, self.device = self.host[0].nbytes, memory, device
        self.taken = self.peak = self.faults = self.evictions = self.bytes_in = self.bytes_out = 0
        first = range(min(len(self.host), memory // self.page_bytes))
        self.resident = OrderedDict((page, self.host[page].to(device, copy=True)) for page in first)

    def take(self, taken: int) -> None:
        """The activations now take so many bytes of the device; the moments have the rest."""
        self.taken = taken
        self.evict(room=(self.memory - taken) // self.page_bytes)
        self.peak = max(self.peak, taken + len(self.resident) * self.page_bytes)

    def touch(self, page: int) -> Tensor:
        """The page, brought to the device if it is not there, and the most recently used from now on."""
        if page not in self.resident:
            self.faults += 1
            self.evict(room=(self.memory - self.taken) // self.page_bytes - 1)
            self.resident[page] = self.host[page].to(self.device, copy=True)
            self.bytes_in += self.resident[page].nbytes
            self.peak = max(self.peak, self.taken + len(self.resident) * self.page_bytes)
        self.resident.move_to_end(page)
        return self.resident[page]

    def evict(self, room: int) -> None:
        """Write the least recently used pages back to the host until no more than `room` are left."""
        while len(self.resident) > room:
            page, moments = self.resident.popitem(last=False)
            self.evictions += 1
            self.bytes_out += moments.nbytes
            self.host[page].copy_(moments)


@torch.no_grad()
def paged_adam(weights: list[nn.Parameter], moments: PagedMoments, t: int) -> None:
    """Step t of Adam, Kingma & Ba (2015), algorithm 1, over all weights as one flat vector, a page at a time."""
    flat, gradients = (parameters_to_vector(parts) for parts in (weights, [weight.grad for weight in weights]))
    page_numbers = moments.host.shape[-1]
    for page, (w, g) in enumerate(zip(flat.split(page_numbers), gradients.split(page_numbers), strict=True)):
        m, v = moments.touch(page)[:, : len(g)]
        m.lerp_(g, 1 - BETA_1)
        v.mul_(BETA_2).addcmul_(g, g, value=1 - BETA_2)
        size = (v.sqrt() / (1 - BETA_2**t) ** 0.5).add_(EPS)
        w.addcdiv_(m, size, value=-RATE / (1 - BETA_1**t))
    vector_to_parameters(flat, weights)


def loss_and_activations(model: Reader, images: Tensor, labels: Tensor, length: int) -> tuple[Tensor, int]:
    """The loss on sequences of `length` digits, the last of which is to be named, and the bytes kept for backward."""
    kept = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        tokens = model.tokens(images).view(-1, length * ROWS, WIDTH)
        loss = F.cross_entropy(model.read(tokens), labels[length - 1 :: length])
    weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    return loss, sum(size for place, size in kept.items() if place not in weights)


def replay(moments: PagedMoments, activations: list[int]) -> PagedMoments:
    """Forward and backward take so much, step by step, and the optimiser then touches every page."""
    for taken in activations:
        moments.take(taken)
        moments.take(0)
        for page in range(len(moments.host)):
            moments.touch(page)
    return moments


def unified(device: torch.device) -> float:
    """How far bitsandbytes' Adam, with moments in unified memory, sent to the CPU each time, is from torch's."""
    from bitsandbytes.functional import prefetch_tensor
    from bitsandbytes.optim.adam import PagedAdam32bit

    weight = nn.Parameter(torch.randn(2**20, device=device))  # it pages tensors of 100,000 numbers or more
    twin = nn.Parameter(weight.detach().clone())
    paged, plain = PagedAdam32bit([weight], lr=RATE), torch.optim.Adam([twin], lr=RATE)
    for _ in range(5):
        weight.grad = torch.randn_like(weight)
        twin.grad = weight.grad.clone()
        paged.step()
        plain.step()
        prefetch_tensor(paged.state[weight]["state1"], to_cpu=True)  # m and v, where a spike would send them
        prefetch_tensor(paged.state[weight]["state2"], to_cpu=True)
    return (weight - twin).abs().max().item()


def run(lab: Lab, *, budget: float, length: int, every: int, page_kib: int, steps: int) -> None:
    lab.text("Adam's moments in **pages**: a page table that simulates unified memory and counts what it moves.")
    task = digits(lab.device)[0].rotated()
    model = trained_reader(lab.device).requires_grad_(True)
    order = torch.Generator().manual_seed(lab.seed)

    # 1. A device with room for the long sequence, and for `budget` of the moments beside it.
    def forward(length: int) -> tuple[Tensor, int]:
        pick = torch.randint(len(task.labels), (BATCH * length,), generator=order).to(lab.device)
        return loss_and_activations(model, task.images[pick], task.labels[pick], length)

    numbers, size = sum(weight.numel() for weight in model.parameters()), page_kib * 1024
    state, short, long = 8 * numbers, forward(1)[1], forward(length)[1]
    memory = long + int(budget * state)
    rows = {"Adam's moments": state, "activations, short": short, "activations, long": long, "the device": memory}
    lab.table("What takes the memory", ["", "bytes"], list(rows.items()))

    # 2. Train with pages, and beside it, on the same gradients, with torch's Adam in memory.
    moments = PagedMoments(numbers, size // 8, memory, lab.device)
    weights, activations, resident = list(model.parameters()), [], []
    twins = [weight.detach().clone().requires_grad_() for weight in weights]
    in_memory = torch.optim.Adam(twins, lr=RATE, betas=(BETA_1, BETA_2), eps=EPS, foreach=False, fused=False)
    for step in range(1, steps + 1):
        lab.progress(step, steps, "training")
        loss, taken = forward(length if step % every == 0 else 1)
        moments.take(taken)
        activations.append(taken)
        resident.append(len(moments.resident) * size)
        model.zero_grad()
        loss.backward()
        moments.take(0)  # backward has given its memory back
        for twin, weight in zip(twins, weights, strict=True):
            twin.grad = weight.grad.clone()
        paged_adam(weights, moments, step)
        in_memory.step()
    curves = {"activations": activations, "moments left beside them": resident, "the device": [memory] * steps}
    series = [{"name": name, "x": list(range(1, steps + 1)), "y": curve} for name, curve in curves.items()]
    lab.plot("On the device before each backward pass", "step", "bytes", series)

    # 3. The same training, within the memory, at a price that can be counted.
    off = max((a - b).abs().max().item() for a, b in zip(twins, weights, strict=True))
    if lab.device.type == "cuda" and find_spec("bitsandbytes"):
        off = max(off, real := unified(lab.device))
        lab.text(f"bitsandbytes' paged Adam, its moments sent to the CPU at every step: {real:.1e} from torch's Adam.")
    else:
        lab.text("bitsandbytes' paged Adam runs on CUDA only: here there is the simulation alone.")
    bound, said = (0.0, "exactly 0") if lab.device.type == "cpu" else (1e-5, "at most 1e-5")
    lab.check("same_updates", off <= bound, off, f"{said} between the weights of the two")
    lab.check("under_budget", moments.peak <= memory, moments.peak, f"at most {memory:,} bytes")
    counted = [moments.bytes_in, moments.bytes_out] == [moments.faults * size, moments.evictions * size]
    said = f"{moments.faults:,} · {size:,} in, {moments.evictions:,} · {size:,} out"
    lab.check("cost", counted, [moments.bytes_in, moments.bytes_out], said)
    lab.figure("faults_percent", 100 * moments.faults / (steps * len(moments.host)))
    lab.figure("moved_kb", (moments.bytes_in + moments.bytes_out) / 1000)
    lab.figure("manual_offload_kb", 2 * steps * state / 1000)

    # 4. Where all fits, and where nothing helps.
    roomy = replay(PagedMoments(numbers, size // 8, long + len(moments.host) * size, lab.device), activations)
    lab.check("all_fits", roomy.bytes_in + roomy.bytes_out == 0, roomy.bytes_in + roomy.bytes_out, "0 bytes")
    scan = replay(PagedMoments(10, 1, 9 * 8, lab.device), [0] * 6)  # ten pages of eight bytes, room for nine
    again = (scan.faults - 1) / 50  # the first time round, only the tenth has to be fetched
    lab.figure("scan_faults_percent", 100 * again)
    lab.check("lru_scan", again == 1, again, "1, with nine pages of ten")


if __name__ == "__main__":
    raise SystemExit(main("paged_optimizer"))
