"""The peft library's LoRA and the few lines that it amounts to, side by side on the same weights.

The configuration that everyone has seen, r = 16, α = 32 and dropout 0.1 on the query and value projections, is put
around a small transformer by `get_peft_model`, and around a copy of it by the `LoRALinear` of the demo `lora_merge`.
Both learn turned digits from the same start, on the same batches and with the same dropout. They train the same
numbers, end with the same weights and give the same answers; merging does the same to both, and taking a merge out
again does not.
"""

import torch
from torch import Tensor, nn

from demos.digits import accuracy, digits, fit, logits
from demos.kit import Choice, Demo, Integer, Lab, Mistake, Prediction, Real, main
from demos.lora_merge import LoRALinear
from demos.reader import LAYERS, WIDTH, Reader, trained_reader

DEMO = Demo(
    title="peft's LoRA, beside ours",
    summary="LoraConfig and get_peft_model on a small transformer against LoRALinear: same counts, weights, answers.",
    questions=["Q4", "Q35"],
    imports=["peft"],
    parameters=[
        Integer("r", 16, 1, 64, "rank"),
        Integer("lora_alpha", 32, 1, 128, "α; the update is scaled by α/r"),
        Choice("targets", "q_proj v_proj", ["q_proj v_proj", "q_proj k_proj v_proj o_proj"], "the layers to adapt"),
        Real("lora_dropout", 0.1, 0.05, 0.5, "share of the detour's inputs dropped in training"),
        Integer("steps", 20, 5, 30, "training steps of each"),
    ],
    checks={
        "same_count": "peft trains as many numbers as r·(in + out) for each adapted layer says, and so do we",
        "zero_start": "get_peft_model changes no output before training",
        "same_training": "With the same start, batches and dropout, both end with the same A and B, to 1e-5",
        "same_output": "In eval mode, with the same A and B, both give the same answers to 1e-6 of the largest",
        "dropout": "Dropout is for training: in eval mode two passes agree to the bit, in train mode they do not",
        "adapter_off": "With peft's adapter disabled, the base's answers are back, bit for bit",
        "same_merged": "Merged, both have the same weights, to 1e-6 of the largest",
        "unloaded": "merge_and_unload leaves a plain model of the base's size, with the merged weights in it",
    },
    predictions=[
        Prediction(
            "trainable_percent",
            "What does peft print as the trainable share of all parameters, in per cent?",
            "Each 64 × 64 layer gets 2·64·r numbers, a share of 2r/64: large, since the layer is small. On LLaMA-7B, "
            "with 4,096 in the place of 64, the same configuration trains 0.12 %.",
            unit="%",
        ),
        Prediction(
            "restored_percent",
            "peft unmerges by subtracting. What share of the adapted weights has its bits back, in float32?",
            "The merge rounded each sum, and subtracting does not undo that. LoRALinear keeps a copy and restores all.",
            unit="%",
        ),
    ],
    mistakes=[
        Mistake(
            "alpha_left_out",
            "lora_alpha left at peft's default, 8",
            "lora_alpha=lora_alpha,",
            "",
            "same_output",
            "Nothing warns: the adapter is scaled by 8/r, here a quarter of what was meant.",
        ),
        Mistake(
            "bias_trained",
            'bias="all" in the place of "none"',
            'bias="none"',
            'bias="all"',
            "adapter_off",
            "Then the base's own biases are trained, in place, and disabling the adapter does not bring them back.",
        ),
        Mistake(
            "head_unfrozen",
            "the head unfrozen along with the adapters",
            "model.requires_grad_(False)",
            "model.head.requires_grad_(True)",
            "same_count",
            "A count that the formula does not give is the quickest sign that something else trains.",
        ),
        Mistake(
            "init_false",
            "init_lora_weights=False",
            'bias="none"',
            'bias="none", init_lora_weights=False',
            "zero_start",
            "Meant for tests: B is random too, and the model is broken before the first step.",
        ),
        Mistake(
            "dropout_left_out",
            "no dropout in our detour",
            "LoRALinear(child, r, lora_alpha, lora_dropout)",
            "LoRALinear(child, r, lora_alpha)",
            "same_training",
            "It does not show in eval mode: they differ in what they have learnt, not in what they compute.",
        ),
        Mistake(
            "eval_forgotten",
            "compared without .eval()",
            "theirs.eval()",
            "theirs.train()",
            "dropout",
            "peft sets no mode for you. In train mode a model drops a tenth of the detour's inputs at random.",
        ),
        Mistake(
            "rslora",
            "use_rslora=True",
            'bias="none"',
            'bias="none", use_rslora=True',
            "same_merged",
            "The scaling is α/√r then: with the same A and B the update is √r times as large.",
        ),
        Mistake(
            "unload_without_merge",
            "unload() called for merge_and_unload()",
            "merge_and_unload()",
            "unload()",
            "unloaded",
            "unload takes the adapter out. The plain model that comes back is the base, and what was learnt is gone.",
        ),
    ],
)


def wrap(model: Reader, names: list[str], r: int, lora_alpha: int, lora_dropout: float) -> list[LoRALinear]:
    """What get_peft_model does: freeze everything, and put a detour around each linear layer of those names."""
    model.requires_grad_(False)
    layers = []
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if name in names:
                layers.append(LoRALinear(child, r, lora_alpha, lora_dropout).to(child.weight.device))
                setattr(module, name, layers[-1])
    return layers


def far(ours: list[Tensor], theirs: list[Tensor]) -> float:
    """The largest difference, as a share of the largest entry."""
    differences = [(a - b).abs().max() for a, b in zip(ours, theirs, strict=True)]
    return (max(differences) / max(b.abs().max() for b in theirs)).item()


