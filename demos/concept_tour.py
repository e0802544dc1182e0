"""The tour: low rank, LoRA, how few numbers train, and what is forgotten, in one run.

Four stops, each a demo of its own elsewhere. A matrix is cut to rank r, and what the cut loses is read off its singular
values. The same idea becomes LoRA around the projections of a small transformer that reads digits, and the numbers it
trains are counted, here and at the sizes of real models. Then the transformer learns digits turned by 90 degrees twice:
with all of its weights, which costs it the upright ones, and with LoRA alone, which can be taken off again.
"""

import copy

import torch
from torch import nn

from demos.digits import accuracy, digits, fit, logits
from demos.kit import Demo, Integer, Lab, Mistake, Prediction, main
from demos.lora_merge import LoRALinear
from demos.low_rank import factors
from demos.parameter_count import lora, numbers
from demos.reader import LAYERS, WIDTH, Reader, trained_reader
from demos.shapes import SHAPES

DEMO = Demo(
    title="The tour: low rank, LoRA, parameters, forgetting",
    summary="Four ideas in one run: a low-rank copy, LoRA's detour, how little trains, and what is forgotten.",
    questions=["Q4", "Q14", "Q35"],
    parameters=[
        Integer("r", 8, 2, 32, "rank of the cut and of LoRA"),
        Integer("lora_alpha", 16, 8, 32, "α; the update is scaled by α/r"),
        Integer("steps", 80, 60, 100, "training steps on turned digits, for each of the two ways"),
    ],
    checks={
        "low_rank_tail": "Cut to rank r, a matrix loses in squared error the squares of the singular values left out",
        "zero_start": "With B = 0 the transformer answers as before, bit for bit",
        "trainable_count": "LoRA trains r·(in + out) numbers for each matrix it goes beside, here and in GPT-3",
        "full_tuning_forgets": "Trained with all weights on turned digits, it loses at least 20 points on upright ones",
        "lora_learns": "LoRA alone takes turned digits at least 20 points further",
        "lora_off_is_base": "With the detours taken out, every answer on upright digits is back, bit for bit",
    },
    predictions=[
        Prediction(
            "trained_percent",
            "LoRA goes beside q and v in both layers. How many per cent of the transformer's weights does it train?",
            "2·d·r numbers for each d × d matrix. The narrower the model, the larger the share: in LLaMA-7B rank 8 on "
            "q and v is 0.06 %.",
            unit="%",
        ),
        Prediction(
            "upright_after_full_tuning_percent",
            "It read 98 % of the upright digits. How many per cent after all weights learnt turned ones?",
            "Nothing in the new task's loss asks for upright digits, so the weights that read them are spent.",
            unit="%",
        ),
    ],
    mistakes=[
        Mistake(
            "tail_not_squared",
            "singular values left out, not squared",
            right="tail = sigma[r:].square().sum().item()",
            wrong="tail = sigma[r:].sum().item()",
            fails="low_rank_tail",
            why="The directions are at right angles, so squared lengths add up, and lengths do not.",
        ),
        Mistake(
            "b_random",
            "B starts at random",
            right="detour = LoRALinear(getattr(block.attention, name), r, lora_alpha)",
            wrong="nn.init.normal_((detour := LoRALinear(getattr(block.attention, name), r, lora_alpha)).lora_B)",
            fails="zero_start",
            why="With both factors random, B·A is noise added to a trained weight before the first step.",
        ),
        Mistake(
            "square_counted",
            "r² counted for each matrix",
            right="formula = LAYERS * 2 * r * (WIDTH + WIDTH)",
            wrong="formula = LAYERS * 2 * r * r",
            fails="trainable_count",
            why="A is r × in and B is out × r: the sides of the matrix count, the rank multiplies their sum.",
        ),
        Mistake(
            "base_frozen_in_full_tuning",
            "«full» fine-tuning of the head alone",
            right="tuned = copy.deepcopy(base).requires_grad_(True)",
            wrong="(tuned := copy.deepcopy(base)).head.requires_grad_(True)",
            fails="full_tuning_forgets",
            why="What is frozen cannot be overwritten. The head alone moves too little to lose 20 points.",
        ),
        Mistake(
            "another_copy",
            "the optimizer given another copy",
            right="learn, count = model, numbers([w for w in model.parameters() if w.requires_grad])",
            wrong="learn, count = copy.deepcopy(model), numbers([w for w in model.parameters() if w.requires_grad])",
            fails="lora_learns",
            why="The optimizer holds the weights of another copy, so the model that is judged never moves.",
        ),
        Mistake(
            "merged_and_left",
            "merged instead of taken out",
            right="setattr(block.attention, name, getattr(block.attention, name).base)",
            wrong="getattr(block.attention, name).merge()",
            fails="lora_off_is_base",
            why="Merging adds the update to the base's weight. Only a detour that stands beside it can be taken out.",
        ),
    ],
)

TARGETS = ("q_proj", "v_proj")


