"""The shapes of eight language models as published: enough to count their weights without having them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple


class Linear(NamedTuple):
    """A weight matrix, out × in."""

    name: str
    out_features: int
    in_features: int


@dataclass(frozen=True)
class ModelShape:
    """A transformer's sizes. What defaults describe is LLaMA; GPT and RoBERTa say where they differ."""

    name: str
    vocab: int
    width: int
    layers: int
    heads: int
    kv_heads: int  # fewer than heads under grouped-query attention (GQA)
    ffn: int
    gated: bool = True  # three feed-forward matrices (SwiGLU), not two
    biased: bool = False  # biases in linear layers and norms
    tied: bool = False  # the output head is the embedding, or there is none
    fused: bool = False  # queries, keys and values from one matrix, GPT-2's c_attn
    positions: int = 0  # rows of learned positions; 0 where they are rotary
    segments: int = 0  # RoBERTa's token types
    pooler: bool = False  # RoBERTa's last dense layer

    @property
    def kv_width(self) -> int:
        """How wide a token's key is, over all heads; its value too."""
        return self.width // self.heads * self.kv_heads

    @property
    def total(self) -> int:
        return sum(math.prod(size) for _, size in self.weights())

    def linears(self) -> list[Linear]:
        """The weight matrices of one layer."""
        d, kv, f = self.width, self.kv_width, self.ffn
        separate = [Linear("q_proj", d, d), Linear("k_proj", kv, d), Linear("v_proj", kv, d)]
        attention = [Linear("c_attn", 3 * d, d)] if self.fused else separate
        gate = [Linear("gate_proj", f, d)] if self.gated else []
        return [*attention, Linear("o_proj", d, d), *gate, Linear("up_proj", f, d), Linear("down_proj", d, f)]

    def weights(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Every weight of the model: its name and shape."""
        d = self.width
        yield from ((name, (rows, d)) for name, rows in self._tables() if rows)
        for number in range(self.layers):
            for linear in self.linears():
                yield from self._weight(f"layers.{number}.{linear.name}", linear.out_features, linear.in_features)
            for norm in ("norm_1", "norm_2"):
                yield from self._weight(f"layers.{number}.{norm}", d)
        yield from self._weight("norm", d)
        if self.pooler:
            yield from self._weight("pooler", d, d)
        if not self.tied:
            yield "head.weight", (self.vocab, d)

    def _tables(self) -> list[tuple[str, int]]:
        return [("embedding", self.vocab), ("positions", self.positions), ("segments", self.segments)]

    def _weight(self, name: str, *size: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        yield f"{name}.weight", size
        if self.biased:
            yield f"{name}.bias", size[:1]


def _classic(name: str, vocab: int, width: int, layers: int, heads: int, positions: int) -> ModelShape:
    """A GPT or BERT: learned positions, biases, a feed-forward of two matrices, four times as wide."""
    plain = ModelShape(name, vocab, width, layers, heads, heads, ffn=4 * width, positions=positions)
    return replace(plain, gated=False, biased=True, tied=True)


SHAPES = {
    shape.name: shape
    for shape in (
        replace(_classic("GPT-2", 50257, 768, 12, 12, 1024), fused=True),
        replace(_classic("RoBERTa-base", 50265, 768, 12, 12, 514), segments=1, pooler=True),
        ModelShape("LLaMA-7B", 32000, 4096, 32, 32, 32, 11008),
        ModelShape("LLaMA-13B", 32000, 5120, 40, 40, 40, 13824),
        ModelShape("LLaMA-33B", 32000, 6656, 60, 52, 52, 17920),
        ModelShape("LLaMA-65B", 32000, 8192, 80, 64, 64, 22016),
        ModelShape("Llama-2-70B", 32000, 8192, 80, 64, 8, 28672),
        _classic("GPT-3", 50257, 12288, 96, 96, 2048),
    )
}
