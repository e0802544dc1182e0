"""LoRA in a transformer's attention: detours around q and v, while all else stands still.

A small transformer that reads upright digits is frozen, every weight of it. Thin detours (Hu et al., 2021) go around
the projections that are chosen, q and v as in the paper, and only they train, on digits turned by 90 degrees. A few
per cent of the weights are enough to learn the new task; merged, they leave a transformer of the old shape. The last
table spends the same number of trained weights on one kind of matrix alone, at a higher rank.
"""

from torch import nn

from demos.digits import accuracy, digits, fit, logits
from demos.kit import Choice, Demo, Integer, Lab, Mistake, Prediction, Real, main
from demos.lora_merge import LoRALinear
from demos.reader import LAYERS, WIDTH, Reader, trained_reader

DEMO = Demo(
    title="LoRA in a transformer's attention",
    summary="Detours around a frozen transformer's projections learn turned digits, and merge without a trace.",
    questions=["Q4", "Q35"],
    parameters=[
        Choice("targets", "q,v", ["q,v", "q,k,v,o", "all"], "the layers wrapped; all adds the feed-forward ones"),
        Integer("r", 4, 2, 8, "rank of each update"),
        Integer("lora_alpha", 8, 6, 12, "α; the updates are scaled by α/r"),
        Real("lora_dropout", 0.1, 0.0, 0.2, "share of a detour's inputs that is dropped while training"),
        Integer("steps", 80, 80, 120, "training steps"),
        Real("rate", 0.008, 0.005, 0.008, "learning rate"),
    ],
    checks={
        "zero_start": "Wrapped and not yet trained, the transformer answers as the base does, bit for bit",
        "trainable_count": "What trains is the sum of r·(in + out) over the wrapped layers",
        "base_frozen": "Only A's and B's had gradients, and every weight of the base has the bits it had",
        "learns": "The detours alone raise test accuracy on turned digits by at least 30 points",
        "merged_equals_unmerged": "With every detour merged the answers are the same, to 1/10,000 of the largest",
        "unmerge_restores": "Unmerged, every weight of the base is back, bit for bit",
        "budget_spread": "The same number of trained weights, all in q at a higher rank, reads fewer turned digits",
    },
    predictions=[
        Prediction(
            "trained_percent",
            "Detours of rank r go around the chosen layers: what trains is how many per cent of the base's weights?",
            "Each square matrix adds 2·r·d beside d². The share falls as models widen: q and v at rank 16 are 0.12 % "
            "of LLaMA-7B.",
            unit="%",
        ),
        Prediction(
            "turned_all_in_q_percent",
            "Spend the same number of weights on q alone, at a higher rank: how many per cent of the turned digits "
            "are read then?",
            "Fewer. q only decides where a token looks; v and what follows decide what it takes from there. Spread a "
            "budget over more matrices before raising the rank (LoRA, §7.1, Table 5).",
            unit="%",
        ),
    ],
    mistakes=[
        Mistake(
            "new_layer",
            "a new layer is wrapped, the trained weight left behind",
            right="LoRALinear(layer, r, lora_alpha, lora_dropout)",
            wrong="LoRALinear(nn.Linear(layer.in_features, layer.out_features), r, lora_alpha, lora_dropout)",
            fails="zero_start",
            why="B = 0 adds nothing to W₀, whatever W₀ is. Here it is noise: a layer class that makes its own weight "
            "needs the old one loaded into it.",
        ),
        Mistake(
            "loose_name",
            "layers are matched by proj, not by the targets",
            right="name.endswith(TARGETS[targets])",
            wrong='"proj" in name',
            fails="trainable_count",
            why="All four projections are wrapped, twice what was meant. Print the trainable parameters before a run.",
        ),
        Mistake(
            "biases_train",
            "the biases are left to train",
            right='"lora_" in name',
            wrong='"lora_" in name or "bias" in name',
            fails="base_frozen",
            why="They belong to the base: with the detours off it is another model, as peft's `bias` option warns.",
        ),
        Mistake(
            "only_a_trains",
            "only A is left to train",
            right='"lora_" in name',
            wrong='"lora_A" in name',
            fails="learns",
            why="B stays zero, so the update is zero and so is A's gradient. The other way round, A fixed, it learns.",
        ),
        Mistake(
            "still_dropping",
            "compared while dropout is on",
            right="model.eval()",
            wrong="model.train()",
            fails="merged_equals_unmerged",
            why="Unmerged, the detours see inputs with holes in them; merged, nothing is dropped. Call eval() first.",
        ),
        Mistake(
            "subtracted",
            "unmerged by subtracting the updates",
            right="layer.unmerge()",
            wrong="layer.base.weight.data -= layer.delta()",
            fails="unmerge_restores",
            why="The sums were rounded when they were stored, so subtracting misses some weights by a bit.",
        ),
        Mistake(
            "unequal_budgets",
            "the rival keeps the higher rank on every matrix",
            right='add_lora(rival, "q", rank,',
            wrong='add_lora(rival, "all", rank,',
            fails="budget_spread",
            why="It has several times the trained weights, so whatever it reads says nothing about how to spend them. "
            "Count what trains on both sides before comparing.",
        ),
    ],
)

