"""Where the memory goes: full fine-tuning, LoRA and QLoRA on real shapes, part by part.

Every tensor that training holds is made on PyTorch's meta device, where a tensor has a shape, a type and a size in
bytes, and no memory: weights, gradients, Adam's states, and what each layer keeps for its backward pass (Korthikanti
et al., 2022, §4.1: s·b·h·(34 + 5·a·s/h) bytes a layer of GPT). The well-known "4 GB for 7B, 35 GB for 70B" turns out
to be weights alone, and 35 to have left something out. All sums are a floor: the CUDA context, kernels' workspaces
and fragmentation come on top. A GB is 10⁹ bytes.
"""

from math import ceil
from typing import NamedTuple

import torch
from torch import Tensor

from demos.kit import Choice, Demo, Flag, Integer, Lab, Mistake, Prediction, main
from demos.shapes import SHAPES, ModelShape

DEMO = Demo(
    title="The memory of full fine-tuning, LoRA and QLoRA",
    summary="Weights, gradients, optimiser states and activations in GB, counted on real models' shapes.",
    questions=["Q4"],
    parameters=[
        Choice(
            "model",
            "Llama-2-70B",
            ["LLaMA-7B", "LLaMA-13B", "LLaMA-33B", "LLaMA-65B", "Llama-2-70B"],
            "the model that is tuned",
        ),
        Integer("card", 24, 8, 192, "the GPU's memory in GB"),
        Integer("r", 16, 1, 256, "LoRA's rank, beside all linear layers"),
        Integer("batch", 1, 1, 64, "sequences in a batch"),
        Integer("length", 1024, 128, 16384, "tokens in a sequence"),
        Flag("checkpointing", True, "keep each layer's input only, and compute the layer again in the backward pass"),
    ],
    checks={
        "two_bytes": "14 and 140 GB are two bytes a weight at 7 and 70 billion; the models' own are 13.5 and 138.0",
        "scales": "NF4 is 4.5 bits a weight with its scales, 4.127 with them quantised: 70 billion are 36.1 GB, not 35",
        "mixed_storage": "With embeddings, head and norms left in 16 bits, QLoRA's base is 3.87 GB at 7B, 36.4 at 70B",
        "adam": "Full fine-tuning with Adam holds 16 bytes a weight, 12 without float32 copies: 1,040 or 780 GB at 65B",
        "gpt_layer": "Counted tensor by tensor, a GPT layer keeps s·b·h·(34 + 5·a·s/h) bytes for its backward pass",
        "same_activations": "LoRA beside all linear layers keeps no fewer activations than full fine-tuning",
        "checkpointing_saves": "Checkpointing cuts the activations at least eightfold",
        "cards": "At batch 1 and 512 tokens, QLoRA fits 33B on a 24 GB card and 70B on one of 48, but not of 24",
    },
    predictions=[
        Prediction(
            "qlora_fits",
            "Does QLoRA of this model, at these settings, fit the card?",
            "Weights come first: if the 4-bit weights alone are larger than the card, no batch is small enough. Then "
            "the activations decide, and they are what batch, length and checkpointing move.",
            choices=["yes", "no"],
        ),
        Prediction(
            "largest_part",
            "What is the largest part of QLoRA's memory here?",
            "With short sequences and checkpointing it is the weights. Activations grow with batch times length, "
            "and nothing about LoRA or four bits makes them smaller.",
            choices=["weights", "gradients", "optimiser", "activations"],
        ),
        Prediction(
            "full_gb",
            "How many GB does full fine-tuning hold at these settings?",
            "16 bytes a weight before the first activation: 2 for the weight, 2 for its gradient, 4 for its float32 "
            "copy and 8 for Adam's two moments. Without the copy it is 12.",
            unit="GB",
        ),
    ],
    mistakes=[
        Mistake(
            "float32_weights",
            "float32 taken for the usual type",
            right="HALF, FLOAT, BYTE = torch.bfloat16,",
            wrong="HALF, FLOAT, BYTE = torch.float32,",
            fails="two_bytes",
            why="14 GB for 7B is a 16-bit model. In float32 it is 28.",
        ),
        Mistake(
            "scales_forgotten",
            "four bits, and no scales",
            right="return [codes, *scales]",
            wrong="return [codes]",
            fails="scales",
            why="A block's codes say nothing without its scale. One float32 for 64 weights is half a bit a weight: "
            "4.4 GB at 70 billion.",
        ),
        Mistake(
            "everything_in_four_bits",
            "embeddings quantised too",
            right='name.startswith("layers.") and len(sizes) == 2',
            wrong="len(sizes) == 2",
            fails="mixed_storage",
            why="bitsandbytes replaces linear layers, and not the head. LLaMA-7B's embedding and head are 4 % of its "
            "weights and 14 % of the bytes in QLoRA's base.",
        ),
        Mistake(
            "one_moment",
            "Adam with one moment",
            right="[FLOAT] * (3 if master else 2)",
            wrong="[FLOAT] * (2 if master else 1)",
            fails="adam",
            why="Adam keeps a mean and a mean square for each weight, in float32: 8 bytes. One moment is momentum's.",
        ),
        Mistake(
            "masks_forgotten",
            "dropout's masks left out",
            right="masks = [meta((b, s, d), BYTE)] * 2",
            wrong="masks: list[Tensor] = []",
            fails="gpt_layer",
            why="A mask has a byte an entry, and there is one after attention and one after the feed-forward network: "
            "the 2 that make the paper's 32 a 34.",
        ),
        Mistake(
            "activations_by_share",
            "activations scaled by what trains",
            right="kept = activations(shape, recipe, r)",
            wrong="kept = activations(shape, recipe, r) * trained // shape.total",
            fails="same_activations",
            why="To reach an adapter in the first layer the gradient passes through every layer, and needs what every "
            "layer kept. Freezing a weight saves its gradient and its states, not the activations.",
        ),
        Mistake(
            "checkpoints_keep_all",
            "the layers kept as well as their inputs",
            right="return shape.layers * size(inputs) + one + ends",
            wrong="return shape.layers * (size(inputs) + one) + ends",
            fails="checkpointing_saves",
            why="What is computed again is needed for one layer at a time. Only the inputs stay for all of them.",
        ),
        Mistake(
            "without_checkpointing",
            "checkpointing forgotten",
            right="checkpointing: bool = True",
            wrong="checkpointing: bool = False",
            fails="cards",
            why="Even 512 tokens keep 7.7 GB in a 33B model and 13.6 in a 70B one. Weights that fit leave little room "
            "for them: gradient checkpointing is part of QLoRA's recipe, not an extra.",
        ),
    ],
)

