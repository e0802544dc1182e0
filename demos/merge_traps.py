"""Merges that go wrong: an update learnt over a 4-bit base, and updates taken out by subtraction.

A frozen transformer that reads digits is stored in NF4, as QLoRA does, and LoRAs beside its linear layers learn to
read digits turned by 90 degrees. What they have learnt belongs to the weights that they saw. Merged into the
dequantised weights they give the trained answers; merged into the original weights, or quantised back to four bits,
they do not quite. Then updates are merged and subtracted again, many times, in three types: only a kept copy of the
weights is still what it was.
"""

import torch
from torch import Tensor, nn

from demos.digits import accuracy, digits, fit, logits
from demos.kit import Choice, Demo, Integer, Lab, Mistake, Prediction, Real, main
from demos.lora_merge import LoRALinear
from demos.nf4_quantize import dequantize_nf4, quantize_nf4
from demos.reader import Reader, trained_reader

DEMO = Demo(
    title="Merge traps: a QLoRA update into which base, and back out",
    summary="A LoRA over an NF4 base merged into three bases, and the drift of merging and subtracting, by type.",
    questions=["Q4", "Q35"],
    parameters=[
        Integer("r", 8, 1, 16, "rank of each update; α = 2r"),
        Integer("block_size", 64, 16, 256, "weights that share one NF4 scale"),
        Real("rate", 0.001, 0.0005, 0.01, "learning rate of the updates"),
        Integer("steps", 60, 20, 80, "training steps"),
        Choice("dtype", "bfloat16", ["float32", "bfloat16", "float16"], "type that the base came in and is merged in"),
        Integer("swaps", 20, 1, 50, "adapters merged and subtracted again, one after the other"),
    ],
    checks={
        "dequantised_keeps": "Merged into the dequantised base, the model answers as trained, to the type's rounding",
        "original_misses": "Merged into the original base it misses them by at least 5 times as much",
        "requantised_misses": "Quantised back to NF4 it misses them by at least 5 times as much, too",
        "rounded_away": "An update below 3.5 % of its block's absmax changes no 4-bit code at all",
        "copy_restores": "However often adapters are swapped, a kept copy brings the base back bit for bit",
        "subtraction_drifts": "Subtracting does not: the base drifts, most in bfloat16, then float16, least in float32",
    },
    predictions=[
        Prediction(
            "misses_most",
            "Which merged model is farthest from the trained one?",
            "The original base is off by the quantisation error that the update had learnt to live with. Quantised "
            "back, the sum is rounded anew, and where the update is small beside a step of NF4 it is rounded away.",
            choices=("dequantised", "original", "quantised back"),
        ),
        Prediction(
            "codes_changed_percent",
            "What share of the 4-bit codes does the trained update change, quantised back?",
            "A weight of the dequantised base sits on a level: unless the update carries it half-way to the next, it "
            "falls back to where it was.",
            unit="%",
        ),
        Prediction(
            "restored_percent",
            "What share of the weights has its bits back after one merge and subtraction in this type?",
            "The sum is rounded to the type's grid at the size of the sum; subtracting cannot know what was cut off.",
            unit="%",
        ),
    ],
    mistakes=[
        Mistake(
            "scaling_forgotten",
            "α/r left out of the merge",
            "+ layer.delta()).to(stored).float()",
            "+ layer.delta() / layer.scaling).to(stored).float()",
            "dequantised_keeps",
            "With the right base and the wrong update the answers are off by far more than rounding.",
        ),
        Mistake(
            "trained_over_the_original",
            "the update trained over the 16-bit base, not over NF4",
            "child.weight.data = dequantize_nf4(quantize_nf4(child.weight.data, block_size))",
            "dequantize_nf4(quantize_nf4(child.weight.data, block_size))",
            "original_misses",
            "That is LoRA, not QLoRA: its update belongs to the original weights, and merging there is exact.",
        ),
        Mistake(
            "a_scale_for_every_weight",
            "blocks of one weight",
            "dequantize_nf4(quantize_nf4(weight, block_size))",
            "dequantize_nf4(quantize_nf4(weight, 1))",
            "requantised_misses",
            "A weight that is its own absmax is kept exactly, and takes 36 bits: NF4's error is the price of sharing.",
        ),
        Mistake(
            "one_absmax_for_all",
            "the bound taken from the matrix's largest absmax",
            "small = 0.035 * absmax",
            "small = 0.035 * absmax.max()",
            "rounded_away",
            "A step of NF4 is as wide as its own block's absmax says. In a block of small weights the update is large.",
        ),
        Mistake(
            "copy_is_a_view",
            "the copy kept without .clone()",
            "kept = weight.clone()",
            "kept = weight",
            "copy_restores",
            "Another name for the same memory: the merge in place changes the copy with the weight.",
        ),
        Mistake(
            "always_float32",
            "the weight held in float32 whatever the type",
            "start.to(kind, copy=True), []",
            "start.clone(), []",
            "subtraction_drifts",
            "In float32 a sum of two bfloat16 numbers is hardly rounded. The drift is the type's, not subtraction's.",
        ),
    ],
)