ATTENTION, FEED_FORWARD = ("q_proj", "k_proj", "v_proj", "o_proj"), ("feed_forward.0", "feed_forward.2")
TARGETS = {"q": ("q_proj",), "q,v": ("q_proj", "v_proj"), "q,k,v,o": ATTENTION, "all": ATTENTION + FEED_FORWARD}
SIDES = {"q": 2, "q,v": 4, "q,k,v,o": 8, "all": 14}  # in + out of a block's targets, in d: a square has 2, d × 2d has 3


def add_lora(model: Reader, targets: str, r: int, lora_alpha: float, lora_dropout: float) -> dict[str, LoRALinear]:
    """Put a detour around each layer whose name ends in a target, and leave nothing to train but A's and B's."""
    wrapped = {}
    for name, layer in list(model.named_modules()):
        if isinstance(layer, nn.Linear) and name.endswith(TARGETS[targets]):
            parent, _, own_name = name.rpartition(".")
            wrapped[name] = LoRALinear(layer, r, lora_alpha, lora_dropout)
            setattr(model.get_submodule(parent), own_name, wrapped[name])
    for name, weight in model.named_parameters():
        weight.requires_grad_("lora_" in name)
    return wrapped


def moved(model: Reader, shipped: Reader) -> int:
    """How many weights of the base are not, bit for bit, those shipped."""
    now = {name.replace(".base.", "."): weight for name, weight in model.named_parameters()}
    return sum(int((now[name] != weight).sum()) for name, weight in shipped.named_parameters())


def run(lab: Lab, *, targets: str, r: int, lora_alpha: int, lora_dropout: float, steps: int, rate: float) -> None:
    lab.text(f"A frozen transformer, and detours of rank {r} around {targets} in each of its {LAYERS} layers.")
    train, test = digits(lab.device)
    turned = test.rotated()
    base, model = trained_reader(lab.device), trained_reader(lab.device)
    size = sum(weight.numel() for weight in base.parameters())

    def learn(student: Reader, done: int) -> None:
        for step in fit(student, train.rotated(), steps, rate=rate, seed=lab.seed):
            lab.progress(done + step, 2 * steps, "learning turned digits")

    # 1. Wrap: nothing changes yet.
    layers = add_lora(model, targets, r, lora_alpha, lora_dropout)
    off = (logits(model, test) - logits(base, test)).abs().max().item()
    lab.check("zero_start", off == 0, off, "exactly 0")
    trained = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    formula = LAYERS * r * SIDES[targets] * WIDTH
    said = f"{LAYERS}·{r}·{SIDES[targets]}·{WIDTH} = {formula:,}, {formula / size:.1%} of the base"
    lab.check("trainable_count", trained == formula, trained, said)

    # 2. Train. The gradient passes through the frozen weights, and stops at none of them.
    learn(model, done=0)
    others = sum(weight.grad is not None for name, weight in model.named_parameters() if "lora_" not in name)
    changed = moved(model, base)
    lab.check("base_frozen", others == changed == 0, f"{others} gradients, {changed} moved", f"0, and 0 of {size:,}")
    model.eval()  # dropout is for training
    before, after, upright = accuracy(base, turned), accuracy(model, turned), accuracy(model, test)
    lab.check("learns", after - before >= 0.3, after - before, f"at least 0.3 more than {before:.3f}")
    shares = [[name, (layer.delta().norm() / layer.base.weight.norm()).item()] for name, layer in layers.items()]
    lab.table("How large the updates became", ["layer", "‖ΔW‖ / ‖W‖"], shares)

    # 3. Merge all of them: a transformer of the old shape that has learnt the new task. Then unmerge.
    answers = logits(model, turned)
    for layer in layers.values():
        layer.merge()
    off = ((logits(model, turned) - answers).abs().max() / answers.abs().max()).item()
    lab.check("merged_equals_unmerged", off <= 1e-4, off, "at most 1e-4 of the largest answer")
    for layer in layers.values():
        layer.unmerge()
    changed = moved(model, base)
    lab.check("unmerge_restores", changed == 0, changed, f"0 of {size:,} weights differ")

    # 4. Spend the same number of trained weights on q alone, which takes a higher rank.
    rival, rank = trained_reader(lab.device), r * SIDES[targets] // SIDES["q"]
    add_lora(rival, "q", rank, lora_alpha, lora_dropout)
    learn(rival, done=steps)
    rival.eval()
    spent, in_q = sum(weight.numel() for weight in rival.parameters() if weight.requires_grad), accuracy(rival, turned)
    rows = [["base", 0, 0, accuracy(base, test), before]]
    rows.append([targets, r, trained, upright, after])
    rows.append(["q alone", rank, spent, accuracy(rival, test), in_q])
    lab.table("Test accuracy for a budget", ["targets", "rank", "trained", "upright", "turned"], rows)
    said = f"below {after:.3f}, with {trained:,} weights"
    lab.check("budget_spread", spent == trained and in_q < after, f"{in_q:.3f}, with {spent:,} weights", said)
    lab.figure("trained_percent", 100 * trained / size)
    lab.figure("turned_percent", 100 * after)
    lab.figure("turned_all_in_q_percent", 100 * in_q)
    lab.figure("upright_with_detours_percent", 100 * upright)


if __name__ == "__main__":
    raise SystemExit(main("lora_attention"))
