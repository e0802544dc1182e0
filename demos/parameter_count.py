"""Counting what trains: LoRA, adapters, prefix tuning, prompt tuning and IA³ on the shapes of real models.

Every tensor that a method trains is made on PyTorch's meta device, where a tensor has a shape and no memory, so that
the largest model counts as quickly as the smallest. "LoRA trains 0.1 per cent" turns out to be true of one model, one
rank and one choice of matrices. The models' own weights are counted the same way and come to the published totals.
"""

from math import log10

import torch
from torch import Tensor

from demos.kit import Choice, Demo, Integer, Lab, Mistake, Prediction, main
from demos.shapes import SHAPES, ModelShape

DEMO = Demo(
    title="How many parameters train",
    summary="LoRA, adapters, prefix, prompt and IA³ counted on GPT-2, RoBERTa, LLaMA-7B, Llama-2-70B and GPT-3.",
    questions=["Q4", "Q35"],
    parameters=[
        Choice("model", "LLaMA-7B", ["GPT-2", "RoBERTa-base", "LLaMA-7B", "Llama-2-70B", "GPT-3"], "the frozen model"),
        Choice("targets", "q,v", ["q,v", "attention", "all-linear"], "the matrices that LoRA goes beside"),
        Integer("r", 16, 1, 512, "LoRA's rank"),
        Integer("bottleneck", 64, 1, 1024, "m, the width of an adapter's waist"),
        Integer("tokens", 20, 1, 1000, "n, the virtual tokens of prefix and prompt tuning"),
    ],
    checks={
        "totals": "Counted from their shapes alone, the models have their published numbers of weights",
        "lora_formula": "LoRA trains r·(in + out) numbers for each matrix it goes beside",
        "gpt3_paper": "On GPT-3's W_q and W_v that is the paper's 4.7 million at r = 1, 18.9 at 4 and 37.7 at 8",
        "same_budget": "Rank 8 on one of GPT-3's attention matrices, 4 on two and 2 on all four train equally many",
        "adapter_formula": "Two adapters a layer train 2·(2dm + m + d) numbers in it",
        "prefix_and_prompt": "A prompt trains n·d numbers, a prefix 2·layers times as many (an eighth under 70B's GQA)",
        "ia3_share": "IA³ is below 0.01 % of LLaMA-7B, Llama-2-70B and GPT-3, but above it for GPT-2 and RoBERTa",
    },
    predictions=[
        Prediction(
            "lora_percent",
            "What share of the model's weights does LoRA train, in per cent?",
            "LoRA's numbers grow with a matrix's sides, the model's with their product: the share belongs to a "
            "model, a rank and a choice of matrices, so a percentage without the three says little.",
            unit="%",
        ),
        Prediction(
            "fewest",
            "Which of the five methods trains the fewest numbers here?",
            "A prompt is n·d in all, for the input only; IA³'s vectors are short, but every layer has three. With few "
            "virtual tokens the prompt is the smallest; with many IA³ is, or LoRA at a rank of 1.",
            choices=["LoRA", "adapters", "prefix tuning", "prompt tuning", "IA³"],
        ),
        Prediction(
            "all_linear_times",
            "How many times as many does LoRA train beside all linear layers as beside q and v only, at the same rank?",
            "The feed-forward matrices are the wide ones, and QLoRA's authors needed adapters beside all of them to "
            "match full fine-tuning. It is four to six times as many in these models: GQA makes k and v thin.",
        ),
    ],
    mistakes=[
        Mistake(
            "matrices_only",
            "only the matrices counted",
            right="for _, size in shape.weights()]",
            wrong="for _, size in shape.weights() if len(size) == 2]",
            fails="totals",
            why="Norms and biases are few, and still the total must be exact: LLaMA-7B has 266,240 weights in norms, "
            "GPT-2 another 121,344 in norms and biases. A count that is nearly right hides what it left out.",
        ),
        Mistake(
            "b_shaped_like_a",
            "B given A's shape",
            right="(out_features, r))",
            wrong="(in_features, r))",
            fails="lora_formula",
            why="On a square matrix nobody notices. Beside a matrix that is not square, a feed-forward one or a v_proj "
            "under GQA, B·A would not even have W's shape.",
        ),
        Mistake(
            "v_forgotten",
            "q only, v left out",
            right='"q,v": {"q_proj", "v_proj", "c_attn"}',
            wrong='"q,v": {"q_proj", "c_attn"}',
            fails="gpt3_paper",
            why="The paper's 4.7 million is 96 layers of two matrices. With one of them it is 2.4 million, which is "
            "the right number for a question that was not asked.",
        ),
        Mistake(
            "output_projection_forgotten",
            "attention counted as q, k and v",
            right='"attention": {"q_proj", "k_proj", "v_proj", "o_proj", "c_attn"}',
            wrong='"attention": {"q_proj", "k_proj", "v_proj", "c_attn"}',
            fails="same_budget",
            why="Attention has a fourth matrix, the output projection. The paper's comparison at one budget (r 8, 4 "
            "and 2) balances only with it.",
        ),
        Mistake(
            "adapter_biases",
            "the adapters' biases left out",
            right="(m, d), (m,), (d, m), (d,)",
            wrong="(m, d), (d, m)",
            fails="adapter_formula",
            why="An adapter is two linear layers with biases: 2dm + m + d. The m + d are what a formula from memory "
            "loses first.",
        ),
        Mistake(
            "prefix_once",
            "keys without values",
            right="[(n, kv), (n, kv)]",
            wrong="[(n, kv)]",
            fails="prefix_and_prompt",
            why="A prefix puts a learned key and a learned value into every layer: the 2 of 2·layers·n·d.",
        ),
        Mistake(
            "vector_on_every_matrix",
            "IA³ scales every linear layer",
            right='{"k_proj", "v_proj", "c_attn"}]',
            wrong="ALL_LINEAR]",
            fails="ia3_share",
            why="IA³ has three vectors a layer: on keys, on values, and inside the feed-forward network. One on every "
            "output more than doubles it, and LLaMA-7B passes the 0.01 % that the method is quoted with.",
        ),
    ],
)