def run(lab: Lab, *, r: int, lora_alpha: int, targets: str, lora_dropout: float, steps: int) -> None:
    lab.text("Importing **peft**, which brings transformers with it, takes two to four seconds the first time.")
    try:
        from peft import LoraConfig, get_peft_model
        from peft.tuners.lora import LoraLayer
    except ImportError as missing:
        raise ImportError("this demo runs the peft library; to get it: pip install 'prep[peft]'") from missing
    train, test = digits(lab.device)
    turned, names = test.rotated(), targets.split()

    # 1. The same base twice: peft around one, LoRALinear around the other. B is zero, so nothing changes yet.
    base = logits(trained_reader(lab.device), turned)
    config = LoraConfig(r=r, lora_alpha=lora_alpha, target_modules=names, lora_dropout=lora_dropout, bias="none")
    theirs, ours = get_peft_model(trained_reader(lab.device), config), trained_reader(lab.device)
    layers = wrap(ours, names, r, lora_alpha, lora_dropout)
    peft_layers = [module for module in theirs.modules() if isinstance(module, LoraLayer)]
    pairs = list(zip(layers, peft_layers, strict=True))
    trained, total = theirs.get_nb_trainable_parameters()
    mine = sum(weight.numel() for weight in ours.parameters() if weight.requires_grad)
    formula = LAYERS * len(names) * 2 * WIDTH * r
    lab.check(
        "same_count", trained == mine == formula, [trained, mine], f"{LAYERS * len(names)}·2·{WIDTH}·{r} = {formula}"
    )
    lab.figure("trainable_percent", 100 * trained / total)
    example = peft_layers[0]
    rows: list[list[object]] = [
        ["the model", type(theirs).__name__, type(ours).__name__],
        ["an adapted layer", f"{type(example).__module__}.{type(example).__name__}", "LoRALinear"],
        ["adapted layers", len(peft_layers), len(layers)],
        ["scaling", example.scaling["default"], layers[0].scaling],
        ["trainable", trained, mine],
        ["all parameters, adapters included", total, sum(weight.numel() for weight in ours.parameters())],
    ]
    lab.table("What each reports", ["", "peft", "ours"], rows)
    lab.text(f"peft's `print_trainable_parameters` says {100 * trained / total:.4f} %: of base and adapters together.")
    off = (logits(theirs, turned) - base).abs().max().item()
    lab.check("zero_start", off == 0, off, "exactly 0")

    # 2. Train both.
    for our, their in pairs:
        our.lora_A.data = their.lora_A["default"].weight.data.clone()
    both: list[nn.Module] = [theirs, ours]
    for number, model in enumerate(both):
        torch.manual_seed(lab.seed)  # the same inputs are dropped
        for step in fit(model.train(), train.rotated(), steps, rate=0.01, seed=lab.seed):
            lab.progress(number * steps + step, 2 * steps, "peft's learns" if number == 0 else "ours learns")
    learnt = [their.lora_A["default"].weight.data for their in peft_layers]
    learnt += [their.lora_B["default"].weight.data for their in peft_layers]
    off = far([our.lora_A.data for our in layers] + [our.lora_B.data for our in layers], learnt)
    lab.check("same_training", off <= 1e-5, off, "at most 1e-5 of the largest")

    # 3. Load peft's A and B into ours, and compare answers.
    for our, their in pairs:
        our.lora_A.data = their.lora_A["default"].weight.data.clone()
        our.lora_B.data = their.lora_B["default"].weight.data.clone()
    noisy = (logits(theirs, turned) - logits(theirs, turned)).abs().max().item()
    theirs.eval()
    ours.eval()
    answers, quiet = logits(theirs, turned), (logits(theirs, turned) - logits(theirs, turned)).abs().max().item()
    off = far([logits(ours, turned)], [answers])
    lab.check("same_output", off <= 1e-6, off, "at most 1e-6 of the largest answer")
    lab.check("dropout", quiet == 0 < noisy, [quiet, noisy], "exactly 0 in eval mode, more in train mode")
    lab.figure("test_accuracy", {"peft": accuracy(theirs, turned), "ours": accuracy(ours, turned)})
    with theirs.disable_adapter():
        off = (logits(theirs, turned) - base).abs().max().item()
    lab.check("adapter_off", off == 0, off, "exactly 0 between it and the base")

    # 4. Merge, and unmerge: peft subtracts what it added, LoRALinear puts back what it kept.
    before = [their.get_base_layer().weight.data.clone() for their in peft_layers]
    theirs.merge_adapter()
    for our in layers:
        our.merge()
    off = far([our.base.weight.data for our in layers], [their.get_base_layer().weight.data for their in peft_layers])
    lab.check("same_merged", off <= 1e-6, off, "at most 1e-6 of the largest weight")
    theirs.unmerge_adapter()
    back = [
        (their.get_base_layer().weight == old).float().mean() for their, old in zip(peft_layers, before, strict=True)
    ]
    lab.figure("restored_percent", 100 * torch.stack(back).mean().item())

    # 5. Take the library away.
    plain = theirs.merge_and_unload()
    left = [module.weight.data for name, module in plain.named_modules() if name.split(".")[-1] in names]
    off, size = far([our.base.weight.data for our in layers], left), sum(w.numel() for w in plain.parameters())
    held = off <= 1e-6 and isinstance(plain, Reader) and size == total - trained
    lab.check("unloaded", held, off, f"at most 1e-6 of the largest weight, in a Reader of {total - trained:,}")


if __name__ == "__main__":
    raise SystemExit(main("peft_library"))
