"""Prompt tuning: learned vectors in front of the input, and nowhere else.

A frozen transformer that reads upright digits is to learn another task. Prompt tuning (Lester et al., 2021) puts n
learned vectors in front of the embedded input, as if they were tokens that no vocabulary has. They pass through every
layer like the rest, so they use up places of the context, and what they can say is what a token can say: in the first
layer that is a prefix of keys and values. It is the fewest numbers of all these methods, and in a small model it shows.
"""

import copy

import torch
from torch import Tensor, nn

from demos.digits import accuracy, digits, fit, logits, loss_on, new_task
from demos.kit import Choice, Demo, Integer, Lab, Mistake, Prediction, Real, main
from demos.prefix_tuning import PrefixAttention, put_prefix
from demos.reader import LAYERS, ROWS, WIDTH, Reader, trained_reader

DEMO = Demo(
    title="Prompt tuning: learned tokens in front of the input",
    summary="A frozen transformer learns a task from n vectors in front of its input; a prefix of equal length beside.",
    questions=["Q35"],
    parameters=[
        Integer("n", 8, 4, 16, "length of the prompt: learned vectors in front of the eight rows"),
        Choice("task", "mirrored", ["mirrored", "turned", "relabelled"], "what is to be learnt beside upright digits"),
        Choice("start", "rows", ["rows", "random"], "where the prompt starts: embedded rows of digits, or noise"),
        Integer("steps", 80, 80, 120, "training steps of the prompt, and of the prefix"),
        Real("rate", 0.1, 0.05, 0.2, "learning rate of both"),
    ],
    checks={
        "base_frozen": "After training, every weight of the base has the bits it had",
        "without_prompt": "With no prompt in front, the output is the base's, bit for bit",
        "parameter_count": "What trains is n·d numbers, whatever the number of layers",
        "uses_context": "Every layer works on n more tokens than the image has",
        "first_layer_is_a_prefix": "In the first layer the prompt is a prefix: keys W_k·p + b_k and values W_v·p + b_v",
        "learns": "Training the prompt alone brings the loss on the new task below half of the base's",
        "prefix_learns_more": "A prefix of the same length, 2·L times the numbers, ends at a lower loss",
    },
    predictions=[
        Prediction(
            figure="trainable_percent",
            ask="The reader has 68,682 weights, two layers, d = 64. What share of that does the prompt train?",
            unit="%",
            why="n·d: eight vectors of 64 are 512 numbers, 0.75 %. It does not grow with depth, so in a large model "
            "it all but vanishes: 20 vectors are 0.0012 % of LLaMA-7B.",
        ),
        Prediction(
            figure="learns_more",
            ask="Prompt and prefix of equal length, trained alike. Which ends with the lower loss on the new task?",
            choices=["prompt", "prefix"],
            why="The prefix sets 2·L times as many numbers, and keys and values apart, where they act. A prompt must "
            "get through each layer's projections first. Lester et al. close the gap by model size alone, at billions.",
        ),
    ],
    mistakes=[
        Mistake(
            name="not_frozen",
            says="The base is not frozen",
            right="reader = trained_reader(lab.device)",
            wrong="reader = trained_reader(lab.device).requires_grad_(True)",
            fails="base_frozen",
            why="The optimizer moves whatever requires a gradient. Then the prompt is no longer all that was learnt, "
            "and the base cannot be shared between tasks.",
        ),
        Mistake(
            name="embedding_trains",
            says="The input embedding trains along with the prompt",
            right="tuned = SoftPrompt(reader, prompt)",
            wrong="tuned = SoftPrompt(reader, prompt) if reader.embed.requires_grad_(True) else None",
            fails="parameter_count",
            why="It happens when the prompt is made of new entries of the vocabulary: unfreezing the table unfreezes "
            "every entry in it. The prompt is a table of its own.",
        ),
        Mistake(
            name="zeroed_not_removed",
            says="The prompt is set to zero instead of left out",
            right="tuned.prompt = nn.Parameter(tuned.prompt[:0])",
            wrong="tuned.prompt = nn.Parameter(0 * tuned.prompt)",
            fails="without_prompt",
            why="A vector of zeros is still a token: it has keys b_k and values b_v, draws attention and is passed on. "
            "A prompt has no neutral value; only no prompt is neutral.",
        ),
        Mistake(
            name="added_to_the_rows",
            says="The prompt is added to the rows instead of put in front",
            right="torch.cat([prompt, rows], dim=1)",
            wrong="rows + prompt.mean(dim=1, keepdim=True)",
            fails="uses_context",
            why="A soft prompt is extra positions that attention can look at or pass over; added, it is one shift of "
            "every row alike. The price of positions is context: n places less for the input.",
        ),
        Mistake(
            name="projection_without_bias",
            says="The projections' biases left out",
            right="layer.prefix_k.data, layer.prefix_v.data = base.k_proj(p), base.v_proj(p)",
            wrong="layer.prefix_k.data, layer.prefix_v.data = p @ base.k_proj.weight.T, p @ base.v_proj.weight.T",
            fails="first_layer_is_a_prefix",
            why="The prompt goes through the same affine maps as every token. A bias that all keys share cancels in "
            "the softmax; one that only some of them have does not.",
        ),
        Mistake(
            name="usual_rate",
            says="The learning rate of full fine-tuning",
            right="fit(tuned, learn, steps, rate=rate, ",
            wrong="fit(tuned, learn, steps, rate=2e-5, ",
            fails="learns",
            why="A few hundred numbers must move far for a frozen model to notice, and Adam moves each by about the "
            "rate a step. Lester et al. used 0.3.",
        ),
        Mistake(
            name="other_data",
            says="The prefix is trained on the upright digits",
            right="fit(rival, learn, ",
            wrong="fit(rival, train, ",
            fails="prefix_learns_more",
            why="Two methods are compared on the same task and the same batches. A rival that never saw the task "
            "loses for a reason that says nothing about it.",
        ),
    ],
)