GB = 1e9
HALF, FLOAT, BYTE = torch.bfloat16, torch.float32, torch.uint8
LLAMAS = ("LLaMA-7B", "LLaMA-13B", "LLaMA-33B", "LLaMA-65B", "Llama-2-70B")


class Recipe(NamedTuple):
    """How one trains. The defaults are as modest as it gets, for asking what a card can hold at best."""

    r: int = 16
    batch: int = 1
    length: int = 512
    checkpointing: bool = True
    eager: bool = False  # attention that keeps its length × length scores, as FlashAttention does not


def meta(sizes: tuple[int, ...], dtype: torch.dtype = HALF) -> Tensor:
    return torch.empty(sizes, dtype=dtype, device="meta")


def size(tensors: list[Tensor]) -> int:
    """Bytes."""
    return sum(tensor.nbytes for tensor in tensors)


def nf4(weight: Tensor, double_quant: bool) -> list[Tensor]:
    """Two codes a byte and a float32 scale for each 64 weights; or the scales as bytes, with a float32 for each 256.

    Dettmers et al. (2023), §3.
    """
    blocks = ceil(weight.numel() / 64)
    codes = meta((ceil(weight.numel() / 2),), BYTE)
    twice = [meta((blocks,), BYTE), meta((ceil(blocks / 256),), FLOAT)]
    scales = twice if double_quant else [meta((blocks,), FLOAT)]
    return [codes, *scales]


