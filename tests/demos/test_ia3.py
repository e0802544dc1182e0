"""IA³ against peft's on the same reader with the same vectors: outputs, counts, and merged weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from peft import IA3Config, get_peft_model
from runs import events_of
from torch import nn

from demos.digits import digits
from demos.ia3 import Scaled, fold, scale
from demos.reader import Reader, trained_reader

TARGETS = {
    "all": ["k_proj", "v_proj", "feed_forward.2"],
    "attention": ["k_proj", "v_proj"],
    "feed_forward": ["feed_forward.2"],
}


def both(where: str) -> tuple[Reader, Any]:
    """Our reader and peft's with the same factors, some of them below zero."""
    torch.manual_seed(0)
    ours = trained_reader()
    for layer in scale(ours, where):
        nn.init.normal_(layer.factor, mean=1.0)
    inner = [name for name in TARGETS[where] if name == "feed_forward.2"]
    theirs = get_peft_model(trained_reader(), IA3Config(target_modules=TARGETS[where], feedforward_modules=inner))
    for name, layer in ours.named_modules():
        if isinstance(layer, Scaled):
            vector = theirs.get_submodule(f"base_model.model.{name}").ia3_l["default"]
            vector.data = layer.factor.data.view_as(vector).clone()
    return ours, theirs


@pytest.mark.parametrize("where", TARGETS)
def test_outputs_and_counts_are_pefts(where: str) -> None:
    ours, theirs = both(where)
    images = digits()[1].images[:100]
    expected = theirs(images)
    torch.testing.assert_close(ours(images), expected, rtol=0, atol=1e-6 * expected.abs().max().item())
    count = sum(weight.numel() for weight in ours.parameters() if weight.requires_grad)
    assert count == theirs.get_nb_trainable_parameters()[0]


@pytest.mark.parametrize("where", TARGETS)
def test_folded_weights_are_those_that_peft_merges_bit_for_bit(where: str) -> None:
    ours, theirs = both(where)
    merged, folded = theirs.merge_and_unload().state_dict(), fold(ours).state_dict()
    assert set(merged) == set(folded) == set(trained_reader().state_dict())  # nothing is left over
    for name, weight in merged.items():
        assert torch.equal(folded[name], weight), name


def test_a_column_belongs_to_an_input_and_a_row_to_an_output() -> None:
    torch.manual_seed(0)
    base, x = nn.Linear(3, 5).double(), torch.randn(4, 3).double()
    outer, inner = Scaled(base, inner=False), Scaled(base, inner=True)
    nn.init.normal_(outer.factor)
    nn.init.normal_(inner.factor)
    y = base(x)
    torch.testing.assert_close(outer(x), torch.stack([outer.factor[i] * y[:, i] for i in range(5)], dim=1))
    for scaled in (outer, inner):
        torch.testing.assert_close(scaled.folded()(x), scaled(x), rtol=1e-12, atol=1e-12)
    assert (inner.factor.shape, outer.factor.shape) == ((3,), (5,))


def test_folding_leaves_the_reader_with_its_factors_as_it_was() -> None:
    ours, _ = both("all")
    before = {name: weight.clone() for name, weight in ours.state_dict().items()}
    fold(ours)
    assert all(torch.equal(weight, before[name]) for name, weight in ours.state_dict().items())


def test_the_counts_for_other_models_are_the_published_arithmetic() -> None:
    (table,) = (event for event in events_of("ia3", {"steps": 80}) if event.get("title") == "IA³ at other sizes")
    assert [row[1:] for row in table["rows"]] == [
        ["614,400", "0.0091%"],
        ["524,288", "0.0065%"],
        ["2,457,600", "0.0036%"],
    ]