class SoftPrompt(nn.Module):
    """A frozen reader of [P; X], Lester et al. (2021), §2: P (n × d) is learned, X (8 × d) the embedded rows."""

    def __init__(self, reader: Reader, prompt: Tensor) -> None:
        super().__init__()
        self.reader = reader
        self.prompt = nn.Parameter(prompt)

    def forward(self, images: Tensor) -> Tensor:
        return self.reader.read(self.tokens(images))

    def tokens(self, images: Tensor) -> Tensor:
        """What goes into the first layer (batch × (n + 8) × d)."""
        rows = self.reader.tokens(images)
        prompt = self.prompt.expand(len(rows), -1, -1)
        return torch.cat([prompt, rows], dim=1)


def tokens_seen(model: nn.Module, reader: Reader, images: Tensor) -> list[int]:
    """How many tokens pass through each layer of `reader` when `model` runs."""
    seen: list[int] = []
    hooks = [block.register_forward_hook(lambda _, given, out: seen.append(out.shape[1])) for block in reader.blocks]
    model(images)
    for hook in hooks:
        hook.remove()
    return seen


def run(lab: Lab, *, n: int, task: str, start: str, steps: int, rate: float) -> None:
    lab.text(f"A reader of upright digits, frozen, learns **{task}** ones from {n} vectors in front of its input.")
    train, test = digits(lab.device)
    learn, judge = new_task(train, task), new_task(test, task)

    # 1. The base, and a prompt: rows that it has seen (the nearest thing to a vocabulary), or noise.
    reader = trained_reader(lab.device)
    weights, answers = [weight.clone() for weight in reader.parameters()], logits(reader, test)
    before = loss_on(reader, judge)
    rows = [["base", 0, ROWS, before, accuracy(reader, judge), accuracy(reader, test)]]
    vocabulary = reader.tokens(train.images).flatten(0, 1).detach()
    pick = torch.randperm(len(vocabulary))[:n].to(lab.device)
    prompt = vocabulary[pick] if start == "rows" else torch.randn(n, WIDTH).to(lab.device)
    tuned = SoftPrompt(reader, prompt)
    size, trainable = sum(w.numel() for w in weights), sum(w.numel() for w in tuned.parameters() if w.requires_grad)
    share = f"{n}·{WIDTH} = {n * WIDTH:,}, {n * WIDTH / size:.2%} of the base's {size:,}"
    lab.check("parameter_count", trainable == n * WIDTH, trainable, share)
    seen = tokens_seen(tuned, reader, test.images[:1])
    lab.check("uses_context", seen == [n + ROWS] * LAYERS, seen, f"{n} + {ROWS} = {n + ROWS} in each layer")

    # 2. Train it. Then, for comparison, a prefix of the same length on the same batches.
    at, curve = [], []
    for step in fit(tuned, learn, steps, rate=rate, seed=lab.seed):
        if step % (steps // 4) == 0 or step == steps:
            at.append(step)
            curve.append(accuracy(tuned, judge))
            lab.progress(step, 2 * steps, "training the prompt")
    after = loss_on(tuned, judge)
    rows.append(["prompt", trainable, seen[-1], after, curve[-1], accuracy(tuned, test)])
    lab.check("learns", after < before / 2, after, f"below half of {before:.3f} nats")
    rival, rival_curve = trained_reader(lab.device), []
    put_prefix(rival, n)
    for step in fit(rival, learn, steps, rate=rate, seed=lab.seed):
        if step % (steps // 4) == 0 or step == steps:
            rival_curve.append(accuracy(rival, judge))
            lab.progress(steps + step, 2 * steps, "training a prefix of the same length")
    rival_after = loss_on(rival, judge)
    lab.check("prefix_learns_more", rival_after < after, rival_after, f"below the prompt's {after:.3f} nats")
    passed = tokens_seen(rival, rival, test.images[:1])[-1]
    rows.append(["prefix", 2 * LAYERS * n * WIDTH, passed, rival_after, rival_curve[-1], accuracy(rival, test)])
    columns = ["", "trains", "tokens a layer", f"loss, {task}", f"accuracy, {task}", "accuracy, upright"]
    lab.table(f"Prompt and prefix of length {n}", columns, rows)
    series = [{"name": "prompt", "x": at, "y": curve}, {"name": "prefix", "x": at, "y": rival_curve}]
    lab.plot(f"Test accuracy on {task} digits", "steps", "accuracy", series)

    # 3. What the prompt is to the first layer: keys and values. (Later layers see prompts that the rows have changed.)
    exact, images = copy.deepcopy(tuned).cpu().double().requires_grad_(False), judge.images.cpu().double()
    p, base = exact.prompt, exact.reader.blocks[0].attention
    layer = PrefixAttention(base, n)
    layer.prefix_k.data, layer.prefix_v.data = base.k_proj(p), base.v_proj(p)
    off = (base(exact.tokens(images))[:, -ROWS:] - layer(exact.reader.tokens(images))).abs().max().item()
    lab.check("first_layer_is_a_prefix", off <= 1e-11, off, "at most 1e-11 apart in float64, at every row")

    # 4. The base has not moved; with no prompt in front of it, it is itself.
    moved = sum((now != weight).sum().item() for now, weight in zip(reader.parameters(), weights, strict=True))
    lab.check("base_frozen", moved == 0, moved, f"0 of {size:,} weights changed")
    tuned.prompt = nn.Parameter(tuned.prompt[:0])
    different = (logits(tuned, test) != answers).sum().item()
    lab.check("without_prompt", different == 0, different, f"0 of {answers.numel():,} outputs differ")

    # 5. The same count elsewhere, with 20 vectors; the context is what the model was trained on.
    sizes = [("GPT-2", 768, 124.4e6, 1024), ("LLaMA-7B", 4096, 6.74e9, 2048), ("T5-XXL", 4096, 11e9, 512)]
    table = [[name, f"{20 * d:,}", f"{20 * d / whole:.4%}", f"{20 / context:.1%}"] for name, d, whole, context in sizes]
    lab.table("Prompt tuning at n = 20", ["", "n·d", "share", "of the context"], table)
    lab.figure("trainable_percent", 100 * trainable / size)
    lab.figure("learns_more", "prompt" if after < rival_after else "prefix")
    lab.figure("new_task_percent", 100 * curve[-1])
    lab.figure("new_task_percent_with_a_prefix", 100 * rival_curve[-1])


if __name__ == "__main__":
    raise SystemExit(main("prompt_tuning"))