def base(shape: ModelShape, four_bits: bool, double_quant: bool = True) -> list[Tensor]:
    """The model's weights: the layers' matrices perhaps in NF4, embeddings, head and norms in 16 bits either way."""
    stored: list[Tensor] = []
    for name, sizes in shape.weights():
        matrix = name.startswith("layers.") and len(sizes) == 2
        stored += nf4(meta(sizes), double_quant) if four_bits and matrix else [meta(sizes)]
    return stored


def adam(trained: int, master: bool = True) -> list[Tensor]:
    """Two moments and perhaps a copy of the weight, all float32, for each 16-bit weight that trains."""
    return [meta((trained,), dtype) for dtype in [FLOAT] * (3 if master else 2)]


def layer_keeps(shape: ModelShape, b: int, s: int, eager: bool, r: int = 0) -> list[Tensor]:
    """What a layer keeps for its backward pass, nothing twice; dropout (GPT's only) keeps a mask of bytes.

    Korthikanti et al. (2022), §4.1; for the gated feed-forward network of LLaMA counted in the same way.
    """
    d, kv, f = shape.width, shape.kv_width, shape.ffn
    widths = [d] * 6  # what goes into and comes out of two norms, the queries, what attention gives
    widths += [kv] * 2  # keys, values
    widths += [f] * (4 if shape.gated else 2)  # gate, silu(gate), up, their product; or gelu's input and output
    widths += [r] * len(shape.linears())  # A·x of each adapter
    kept = [meta((b, s, width)) for width in widths]
    scores = (b, shape.heads, s, s)
    kept.append(meta(scores) if eager else meta(scores[:3], FLOAT))  # the softmax, or its denominators
    if shape.gated:
        return kept
    masks = [meta((b, s, d), BYTE)] * 2
    return [*kept, *masks, *([meta(scores), meta(scores, BYTE)] if eager else [])]


def activations(shape: ModelShape, recipe: Recipe, r: int = 0) -> int:
    """Bytes kept over all layers, and at the end: the last norm's input and output, and float32 logits (§4.3)."""
    b, s = recipe.batch, recipe.length
    one = size(layer_keeps(shape, b, s, recipe.eager, r))
    inputs = [meta((b, s, shape.width))]
    ends = size([*inputs, *inputs, meta((b, s, shape.vocab), FLOAT)])
    if not recipe.checkpointing:
        return shape.layers * one + ends
    return shape.layers * size(inputs) + one + ends


def held(shape: ModelShape, method: str, recipe: Recipe) -> dict[str, float]:
    """GB of each part."""
    sides = sum(linear.out_features + linear.in_features for linear in shape.linears())
    r = 0 if method == "full" else recipe.r
    adapters = r * shape.layers * sides
    trained = shape.total if method == "full" else adapters
    weights = size(base(shape, four_bits=method == "QLoRA")) + 2 * adapters
    kept = activations(shape, recipe, r)
    if method == "QLoRA":  # one matrix at a time is unpacked to 16 bits
        kept += max(2 * linear.out_features * linear.in_features for linear in shape.linears())
    parts = {"weights": weights, "gradients": 2 * trained, "optimiser": size(adam(trained)), "activations": kept}
    return {part: number / GB for part, number in parts.items()}


