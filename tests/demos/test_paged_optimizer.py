"""Paged Adam against torch's, the page table against the standard library's LRU, and what a run may take."""

from __future__ import annotations

from functools import lru_cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import events_of
from torch import nn

from demos.digits import digits
from demos.paged_optimizer import RATE, PagedMoments, loss_and_activations, paged_adam, unified
from demos.reader import trained_reader

CPU = torch.device("cpu")


@pytest.mark.parametrize("page", [32, 256, 4096])
@pytest.mark.parametrize("frames", [1, 3, 10_000])
def test_the_updates_are_torchs_to_the_bit_however_few_pages_fit(page: int, frames: int) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(32, 64), nn.Linear(64, 10))
    weights = list(model.parameters())
    twins = [weight.detach().clone().requires_grad_() for weight in weights]
    plain = torch.optim.Adam(twins, lr=RATE, foreach=False)
    moments = PagedMoments(sum(weight.numel() for weight in weights), page, frames * page * 8, CPU)
    for t in range(1, 7):
        for weight, twin in zip(weights, twins, strict=True):
            weight.grad = torch.randn_like(weight)
            twin.grad = weight.grad.clone()
        paged_adam(weights, moments, t)
        plain.step()
    assert all(torch.equal(weight, twin) for weight, twin in zip(weights, twins, strict=True))
    assert len(moments.resident) <= frames


@settings(max_examples=60, deadline=None)
@given(frames=st.integers(1, 8), trace=st.lists(st.integers(0, 9), max_size=80))
def test_faults_are_the_misses_of_an_lru_cache_and_no_page_is_lost(frames: int, trace: list[int]) -> None:
    moments = PagedMoments(10, 1, frames * 8, CPU)
    looked_up = lru_cache(maxsize=frames)(lambda page: page)
    for page in range(min(frames, 10)):
        looked_up(page)  # the pages that begin on the device
    before = looked_up.cache_info().misses
    written = [0.0] * 10
    for number, page in enumerate(trace, 1):
        looked_up(page)
        assert moments.touch(page)[0].item() == written[page]
        moments.touch(page)[0] = written[page] = float(number)
    assert moments.faults == looked_up.cache_info().misses - before
    assert moments.evictions == moments.faults  # the device was full from the start
    assert moments.peak <= frames * 8


def test_a_spike_pushes_out_the_pages_that_lack_room_and_only_those_come_back() -> None:
    moments = PagedMoments(100, 10, 1000, CPU)  # ten pages of 80 bytes, and 200 bytes to spare
    moments.take(200)
    assert (len(moments.resident), moments.evictions) == (10, 0)
    moments.take(201)
    assert (len(moments.resident), moments.evictions) == (9, 1)
    moments.take(760)
    assert (len(moments.resident), moments.bytes_out) == (3, 7 * 80)
    moments.take(0)
    for page in range(10):
        moments.touch(page)
    assert (moments.faults, moments.bytes_in) == (7, 7 * 80)


def test_activations_grow_with_the_sequence_and_weights_are_not_among_them() -> None:
    model, task = trained_reader().requires_grad_(True), digits()[0]

    def kept(length: int, batch: int = 2) -> int:
        images = task.images[: batch * length].clone()
        return loss_and_activations(model, images, task.labels[: batch * length].clone(), length)[1]

    assert kept(9) - kept(6) == kept(6) - kept(3) > 0
    nothing = 2 * kept(3) - kept(6)  # what would be kept of sequences of no length
    assert abs(nothing) < sum(weight.nbytes for weight in model.parameters()) / 10


def test_with_no_long_sequence_to_make_room_for_and_room_for_all_nothing_moves() -> None:
    figures = events_of("paged_optimizer", {"length": 1, "budget": 1.2, "steps": 10, "page_kib": 4})[-1]["figures"]
    assert figures["moved_kb"] == 0
    assert figures["faults_percent"] == 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="unified memory is CUDA's")
def test_bitsandbytes_paged_adam_is_torchs_adam() -> None:
    assert unified(torch.device("cuda")) <= 1e-5