TOLERANCE = {torch.float32: 1e-5, torch.float16: 3e-3, torch.bfloat16: 2e-2}  # of the answers' size
TYPES = [torch.bfloat16, torch.float16, torch.float32]


def qlora(model: Reader, r: int, block_size: int) -> list[LoRALinear]:
    """Store every linear layer of the blocks in NF4 and put a LoRA beside it: Dettmers et al. (2023), §3."""
    layers = []
    for module in list(model.blocks.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear):
                child.weight.data = dequantize_nf4(quantize_nf4(child.weight.data, block_size))
                layers.append(LoRALinear(child, r, 2 * r).to(child.weight.device))
                setattr(module, name, layers[-1])
    return layers


def merge(layers: list[LoRALinear], bases: list[Tensor], stored: torch.dtype) -> list[Tensor]:
    """W = base + (α/r)·B·A, summed in float32 and rounded once to the type that it is stored in."""
    return [(base + layer.delta()).to(stored).float() for layer, base in zip(layers, bases, strict=True)]


def use(layers: list[LoRALinear], weights: list[Tensor]) -> None:
    """Run the layers on these weights alone, without their detours."""
    for layer, weight in zip(layers, weights, strict=True):
        layer.base.weight.data, layer.merged = weight, True


def codes(weight: Tensor, block_size: int) -> tuple[Tensor, Tensor]:
    """Each weight's level in NF4, from 0 to 15, and its block's absmax."""
    q = quantize_nf4(weight, block_size)
    absmax = q.absmax.repeat_interleave(block_size)[: weight.numel()].view_as(weight)
    return torch.stack([q.packed >> 4, q.packed & 15], dim=-1).flatten()[: weight.numel()], absmax


def drift(start: Tensor, deltas: list[Tensor], kind: torch.dtype) -> tuple[list[float], int]:
    """Merge each update and subtract it again, in place. How far the weight is from its start after each of them, as
    a share of its size, and in how many entries a kept copy differs from the start.
    """
    weight, moved = start.to(kind, copy=True), []
    kept = weight.clone()
    for delta in deltas:
        weight += delta.to(kind)
        weight -= delta.to(kind)
        moved.append(((weight.float() - start).norm() / start.norm()).item())
    return moved, int((kept.float() != start.to(kind).float()).sum())