ALL_LINEAR = {"q_proj", "k_proj", "v_proj", "c_attn", "o_proj", "gate_proj", "up_proj", "down_proj"}
TARGETS = {
    "q,v": {"q_proj", "v_proj", "c_attn"},  # GPT-2's c_attn holds both, and k
    "attention": {"q_proj", "k_proj", "v_proj", "o_proj", "c_attn"},
    "all-linear": ALL_LINEAR,
}
PUBLISHED = {  # as released; for GPT-3 to a tenth of a billion, Brown et al. (2020), appendix D
    "GPT-2": 124_439_808,
    "RoBERTa-base": 124_645_632,
    "LLaMA-7B": 6_738_415_616,
    "Llama-2-70B": 68_976_648_192,
    "GPT-3": 174_600_000_000,
}


def everything(shape: ModelShape) -> list[Tensor]:
    """The model's own weights: what full fine-tuning trains."""
    return [meta(size) for _, size in shape.weights()]


def lora(shape: ModelShape, targets: set[str], r: int) -> list[Tensor]:
    """A (r × in) and B (out × r) beside each target of each layer, Hu et al. (2021), §4.1."""
    matrices = [linear for linear in shape.linears() if linear.name in targets]
    sizes = [size for _, out_features, in_features in matrices for size in ((r, in_features), (out_features, r))]
    return [meta(size) for size in sizes] * shape.layers


def adapters(shape: ModelShape, m: int) -> list[Tensor]:
    """Down (m × d) and up (d × m) with their biases, twice in each layer, Houlsby et al. (2019), §2.1."""
    d = shape.width
    return [meta(size) for size in ((m, d), (m,), (d, m), (d,))] * 2 * shape.layers


def prefix(shape: ModelShape, n: int) -> list[Tensor]:
    """n keys and n values in each layer, Li & Liang (2021), §4. The MLP they are trained through is thrown away."""
    kv = shape.kv_width
    return [meta(size) for size in [(n, kv), (n, kv)]] * shape.layers


def prompt(shape: ModelShape, n: int) -> list[Tensor]:
    """n vectors before the input's embeddings, and nothing further up, Lester et al. (2021), §2."""
    return [meta((n, shape.width))]


def ia3(shape: ModelShape) -> list[Tensor]:
    """A scale for each key, value and inner feed-forward activation, Liu et al. (2022), §3.3; c_attn whole, as peft."""
    scaled = [linear.out_features for linear in shape.linears() if linear.name in {"k_proj", "v_proj", "c_attn"}]
    return [meta((size,)) for size in [*scaled, shape.ffn]] * shape.layers


def meta(size: tuple[int, ...]) -> Tensor:
    return torch.empty(size, device="meta")


def numbers(tensors: list[Tensor]) -> int:
    return sum(tensor.numel() for tensor in tensors)


