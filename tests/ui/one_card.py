"""A learner's pack with one question and the cards of one test."""

from __future__ import annotations

from textwrap import indent

from prep_app.paths import Home

QUESTION = """\
id: {question}
title: Test
ask: What?
answer: {{short: s, full: f, key_points: [k]}}
demos: [{{name: lora_merge}}]
cards:
"""

CLOZE = """\
- id: cloze
  kind: cloze
  topic: Types
  prompt: "QLoRA stores the base in ___ and computes in ___."
  hint: one is a table
  answer: Codes index a table.
  gaps: [{accept: [NF4], wrong: [{text: int4, why: codes index a table}]}, {accept: [bfloat16, bf16]}]
"""
NUMERIC = """\
- id: numeric
  kind: numeric
  topic: Counting
  prompt: "How many parameters has LoRA of rank {r} beside a {d} × {d} layer?"
  variables: {d: {values: [512, 1024, 4096]}, r: {from: 4, to: 64, step: 4}}
  formula: 2 * r * d
  unit: parameters
  tolerance: 0
  worked: "2 · {r} · {d} = **{result}**"
  slips: [{formula: r * d, why: Both factors count.}]
"""
COMPARE = """\
- id: compare
  kind: compare
  topic: Comparison
  prompt: Fill in the table.
  columns: [LoRA, QLoRA]
  rows:
    - {aspect: base, cells: [{accept: [bf16]}, {accept: [NF4]}]}
    - {aspect: extra work, cells: [none, {accept: [dequantise], words: [dequantise]}]}
  answer: As above.
"""
RECALL = """\
- id: recall
  kind: recall
  topic: Idea
  prompt: What does QLoRA change?
  answer: Storage.
  key_points: [{text: base in 4 bits, words: [nf4, four bits]}, {text: slower steps, words: [slow]}]
"""
CHOICE = """\
- id: choice
  kind: choice
  topic: Idea
  prompt: Which is zero?
  options:
    - {text: the factor B, why: so that nothing changes, correct: true}
    - {text: the factor A, why: it is random}
    - {text: neither, why: then the start is off}
"""
ORDER = """\
- id: order
  kind: order
  topic: Life
  prompt: In which order?
  steps: [freeze the base, add the factors, train them, merge them]
  answer: Merge last.
"""
CODE = """\
- id: code
  kind: code
  topic: Mend it
  prompt: The output does not grow with alpha. Mend it.
  demo: {name: lora_merge}
  function: LoRALinear.delta
  checks: [merged_equals_unmerged]
  answer: The factor was missing.
"""
KINDS = {
    "cloze": CLOZE,
    "numeric": NUMERIC,
    "compare": COMPARE,
    "recall": RECALL,
    "choice": CHOICE,
    "order": ORDER,
    "code": CODE,
}


def install(home: Home, *cards: str, question: str = "T1") -> None:
    """Write a pack with these cards under one question into the learner's folder; a second question goes beside it."""
    folder = home.packs / "one"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pack.yaml").write_text("id: one\ntitle: One\n")
    text = QUESTION.format(question=question) + "".join(indent(card, "  ") for card in cards)
    (folder / f"{question.lower()}.yaml").write_text(text)