def wrap(reader: Reader, r: int, lora_alpha: int) -> Reader:
    """A copy of the reader with LoRA around q and v of every layer."""
    wrapped = copy.deepcopy(reader)
    for block in wrapped.blocks:
        for name in TARGETS:
            detour = LoRALinear(getattr(block.attention, name), r, lora_alpha)
            setattr(block.attention, name, detour)
    return wrapped


def unwrap(wrapped: Reader) -> None:
    """Put the layers themselves back where the detours stood."""
    for block in wrapped.blocks:
        for name in TARGETS:
            setattr(block.attention, name, getattr(block.attention, name).base)


def run(lab: Lab, *, r: int, lora_alpha: int, steps: int) -> None:
    lab.text("Stop 1: a matrix, here a projection of a small transformer, and its best copy of low rank.")
    base = trained_reader(lab.device)
    train, test = digits(lab.device)
    turned = test.rotated()

    # 1. Low rank. The copy is the product of two thin factors.
    W = base.blocks[0].attention.q_proj.weight.detach()
    B, A = factors(W, r)
    lab.picture("A corner of the matrix", W)
    lab.picture(f"The same corner, cut to rank {r}", B @ A)
    sigma = torch.linalg.svdvals(W)
    lost = (W - B @ A).square().sum().item()
    tail = sigma[r:].square().sum().item()
    lab.check("low_rank_tail", abs(lost - tail) <= 1e-5 * W.square().sum().item(), lost, tail)

    # 2. LoRA: such a product beside a frozen layer, starting at nothing.
    lab.text(f"Stop 2: LoRA of rank {r} beside {' and '.join(TARGETS)}, everything else frozen.")
    model = wrap(base, r, lora_alpha).to(lab.device)
    before = logits(base, test)
    off = (logits(model, test) - before).abs().max().item()
    lab.check("zero_start", off == 0, off, "exactly 0")

    # 3. How little trains, here and at the sizes of real models.
    lab.text("Stop 3: what that trains, from shapes alone.")
    learn, count = model, numbers([w for w in model.parameters() if w.requires_grad])
    formula = LAYERS * 2 * r * (WIDTH + WIDTH)
    gpt3 = SHAPES["GPT-3"]
    large = numbers(lora(gpt3, {*TARGETS}, r))
    fits = count == formula and large == gpt3.layers * 2 * r * (gpt3.width + gpt3.width)
    lab.check("trainable_count", fits, f"{count:,}; GPT-3 {large:,}", f"{formula:,} here")
    everything = sum(weight.numel() for weight in base.parameters())
    rows: list[list[object]] = [["this one", everything, count, f"{count / everything:.2%}"]]
    for shape in (SHAPES["LLaMA-7B"], SHAPES["Llama-2-70B"], gpt3):
        trained = numbers(lora(shape, {*TARGETS}, r))
        rows.append([shape.name, shape.total, trained, f"{trained / shape.total:.3%}"])
    lab.table(f"LoRA of rank {r} on q and v", ["model", "weights", "trained", "share"], rows)
    lab.figure("trained_percent", 100 * count / everything)

    # 4. The same new task, learnt with all weights and with the detours alone.
    lab.text("Stop 4: turned digits, learnt with every weight and then with LoRA alone.")
    tuned = copy.deepcopy(base).requires_grad_(True)
    curves: dict[str, list[float]] = {}
    ways: dict[str, tuple[nn.Module, nn.Module, float]] = {"all": (tuned, tuned, 3e-3), "LoRA": (learn, model, 1e-2)}
    for number, (way, (trains, judged, rate)) in enumerate(ways.items()):
        on_turned, on_upright = curves.setdefault(f"turned, {way}", []), curves.setdefault(f"upright, {way}", [])
        for step in fit(trains, train.rotated(), steps, rate=rate, seed=lab.seed):
            if step % (steps // 10) == 0:
                on_turned.append(accuracy(judged, turned))
                on_upright.append(accuracy(judged, test))
                lab.progress(number * steps + step, 2 * steps, f"turned digits, {way}")
    at = [step for step in range(steps + 1) if step % (steps // 10) == 0]
    series = [{"name": name, "x": at, "y": curve} for name, curve in curves.items()]
    lab.plot("Test accuracy while turned digits are learnt", "steps", "accuracy", series)
    known, kept, with_lora = accuracy(base, test), accuracy(tuned, test), accuracy(model, test)
    lab.check("full_tuning_forgets", known - kept >= 0.2, kept, f"{known:.3f} before; at least 0.2 less")
    gained = accuracy(model, turned) - accuracy(base, turned)
    lab.check("lora_learns", gained >= 0.2, gained, "at least 0.2 more")
    unwrap(model)
    off = (logits(model, test) - before).abs().max().item()
    lab.check("lora_off_is_base", off == 0, off, f"exactly 0; with LoRA on, {with_lora:.3f} were right")
    lab.figure("upright_after_full_tuning_percent", 100 * kept)
    lab.figure("upright_with_lora_on_percent", 100 * with_lora)


if __name__ == "__main__":
    raise SystemExit(main("concept_tour"))