def run(lab: Lab, *, model: str, card: int, r: int, batch: int, length: int, checkpointing: bool) -> None:
    lab.text(f"**{model}**: {batch} × {length} tokens a step, LoRA of rank {r} beside all linear layers, in GB of 10⁹.")
    shape, recipe = SHAPES[model], Recipe(r, batch, length, checkpointing)

    # 1. The figures that people quote are weights, and nothing else.
    def weights(name: str, four_bits: bool, double_quant: bool = True) -> float:
        return size(base(SHAPES[name], four_bits, double_quant)) / GB

    stored = {name: [weights(name, False), weights(name, True, False), weights(name, True)] for name in LLAMAS}
    quoted = {"LLaMA-7B": "14 and 4", "Llama-2-70B": "140 and 35"}
    rows = [[name, *sizes, quoted.get(name)] for name, sizes in stored.items()]
    lab.table("Weights alone, GB", ["model", "16 bits", "NF4", "scales quantised too", "often quoted"], rows)
    (half_7b, _, four_7b), (half_70b, _, four_70b) = stored["LLaMA-7B"], stored["Llama-2-70B"]
    rounds = [size([meta((n * 10**9,))]) / GB for n in (7, 70)]
    measured = [*rounds, round(half_7b, 1), round(half_70b, 1)]
    lab.check("two_bytes", measured == [14, 140, 13.5, 138], f"{measured}", "14, 140, 13.5 and 138.0")
    seventy = [size(nf4(meta((70 * 10**9,)), twice)) for twice in (False, True)]
    bits = [round(8 * n / 70e9, 3) for n in seventy]
    lab.check("scales", bits == [4.5, 4.127], f"{bits} bits; {seventy[1] / GB:.1f} GB", "4.5 and 4.127 bits; 36.1 GB")
    mixed = [f"{four_7b:.2f}", f"{four_70b:.1f}"]
    lab.check("mixed_storage", mixed == ["3.87", "36.4"], " and ".join(mixed), "3.87 and 36.4 GB")

    # 2. Training holds more than weights.
    parts = {method: held(shape, method, recipe) for method in ("full", "LoRA", "QLoRA")}
    totals = {method: sum(of.values()) for method, of in parts.items()}
    fits = {method: "yes" if total <= card else "no" for method, total in totals.items()}
    rows = [[method, *of.values(), totals[method], fits[method]] for method, of in parts.items()]
    lab.table(f"Training {model}, GB", ["", *parts["full"], "total", f"fits {card} GB"], rows)
    lab.figure("full_gb", totals["full"])
    lab.figure("lora_gb", totals["LoRA"])
    lab.figure("qlora_gb", totals["QLoRA"])
    lab.figure("qlora_fits", fits["QLoRA"])
    lab.figure("largest_part", max(parts["QLoRA"], key=lambda part: parts["QLoRA"][part]))
    flat = meta((65 * 10**9,))
    recipes = [size([flat, flat, *adam(flat.numel(), master)]) / GB for master in (True, False)]
    lab.check("adam", recipes == [1040, 780], f"{recipes[0]:,.0f} and {recipes[1]:,.0f}", "1,040 and 780 GB")

    # 3. Activations: the same whatever trains, growing with every token, and cut by checkpointing.
    gpt3 = SHAPES["GPT-3"]
    counted = size(layer_keeps(gpt3, batch, length, eager=True))
    formula = length * batch * (34 * gpt3.width + 5 * gpt3.heads * length)
    lab.check("gpt_layer", counted == formula, counted, f"{formula:,} bytes in a layer of GPT-3")
    full, lora = parts["full"]["activations"], parts["LoRA"]["activations"]
    lab.check("same_activations", lora >= full, lora, f"at least {full:.4g} GB")
    all_kept, few_kept = (activations(shape, recipe._replace(checkpointing=on)) for on in (False, True))
    lab.check("checkpointing_saves", all_kept >= 8 * few_kept, all_kept / few_kept, "at least 8 times less")
    rest, lengths = totals["QLoRA"] - activations(shape, recipe, r) / GB, [512 * n for n in range(1, 17)]
    series = []
    for name, on, eager in (("checkpointing", True, False), ("without", False, False), ("eager", False, True)):
        ways = [recipe._replace(length=n, checkpointing=on, eager=eager) for n in lengths]
        series.append({"name": name, "x": lengths, "y": [rest + activations(shape, way, r) / GB for way in ways]})
    lab.plot(f"QLoRA of {model}, batch {batch}", "tokens in a sequence", "GB", series)

    # 4. Which card holds what, at the least that one can ask of it.
    least = {name: sum(held(SHAPES[name], "QLoRA", Recipe()).values()) for name in LLAMAS}
    lab.table("QLoRA at batch 1, 512 tokens", ["model", "GB"], [[name, total] for name, total in least.items()])
    lab.check(
        "cards",
        least["LLaMA-33B"] <= 24 < four_70b and least["Llama-2-70B"] <= 48,
        f"{least['LLaMA-33B']:.1f} GB; {four_70b:.1f} in weights alone, {least['Llama-2-70B']:.1f} in all",
        "within 24; above 24, within 48",
    )


if __name__ == "__main__":
    raise SystemExit(main("memory_table"))
