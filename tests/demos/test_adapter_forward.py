"""The adapter against its definition, its base against one that never met an adapter, and checks that can fail."""

from functools import cache
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from demos import adapter_forward as demo
from demos.adapter_forward import BASE_STEPS, Block, BottleneckAdapter, Reader
from demos.digits import digits, fit
from demos.kit import run_demo


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


def test_a_trained_adapter_adds_up_gelu_down() -> None:
    torch.manual_seed(0)
    adapter, h = BottleneckAdapter(6, 3).double(), torch.randn(4, 6).double()
    nn.init.normal_(adapter.up.weight)
    nn.init.normal_(adapter.up.bias)
    inner = h @ adapter.down.weight.T + adapter.down.bias
    gelu = inner * 0.5 * (1 + torch.erf(inner / 2**0.5))
    torch.testing.assert_close(adapter(h), h + gelu @ adapter.up.weight.T + adapter.up.bias)


def test_an_adapter_learns_though_it_starts_at_zero() -> None:
    adapter = BottleneckAdapter(6, 3)
    adapter(torch.randn(4, 6)).square().sum().backward()
    assert adapter.up.weight.grad.abs().max() > 0


def test_adapters_sit_after_each_sublayer_and_before_its_residual_is_added() -> None:
    class Swallow(nn.Module):
        def forward(self, h: Tensor) -> Tensor:
            return torch.zeros_like(h)

    torch.manual_seed(0)
    block, x = Block(8), torch.randn(2, 5, 8)
    block.adapter_1 = block.adapter_2 = Swallow()
    torch.testing.assert_close(block(x), block.norm_2(block.norm_1(x)))  # only the residual path is left


def run_anew(seed: int = 0, **values: Any) -> tuple[dict[str, bool], list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    run_demo("adapter_forward", values, device="cpu", seed=seed, emit=events.append)
    assert events[-1]["event"] == "result", events[-1]
    return {event["id"]: event["passed"] for event in events if event["event"] == "check"}, events


outcomes = cache(run_anew)  # several tests look at the same run


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_check_holds_at_the_defaults(seed: int) -> None:
    checks, events = outcomes(seed)
    assert all(checks.values())
    assert events[0]["event"] == "text"
    assert any(event["event"] == "progress" for event in events)


def test_the_model_that_comes_out_is_one_that_never_met_an_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Reader] = []

    def remembered(layers: int) -> Reader:
        made.append(Reader(layers))
        return made[-1]

    with monkeypatch.context() as patch:
        patch.setattr(demo, "Reader", remembered)
        run_anew(seed=7, steps=20)

    torch.manual_seed(7)
    train, test = digits()
    fresh = Reader(2)
    for _ in fit(fresh, train, BASE_STEPS, rate=3e-3, seed=7):
        pass
    came_out = made[0].state_dict()
    assert list(came_out) == list(fresh.state_dict())
    assert all(torch.equal(came_out[name], weight) for name, weight in fresh.state_dict().items())
    with torch.no_grad():
        assert torch.equal(made[0](test.images), fresh(test.images))


def test_with_the_adapters_in_the_old_task_is_forgotten_and_without_them_it_is_back() -> None:
    accuracy = outcomes()[1][-1]["figures"]["test_accuracy"]
    assert accuracy["adapters out"] == accuracy["base"]
    assert accuracy["adapters in"]["turned"] > accuracy["base"]["turned"] + 0.5
    assert accuracy["adapters in"]["upright"] < accuracy["base"]["upright"] - 0.2


def test_the_same_seed_tells_the_same_story() -> None:
    first, second = run_anew(5, steps=20)[1], run_anew(5, steps=20)[1]
    assert first[:-1] == second[:-1]
    assert first[-1]["figures"] == second[-1]["figures"]


def test_pytorchs_usual_start_is_not_the_identity_and_the_check_says_so() -> None:
    checks, _ = outcomes(start="default")
    assert [name for name, passed in checks.items() if not passed] == ["identity_start"]


def test_a_base_that_is_not_frozen_cannot_be_restored_and_the_checks_say_so() -> None:
    checks, _ = outcomes(freeze=False, steps=20)
    assert not any(checks[name] for name in ("base_frozen", "removal_restores", "parameter_share", "learns"))


def test_adapters_that_hardly_move_have_not_learnt_and_the_check_says_so() -> None:
    checks, _ = outcomes(rate=0.0001, steps=20)
    assert [name for name, passed in checks.items() if not passed] == ["learns"]


@pytest.mark.parametrize("values", [{"bottleneck": 1}, {"bottleneck": 64}, {"layers": 1}, {"layers": 3, "rate": 0.03}])
def test_at_the_ends_of_every_range_the_base_is_safe(values: dict[str, Any]) -> None:
    checks, _ = outcomes(**values, steps=20)
    assert all(passed for name, passed in checks.items() if name != "learns")


def test_the_figures_for_bert_large_are_the_published_arithmetic() -> None:
    (table,) = (event for event in outcomes(steps=20)[1] if event.get("title") == "Adapters in BERT-large")
    assert table["rows"] == [[8, 835_968, "0.25%"], [64, 6_343_680, "1.89%"], [256, 25_227_264, "7.53%"]]
