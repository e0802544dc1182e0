"""The soft prompt against torch's own transformer encoder, peft's count, and the published arithmetic."""

from __future__ import annotations

import pytest
import torch
from peft import PromptEmbedding, PromptTuningConfig
from runs import events_of
from torch import nn

from demos.digits import digits
from demos.prompt_tuning import SoftPrompt, tokens_seen
from demos.reader import HEADS, LAYERS, ROWS, WIDTH, Reader, trained_reader


def encoder(reader: Reader) -> nn.TransformerEncoder:
    """torch's encoder with the reader's weights: it shares no code with it."""
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 2 * WIDTH, dropout=0.0, activation="gelu", batch_first=True)
    made = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
    for theirs, ours in zip(made.layers, reader.blocks, strict=True):
        parts = (ours.attention.q_proj, ours.attention.k_proj, ours.attention.v_proj)
        theirs.self_attn.in_proj_weight.data = torch.cat([part.weight.data for part in parts])
        theirs.self_attn.in_proj_bias.data = torch.cat([part.bias.data for part in parts])
        theirs.self_attn.out_proj.load_state_dict(ours.attention.o_proj.state_dict())
        theirs.linear1.load_state_dict(ours.feed_forward[0].state_dict())
        theirs.linear2.load_state_dict(ours.feed_forward[2].state_dict())
        theirs.norm1.load_state_dict(ours.norm_1.state_dict())
        theirs.norm2.load_state_dict(ours.norm_2.state_dict())
    return made.double()


@pytest.mark.parametrize("n", [0, 1, 16])
def test_the_output_is_that_of_torchs_encoder_over_prompt_and_rows(n: int) -> None:
    torch.manual_seed(n)
    reader = trained_reader().double()
    images = digits()[1].images[:20].double()
    tuned = SoftPrompt(reader, torch.randn(n, WIDTH).double())
    whole = torch.stack([torch.cat([tuned.prompt, image]) for image in reader.embed(images) + reader.place])
    expected = encoder(reader)(whole)[:, n:].mean(dim=1) @ reader.head.weight.T + reader.head.bias
    torch.testing.assert_close(tuned(images), expected, rtol=0, atol=1e-9)


def test_a_prompt_has_no_order_for_it_has_no_positions() -> None:
    torch.manual_seed(0)
    reader, images = trained_reader().double(), digits()[1].images[:20].double()
    prompt = torch.randn(7, WIDTH).double()
    one, other = SoftPrompt(reader, prompt)(images), SoftPrompt(reader, prompt.flip(0))(images)
    torch.testing.assert_close(one, other, rtol=0, atol=1e-10)


def test_a_prompt_of_zeros_is_not_no_prompt() -> None:
    reader, images = trained_reader(), digits()[1].images[:20]
    assert torch.equal(SoftPrompt(reader, torch.zeros(0, WIDTH))(images), reader(images))
    assert not torch.allclose(SoftPrompt(reader, torch.zeros(1, WIDTH))(images), reader(images), atol=0.01)


@pytest.mark.parametrize("n", [4, 16])
def test_count_and_context_are_pefts_and_the_gradient_reaches_the_prompt_alone(n: int) -> None:
    reader = trained_reader()
    tuned, images = SoftPrompt(reader, torch.randn(n, WIDTH)), digits()[1].images[:2]
    config = PromptTuningConfig(num_virtual_tokens=n, token_dim=WIDTH, num_transformer_submodules=1)
    theirs = PromptEmbedding(config, nn.Embedding(10, WIDTH))
    assert tuned.prompt.numel() == sum(weight.numel() for weight in theirs.parameters())
    assert tuned.tokens(images).shape[1] == theirs(torch.arange(n)).shape[0] + ROWS
    assert tokens_seen(tuned, reader, images) == [n + ROWS] * LAYERS
    tuned(images).sum().backward()
    assert [name for name, weight in tuned.named_parameters() if weight.grad is not None] == ["prompt"]


def test_the_counts_for_other_models_are_the_published_arithmetic() -> None:
    (table,) = (event for event in events_of("prompt_tuning") if "n = 20" in event.get("title", ""))
    assert [row[:3] for row in table["rows"][:2]] == [["GPT-2", "15,360", "0.0123%"], ["LLaMA-7B", "81,920", "0.0012%"]]
