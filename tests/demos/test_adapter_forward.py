"""The adapter against its definition, its place in the layer against hooks, its base against one that never met it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import Events, events_of
from torch import Tensor, nn

from demos import adapter_forward as demo
from demos.adapter_forward import BottleneckAdapter
from demos.digits import digits, logits
from demos.reader import WIDTH, Block, Reader, trained_reader


@settings(max_examples=30, deadline=None)
@given(d=st.integers(1, 96), m=st.integers(1, 96), batch=st.integers(1, 5), scale=st.floats(1e-3, 1e6))
def test_a_new_adapter_is_the_identity_bit_for_bit_and_has_2dm_m_d_parameters(
    d: int, m: int, batch: int, scale: float
) -> None:
    adapter, h = BottleneckAdapter(d, m), scale * torch.randn(batch, 3, d)
    assert torch.equal(adapter(h), h)
    assert sum(weight.numel() for weight in adapter.parameters()) == 2 * d * m + m + d


def test_the_waist_is_64_unless_told() -> None:
    assert BottleneckAdapter(768).down.out_features == 64


def trained_adapter(d: int, m: int) -> BottleneckAdapter:
    """One that has left the identity."""
    adapter = BottleneckAdapter(d, m)
    nn.init.normal_(adapter.up.weight, std=0.3)
    nn.init.normal_(adapter.up.bias, std=0.3)
    return adapter


def test_a_trained_adapter_adds_up_gelu_down() -> None:
    torch.manual_seed(0)
    adapter, h = trained_adapter(6, 3).double(), torch.randn(4, 6).double()
    inner = h @ adapter.down.weight.T + adapter.down.bias
    gelu = inner * 0.5 * (1 + torch.erf(inner / 2**0.5))
    torch.testing.assert_close(adapter(h), h + gelu @ adapter.up.weight.T + adapter.up.bias)


def test_an_adapter_learns_though_it_starts_at_zero() -> None:
    adapter = BottleneckAdapter(6, 3)
    adapter(torch.randn(4, 6)).square().sum().backward()
    assert adapter.up.weight.grad.abs().max() > 0


def test_pytorchs_usual_start_would_move_the_output_by_a_fifth() -> None:
    """21 % at d = 768, m = 64, as measured for the fact ledger."""
    torch.manual_seed(0)
    adapter, h = BottleneckAdapter(768), torch.randn(200, 768)
    adapter.up.reset_parameters()
    assert ((adapter(h) - h).norm() / h.norm()).item() == pytest.approx(0.21, abs=0.01)


def test_adapters_sit_after_each_sublayer_and_before_its_residual_is_added() -> None:
    class Swallow(nn.Module):
        def forward(self, h: Tensor) -> Tensor:
            return torch.zeros_like(h)

    torch.manual_seed(0)
    block, x = Block(8), torch.randn(2, 5, 8)
    block.adapter_1 = block.adapter_2 = Swallow()
    torch.testing.assert_close(block(x), block.norm_2(block.norm_1(x)))  # only the residual path is left


def test_in_the_reader_they_act_as_hooks_on_the_sublayers_outputs_would() -> None:
    torch.manual_seed(0)
    with_adapters, hooked = trained_reader(), trained_reader()
    for block, same in zip(with_adapters.blocks, hooked.blocks, strict=True):
        block.adapter_1, block.adapter_2 = trained_adapter(WIDTH, 8), trained_adapter(WIDTH, 8)
        same.attention.register_forward_hook(lambda _, __, out, adapter=block.adapter_1: adapter(out))
        same.feed_forward.register_forward_hook(lambda _, __, out, adapter=block.adapter_2: adapter(out))
    _, test = digits()
    assert torch.equal(logits(with_adapters, test), logits(hooked, test))
    assert not torch.equal(logits(hooked, test), logits(trained_reader(), test))


@cache
def events(**values: Any) -> Events:
    torch.set_num_threads(1)
    return events_of("adapter_forward", values)


def table(title: str) -> list[list[Any]]:
    return next(event["rows"] for event in events() if event.get("title") == title)


def test_the_model_that_comes_out_is_one_that_never_met_an_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Reader] = []

    def remembered(device: torch.device) -> Reader:
        made.append(trained_reader(device))
        return made[-1]

    with monkeypatch.context() as patch:
        patch.setattr(demo, "trained_reader", remembered)
        events_of("adapter_forward", {"steps": 100}, seed=7)
    (came_out,), fresh, (_, test) = made, trained_reader(), digits()
    assert list(came_out.state_dict()) == list(fresh.state_dict())
    assert all(torch.equal(came_out.state_dict()[name], weight) for name, weight in fresh.state_dict().items())
    assert torch.equal(logits(came_out, test), logits(fresh, test))


def test_with_the_adapters_in_the_old_task_is_forgotten_and_without_them_it_is_back() -> None:
    base, inside, out = (row[1:] for row in table("Test accuracy"))
    assert out == base
    assert inside[1] > base[1] + 0.5
    assert inside[0] < base[0] - 0.1
    assert events()[-1]["figures"]["upright_with_adapters_percent"] == pytest.approx(100 * inside[0])


def test_the_figures_for_bert_large_are_the_published_arithmetic() -> None:
    assert table("Adapters in BERT-large") == [
        [8, 835_968, "0.25%"],
        [64, 6_343_680, "1.89%"],
        [256, 25_227_264, "7.53%"],
    ]