def run(lab: Lab, *, model: str, targets: str, r: int, bottleneck: int, tokens: int) -> None:
    lab.text(f"**{model}**, frozen. LoRA of rank {r} beside {targets}; adapters {bottleneck} wide; {tokens} tokens.")
    models = [SHAPES[name] for name in PUBLISHED]

    # 1. The models themselves, from nothing but their shapes.
    totals = {shape.name: numbers(everything(shape)) for shape in models}
    rows = [[shape.name, shape.layers, shape.width, totals[shape.name], PUBLISHED[shape.name]] for shape in models]
    lab.table("Weights", ["model", "layers", "d", "counted", "published"], rows)
    off = {name: total - PUBLISHED[name] for name, total in totals.items()}
    rounding = off.pop("GPT-3")
    right = not any(off.values()) and abs(rounding) < 5e7
    lab.check("totals", right, f"off by {[*off.values()]}; GPT-3 {totals['GPT-3'] / 1e9:.1f} billion", "all 0; 174.6")

    # 2. What each method trains in the chosen model.
    def trained(shape: ModelShape) -> dict[str, int]:
        return {
            "LoRA": numbers(lora(shape, TARGETS[targets], r)),
            "adapters": numbers(adapters(shape, bottleneck)),
            "prefix tuning": numbers(prefix(shape, tokens)),
            "prompt tuning": numbers(prompt(shape, tokens)),
            "IA³": numbers(ia3(shape)),
        }

    here, total = trained(SHAPES[model]), totals[model]
    rows = [[name, n, f"{n / total:.4%}", f"{2 * n / 1e6:,.1f}"] for name, n in [("full", total), *here.items()]]
    lab.table(f"Trained in {model}", ["method", "numbers", "share", "MB at 16 bits"], rows)
    wider = numbers(lora(SHAPES[model], ALL_LINEAR, r)) / numbers(lora(SHAPES[model], TARGETS["q,v"], r))
    lab.figure("lora_trains", here["LoRA"])
    lab.figure("lora_percent", 100 * here["LoRA"] / total)
    lab.figure("all_linear_times", wider)
    lab.figure("fewest", min(here, key=lambda name: here[name]))

    # 3. The same settings on every model: the larger it is, the smaller a share it is.
    shares = {shape.name: {name: n / totals[shape.name] for name, n in trained(shape).items()} for shape in models}
    rows = [[name, *(f"{share:.4%}" for share in of.values())] for name, of in shares.items()]
    lab.table("Shares of each model", ["model", *here], rows)
    sizes = [log10(total) for total in totals.values()]
    curves = {name: [log10(100 * of[name]) for of in shares.values()] for name in here}
    series = [{"name": name, "x": sizes, "y": curve} for name, curve in curves.items()]
    lab.plot("Share that trains", "log10 of the model's weights", "log10 of per cent", series)

    # 4. The tensors against the formulas, on every model.
    closed, counted = 0, 0
    for shape in models:
        for names in TARGETS.values():
            sides = sum(o + i for name, o, i in shape.linears() if name in names)
            closed, counted = closed + r * shape.layers * sides, counted + numbers(lora(shape, names, r))
    lab.check("lora_formula", counted == closed, counted, f"{closed:,} over five models and three sets of targets")
    gpt3 = SHAPES["GPT-3"]
    millions = [round(numbers(lora(gpt3, TARGETS["q,v"], rank)) / 1e6, 1) for rank in (1, 4, 8)]
    lab.check("gpt3_paper", millions == [4.7, 18.9, 37.7], f"{millions} million", "4.7, 18.9 and 37.7 million")
    spread = [(8, {"q_proj"}), (4, TARGETS["q,v"]), (2, TARGETS["attention"])]
    budgets = [numbers(lora(gpt3, names, rank)) for rank, names in spread]
    lab.check("same_budget", len(set(budgets)) == 1, f"{budgets}", "three times the same")
    d_m = {shape.name: 2 * shape.width * bottleneck + bottleneck + shape.width for shape in models}
    formula = {shape.name: 2 * shape.layers * d_m[shape.name] for shape in models}
    count = {shape.name: numbers(adapters(shape, bottleneck)) for shape in models}
    lab.check("adapter_formula", count == formula, count[model], f"{formula[model]:,}, and so on every model")
    prompts = all(numbers(prompt(shape, tokens)) == tokens * shape.width for shape in models)
    times = [numbers(prefix(shape, tokens)) / (tokens * shape.width) for shape in models]
    expected = [2 * shape.layers * shape.kv_heads / shape.heads for shape in models]
    lab.check("prefix_and_prompt", prompts and times == expected, f"{times} prompts", f"{expected}")
    below = [name for name, of in shares.items() if of["IA³"] < 1e-4]
    lab.check("ia3_share", below == ["LLaMA-7B", "Llama-2-70B", "GPT-3"], ", ".join(below), "the three large models")


if __name__ == "__main__":
    raise SystemExit(main("parameter_count"))
