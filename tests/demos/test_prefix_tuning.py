"""The prefix against torch's own multi-head attention, He et al.'s mixture, peft's count, and the file of weights."""

from __future__ import annotations

import math
from importlib.resources import files

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from peft import PrefixEncoder, PrefixTuningConfig
from runs import events_of

from demos import prefix_tuning as demo
from demos.digits import Digits, new_task
from demos.prefix_tuning import PrefixAttention, attention_weights, mixture, put_prefix
from demos.reader import HEADS, LAYERS, WEIGHTS, WIDTH, Attention, Reader, trained_reader


def layer(n: int) -> tuple[PrefixAttention, torch.Tensor]:
    torch.manual_seed(n)
    return PrefixAttention(Attention().double(), n), torch.randn(3, 8, WIDTH).double()


def by_torch(made: PrefixAttention, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """torch's multi-head attention over lists made by hand; its own projections are the identity."""
    base, width = made.base, WIDTH
    keys = torch.stack([torch.cat([made.prefix_k, row @ base.k_proj.weight.T + base.k_proj.bias]) for row in x])
    values = torch.stack([torch.cat([made.prefix_v, row @ base.v_proj.weight.T + base.v_proj.bias]) for row in x])
    queries = x @ base.q_proj.weight.T + base.q_proj.bias
    out, weights = F.multi_head_attention_forward(
        *(part.transpose(0, 1) for part in (queries, keys, values)),
        embed_dim_to_check=width,
        num_heads=HEADS,
        in_proj_weight=torch.eye(width).double().repeat(3, 1),
        in_proj_bias=None,
        bias_k=None,
        bias_v=None,
        add_zero_attn=False,
        dropout_p=0.0,
        out_proj_weight=base.o_proj.weight,
        out_proj_bias=base.o_proj.bias,
        average_attn_weights=False,
    )
    assert weights is not None
    return out.transpose(0, 1), weights


@pytest.mark.parametrize("n", [1, 5, 16])
def test_output_and_attention_are_those_of_torchs_attention_over_the_longer_list(n: int) -> None:
    made, x = layer(n)
    expected, weights = by_torch(made, x)
    torch.testing.assert_close(made(x), expected, rtol=0, atol=1e-12)
    q, k, _ = made.heads(x)
    torch.testing.assert_close(attention_weights(q, k), weights, rtol=0, atol=1e-12)


@pytest.mark.parametrize("n", [1, 7])
def test_the_mixture_is_he_et_als_with_their_lambda(n: int) -> None:
    made, x = layer(n)
    q, k, _ = (part.detach().numpy() for part in made.heads(x))
    lam = np.empty((3, HEADS, 8, 1))
    for image, head, row in np.ndindex(3, HEADS, 8):
        scores = np.exp(k[image, head] @ q[image, head, row] / math.sqrt(WIDTH // HEADS))
        lam[image, head, row] = scores[:n].sum() / scores.sum()
    torch.testing.assert_close(mixture(made, x, torch.from_numpy(lam)), made(x), rtol=0, atol=1e-12)


def test_a_prefix_has_no_order_and_no_neutral_value() -> None:
    made, x = layer(6)
    before, order = made(x), torch.randperm(6)
    made.prefix_k.data, made.prefix_v.data = made.prefix_k.data[order], made.prefix_v.data[order]
    torch.testing.assert_close(made(x), before, rtol=0, atol=1e-12)
    made.zero()
    assert (made(x) - made.base(x)).abs().max() > 0.01


@pytest.mark.parametrize("n", [1, 8, 16])
def test_the_count_is_pefts(n: int) -> None:
    reader = trained_reader()
    put_prefix(reader, n)
    config = PrefixTuningConfig(
        num_virtual_tokens=n, token_dim=WIDTH, num_layers=LAYERS, num_attention_heads=HEADS, encoder_hidden_size=WIDTH
    )
    ours = sum(weight.numel() for weight in reader.parameters() if weight.requires_grad)
    assert ours == sum(weight.numel() for weight in PrefixEncoder(config).parameters()) == 2 * LAYERS * n * WIDTH


def test_the_reader_that_comes_out_is_the_one_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Reader] = []

    def remembered(device: torch.device) -> Reader:
        made.append(trained_reader(device))
        return made[-1]

    monkeypatch.setattr(demo, "trained_reader", remembered)
    events_of("prefix_tuning", {"steps": 80})
    with files("demos").joinpath(WEIGHTS).open("rb") as file, np.load(file) as arrays:
        assert set(arrays.files) == set(made[0].state_dict())
        for name, weight in made[0].state_dict().items():
            assert np.array_equal(weight.numpy(), arrays[name].astype(np.float32))


def test_the_new_tasks_are_what_they_are_called() -> None:
    image = torch.arange(64.0).view(1, 8, 8) / 64
    task = Digits(image, torch.tensor([9]))
    assert torch.equal(new_task(task, "mirrored").images[0, 3], image[0, 3].flip(0))
    assert torch.equal(new_task(task, "inverted").images + image, torch.ones(1, 8, 8))
    assert new_task(task, "turned").images[0, 0].tolist() == image[0, :, -1].tolist()
    assert new_task(task, "relabelled").labels.tolist() == [0]


def test_the_counts_for_other_models_are_the_published_arithmetic() -> None:
    (table,) = (event for event in events_of("prefix_tuning", {"steps": 80}) if "n = 20" in event.get("title", ""))
    assert [row[1:] for row in table["rows"][:2]] == [["368,640", "0.296%"], ["5,242,880", "0.078%"]]