def run(lab: Lab, *, r: int, block_size: int, rate: float, steps: int, dtype: str, swaps: int) -> None:
    lab.text(f"A base in {dtype}, stored in **NF4** in blocks of {block_size}, with LoRAs of rank {r} beside it.")
    train, test = digits(lab.device)
    stored, turned = getattr(torch, dtype), test.rotated()

    # 1. Train over the 4-bit base.
    model = trained_reader(lab.device)
    for linear in (module for module in model.blocks.modules() if isinstance(module, nn.Linear)):
        linear.weight.data = linear.weight.data.to(stored).float()  # as it was released
    originals = [module.weight.data for module in model.blocks.modules() if isinstance(module, nn.Linear)]
    layers = qlora(model, r, block_size)
    seen = [layer.base.weight.data for layer in layers]
    before = accuracy(model, turned)
    for step in fit(model, train.rotated(), steps, rate=rate, seed=lab.seed):
        lab.progress(step, steps, "the updates learn turned digits")
    trained = logits(model, turned)
    read = {"before training": before, "trained, unmerged": accuracy(model, turned)}

    # 2. Merge into three bases. Only one of them is what the updates were trained over.
    dequantised, original = merge(layers, seen, stored), merge(layers, originals, stored)
    back = [dequantize_nf4(quantize_nf4(weight, block_size)) for weight in dequantised]
    misses = {}
    for name, weights in {"dequantised": dequantised, "original": original, "quantised back": back}.items():
        use(layers, weights)
        misses[name] = ((logits(model, turned) - trained).norm() / trained.norm()).item()
        read[name] = accuracy(model, turned)
    rows = [[name, misses.get(name), right] for name, right in read.items()]
    lab.table("Turned digits: merged into which base", ["", "answers miss the trained by", "accuracy"], rows)
    lab.figure("misses", misses)
    lab.figure("misses_most", max(misses, key=lambda name: misses[name]))
    lab.figure("test_accuracy", read)
    off, worst = misses["dequantised"], TOLERANCE[stored]
    lab.check("dequantised_keeps", off <= worst, off, f"at most {worst:g} of the answers' size in {dtype}")
    lab.check("original_misses", misses["original"] >= 5 * off, misses["original"], f"at least 5 · {off:.2g}")
    lab.check(
        "requantised_misses", misses["quantised back"] >= 5 * off, misses["quantised back"], f"at least 5 · {off:.2g}"
    )

    # 3. Why quantising back hurts: the base sits on the levels, and the update has to carry it half-way to the next.
    changed, nudged, entries = 0, 0, sum(base.numel() for base in seen)
    for layer, base in zip(layers, seen, strict=True):
        code, absmax = codes(base, block_size)
        small = 0.035 * absmax  # half of NF4's narrowest step, less what the absmax itself may move
        changed += int((codes(base + layer.delta(), block_size)[0] != code).sum())
        nudged += int((codes(base + layer.delta().clamp(-small, small), block_size)[0] != code).sum())
    lab.figure("codes_changed_percent", 100 * changed / entries)
    lab.check(
        "rounded_away", nudged == 0, nudged, f"0 of {entries:,} codes, of which the whole update changes {changed:,}"
    )

    # 4. Merge by adding, unmerge by subtracting: the first layer's update, its rows in another order for each adapter.
    start, delta = originals[0], layers[0].delta()
    deltas = [delta[torch.randperm(len(delta)).to(lab.device)] for _ in range(swaps)]
    runs = {kind: drift(start.to(kind).float(), deltas, kind) for kind in TYPES}
    series = [{"name": str(kind)[6:], "x": list(range(1, swaps + 1)), "y": moved} for kind, (moved, _) in runs.items()]
    lab.plot("How far the base has drifted", "adapters merged and subtracted", "share of its size", series)
    once = (start.to(stored) + delta.to(stored)) - delta.to(stored)
    lab.figure("restored_percent", 100 * (once == start.to(stored)).float().mean().item())
    lost = sum(differ for _, differ in runs.values())
    lab.check("copy_restores", lost == 0, lost, "0 entries of the copies differ")
    bf16, fp16, fp32 = (runs[kind][0][-1] for kind in TYPES)
    lab.check("subtraction_drifts", bf16 > fp16 > fp32 > 0, [bf16, fp16, fp32], "falling, and none of them 0")
    lab.figure("drift", {str(kind)[6:]: moved[-1] for kind, (moved, _) in runs.items()})


if __name__ == "__main__":
    raise SystemExit(main("merge_traps"))
