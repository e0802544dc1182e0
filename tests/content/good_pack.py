"""A pack with nothing wrong in it, as text to write down and to spoil, and the demos it names."""

from __future__ import annotations

from pathlib import Path

from demos.kit import Choice, Demo, Flag, Integer, Real
from prep_app.content.folder import snapshot
from prep_app.content.loader import Programs, Taken, load_pack
from prep_app.content.model import Pack, Problem

DEMOS = {
    "lora_merge": Demo(
        title="LoRA",
        summary="",
        questions=["Q4"],
        parameters=[
            Integer("r", 8, 1, 64, "rank"),
            Real("lr", 1e-3, 1e-6, 1.0, "step"),
            Choice("dtype", "fp32", ["fp32", "bf16"], "precision"),
            Flag("bias", False, "train the bias"),
        ],
        checks={"zero_start": "B=0 changes nothing", "merged_cost": "merging is free"},
    )
}


def starter(demo: str, function: str, mistake: str) -> str:
    """What a learner starts from: here there is one function, and one slip in it."""
    if function != "merge":
        raise ValueError(f'{demo} has no function "{function}"; there is merge')
    if mistake not in ("", "twice"):
        raise ValueError(f'no mistake "{mistake}"; there are twice')
    return "def merge(self):\n    ..."


PROGRAMS = Programs(DEMOS, starter)

HEAD = """\
id: small
title: A small pack
description: One question
"""

QUESTION = """\
id: Q1
title: LoRA
ask: What is LoRA?
answer:
  short: A low-rank update
  full: |
    **LoRA** adds `B @ A`.

    It is [merged] later.
  key_points: [low rank, frozen base]
  mistakes: [thinking it is slower]
  follow_ups: [{ask: Why?, answer: Because}]
claims:
  - {id: merge-is-free, text: Merging costs nothing, demo: lora_merge, check: merged_cost}
demos:
  - {name: lora_merge, parameters: {r: 8, dtype: bf16}}
sources:
  - {title: LoRA, authors: Hu et al., year: 2021, where: "§4.1", url: "https://arxiv.org/abs/2106.09685"}
cards:
  - id: q1-recall
    kind: recall
    topic: LoRA
    prompt: What does LoRA train?
    hint: two matrices
    answer: A and B
    key_points: [A, B]
    claims: [merge-is-free]
    demo: {name: lora_merge, parameters: {lr: 1e-4}}
  - id: q1-choice
    revision: 2
    kind: choice
    topic: LoRA
    difficulty: 3
    prompt: Which starts at zero?
    options:
      - {text: A, why: it is random}
      - {text: B, correct: true, why: so that nothing changes at first}
    sources:
      - {title: LoRA, year: 2021}
"""


def write(parent: Path, name: str = "small", head: str | bytes = HEAD, **files: str | bytes) -> Path:
    """Write a pack folder: pack.yaml and one file for each keyword (q1 = the good question when none is given)."""
    folder = parent / name
    folder.mkdir(parents=True)
    for stem, text in {"pack": head, **(files or {"q1": QUESTION})}.items():
        (folder / f"{stem}.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def load(folder: Path, taken: Taken | None = None) -> tuple[Pack | None, list[Problem]]:
    return load_pack(snapshot(folder), PROGRAMS, taken or Taken())


def place_of(text: str, part: str) -> tuple[int, int]:
    """Line and column, from 1, of the only `part` in `text`."""
    assert text.count(part) == 1, f"{part!r} stands {text.count(part)} times"
    before = text[: text.index(part)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
