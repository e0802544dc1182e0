"""The bytes against what autograd keeps, what torch's Adam holds and what bitsandbytes stores."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from runs import events_of
from torch import Tensor, nn

from demos.memory_table import LLAMAS, Recipe, activations, adam, base, held, layer_keeps, meta, nf4, size
from demos.shapes import SHAPES, ModelShape


class Layer(nn.Module):
    """A transformer layer written out in torch's operations; where r > 0 it is frozen, with adapters."""

    def __init__(self, shape: ModelShape, r: int = 0) -> None:
        super().__init__()
        self.shape = shape
        for linear in shape.linears():
            self.register_parameter(linear.name, nn.Parameter(meta(linear[1:]), requires_grad=not r))
            if r:
                self.register_parameter(f"{linear.name}_A", nn.Parameter(meta((r, linear.in_features))))
                self.register_parameter(f"{linear.name}_B", nn.Parameter(meta((linear.out_features, r))))

    def linear(self, x: Tensor, name: str) -> Tensor:
        out = F.linear(x, self.get_parameter(name))
        if hasattr(self, f"{name}_A"):
            out = out + F.linear(F.linear(x, self.get_parameter(f"{name}_A")), self.get_parameter(f"{name}_B"))
        return out

    def dropout(self, x: Tensor) -> Tensor:
        return x if self.shape.gated else torch.native_dropout(x, 0.1, True)[0]

    def heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.shape.heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        normed = F.layer_norm(x, x.shape[-1:])
        q, k, v = (self.heads(self.linear(normed, f"{name}_proj")) for name in "qkv")
        shares = self.dropout((q @ k.transpose(2, 3)).softmax(dim=-1))
        x = x + self.dropout(self.linear((shares @ v).transpose(1, 2).flatten(2), "o_proj"))
        normed = F.layer_norm(x, x.shape[-1:])
        if self.shape.gated:
            inner = F.silu(self.linear(normed, "gate_proj")) * self.linear(normed, "up_proj")
        else:
            inner = F.gelu(self.linear(normed, "up_proj"))
        return x + self.dropout(self.linear(inner, "down_proj"))


def kept_by_autograd(layer: nn.Module, b: int, s: int, d: int) -> int:
    """Bytes of the storages that a forward pass saves, without the weights and the norms' two numbers a token."""
    weights = {weight.untyped_storage()._cdata for weight in layer.parameters()}
    alive: list[Tensor] = []

    def save(tensor: Tensor) -> Tensor:
        if tensor.untyped_storage()._cdata not in weights and tensor.shape[-1] != 1:
            alive.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(save, lambda tensor: tensor):
        out = layer(meta((b, s, d)).requires_grad_())
    assert out.requires_grad
    return sum({tensor.untyped_storage()._cdata: tensor.untyped_storage().nbytes() for tensor in alive}.values())


@pytest.mark.parametrize(("b", "s"), [(1, 512), (3, 96)])
def test_a_gpt_layer_keeps_what_autograd_keeps_and_what_the_paper_says(b: int, s: int) -> None:
    shape = SHAPES["GPT-3"]
    h, a = shape.width, shape.heads
    kept = kept_by_autograd(Layer(shape), b, s, h)
    assert size(layer_keeps(shape, b, s, eager=True)) == kept == s * b * (34 * h + 5 * a * s)


@pytest.mark.parametrize("r", [0, 16])
@pytest.mark.parametrize("name", ["LLaMA-7B", "LLaMA-33B"])
def test_a_llama_layer_keeps_what_autograd_keeps_frozen_or_not(name: str, r: int) -> None:
    shape = SHAPES[name]
    kept = kept_by_autograd(Layer(shape, r), 2, 128, shape.width)
    assert size(layer_keeps(shape, 2, 128, eager=True, r=r)) == kept


def test_a_frozen_layer_without_adapters_on_it_keeps_less() -> None:
    """Why the claim says beside all linear layers: a frozen matrix does not need its input."""
    shape = SHAPES["LLaMA-7B"]
    frozen = Layer(shape).requires_grad_(False)
    assert kept_by_autograd(frozen, 2, 128, shape.width) < size(layer_keeps(shape, 2, 128, eager=True))


