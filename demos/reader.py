"""A small transformer that reads digits, trained already: the frozen base that PEFT methods are put around.

Its tokens are the image's eight rows. Two layers, 64 wide, four heads; the projections are separate linear layers with
the names that peft and the papers use, so that each can be wrapped or replaced.
"""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH, HEADS, LAYERS, ROWS = 64, 4, 2, 8
WEIGHTS = "data/reader.npz"  # made by demos/data/train_reader.py


class Attention(nn.Module):
    """softmax(QKᵀ/√d_head)·V over all tokens, in HEADS heads."""

    def __init__(self, d: int = WIDTH) -> None:
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (nn.Linear(d, d) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = split(self.q_proj(x)), split(self.k_proj(x)), split(self.v_proj(x))
        return self.o_proj(join(F.scaled_dot_product_attention(q, k, v)))


class Block(nn.Module):
    """A transformer layer; a place for an adapter after each sublayer, before the residual add (Houlsby, fig. 2)."""

    def __init__(self, d: int = WIDTH) -> None:
        super().__init__()
        self.attention = Attention(d)
        self.feed_forward = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))
        self.norm_1, self.norm_2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.adapter_1: nn.Module = nn.Identity()
        self.adapter_2: nn.Module = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm_1(x + self.adapter_1(self.attention(x)))
        return self.norm_2(x + self.adapter_2(self.feed_forward(x)))


class Reader(nn.Module):
    """Images (n × 8 × 8) to ten logits: embed each row, mix the rows, average what became of them, name the digit."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.place = nn.Linear(8, WIDTH), nn.Parameter(0.5 * torch.randn(ROWS, WIDTH))
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.head = nn.Linear(WIDTH, 10)

    def forward(self, images: Tensor) -> Tensor:
        return self.read(self.tokens(images))

    def tokens(self, images: Tensor) -> Tensor:
        """The image's rows as vectors (n × 8 × 64): where a soft prompt would be put in front."""
        return self.embed(images) + self.place

    def read(self, tokens: Tensor) -> Tensor:
        """What the last eight tokens say; any before them act through attention alone."""
        return self.head(self.blocks(tokens)[:, -ROWS:].mean(dim=1))


def trained_reader(device: torch.device | str = "cpu") -> Reader:
    """Return the reader as shipped: every weight frozen, ready to read upright digits."""
    reader = Reader()
    with files("demos").joinpath(WEIGHTS).open("rb") as file, np.load(file) as arrays:
        reader.load_state_dict({name: torch.from_numpy(arrays[name]).float() for name in arrays.files})
    return reader.requires_grad_(False).to(device)


def split(x: Tensor) -> Tensor:
    """(n × tokens × d) to (n × heads × tokens × d/heads)."""
    return x.unflatten(-1, (HEADS, -1)).transpose(1, 2)


def join(x: Tensor) -> Tensor:
    """(n × heads × tokens × d/heads) back to (n × tokens × d)."""
    return x.transpose(1, 2).flatten(2)