def test_adam_holds_what_torchs_adam_holds() -> None:
    weight = nn.Parameter(torch.randn(64, 48))
    optimizer = torch.optim.AdamW([weight])
    weight.square().sum().backward()
    optimizer.step()
    states = [state for state in optimizer.state[weight].values() if state.numel() > 1]
    assert size(adam(weight.numel(), master=False)) == size(states)
    assert size(adam(weight.numel(), master=True)) == size([*states, weight])


@pytest.mark.parametrize("double_quant", [False, True])
@pytest.mark.parametrize("sizes", [(256, 1024), (96, 100), (7, 9)])
def test_nf4_stores_what_bitsandbytes_stores(sizes: tuple[int, int], double_quant: bool) -> None:
    functional = pytest.importorskip("bitsandbytes.functional")
    packed, state = functional.quantize_4bit(torch.randn(sizes), quant_type="nf4", compress_statistics=double_quant)
    theirs = [packed, state.absmax, *([state.state2.absmax] if double_quant else [])]
    assert size(nf4(meta(sizes), double_quant)) == size(theirs)


def test_the_released_llamas_sizes() -> None:
    published = [6_738_415_616, 13_015_864_320, 32_528_943_616, 65_285_660_672, 68_976_648_192]
    assert [SHAPES[name].total for name in LLAMAS] == published


@pytest.mark.parametrize(
    ("name", "gigabytes"), [("LLaMA-7B", 3.87), ("LLaMA-33B", 17.4), ("LLaMA-65B", 34.5), ("Llama-2-70B", 36.4)]
)
def test_qloras_base_is_the_ledgers(name: str, gigabytes: float) -> None:
    """Linear layers at 4.127 bits and the rest at 16, by hand."""
    shape = SHAPES[name]
    linear = shape.layers * sum(o * i for _, o, i in shape.linears())
    by_hand = (linear * (4 + 8 / 64 + 32 / (64 * 256)) / 8 + 2 * (shape.total - linear)) / 1e9
    stored = size(base(shape, four_bits=True)) / 1e9
    assert stored == pytest.approx(by_hand, rel=1e-6)
    assert stored == pytest.approx(gigabytes, abs=0.05 if gigabytes > 10 else 0.005)


def test_activations_grow_with_tokens_and_eager_attentions_scores_with_their_square() -> None:
    shape, recipe = SHAPES["LLaMA-7B"], Recipe()
    for longer in (recipe._replace(batch=4), recipe._replace(length=4 * recipe.length)):
        assert activations(shape, longer) == 4 * activations(shape, recipe)
    eager, flash = ([size(layer_keeps(shape, 1, s, eager=way)) for s in (512, 2048)] for way in (True, False))
    assert flash[1] == 4 * flash[0]
    assert eager[1] - 4 * eager[0] == shape.heads * 2 * (2048**2 - 4 * 512**2)


def test_a_deeper_model_pays_only_its_inputs_under_checkpointing() -> None:
    shape, recipe = SHAPES["LLaMA-7B"], Recipe()
    deeper = replace(shape, layers=shape.layers + 10)
    assert activations(deeper, recipe) - activations(shape, recipe) == 10 * 2 * recipe.length * shape.width


def test_what_qlora_saves_is_the_bases_weights() -> None:
    lora, qlora = (held(SHAPES["LLaMA-65B"], method, Recipe()) for method in ("LoRA", "QLoRA"))
    assert {part for part in lora if lora[part] == qlora[part]} == {"gradients", "optimiser"}
    assert lora["weights"] - qlora["weights"] > 90
    assert 0 < qlora["activations"] - lora["activations"] < 0.5  # one matrix unpacked


def test_a_bigger_card_turns_the_answer() -> None:
    answers = [events_of("memory_table", {"card": card})[-1]["figures"]["qlora_fits"] for card in (24, 48)]
    assert answers == ["no", "yes"]
