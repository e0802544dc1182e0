"""Prefix tuning: keys and values that no token made, learned in every layer.

A frozen transformer that reads upright digits is to learn another task. Prefix tuning (Li & Liang, 2021) leaves every
weight alone and puts n learned keys and values in front of those that each layer computes. All rows of the image look
at them as at any token, and what they find there steers the layer. Attention over the longer list is exactly a
mixture of the old attention and of attention to the prefix, and the mixture's weight can be read off.
"""

import copy
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from demos.digits import accuracy, digits, fit, logits, loss_on, new_task
from demos.kit import Choice, Demo, Integer, Lab, Mistake, Prediction, Real, main
from demos.reader import HEADS, LAYERS, ROWS, WIDTH, Attention, Reader, join, split, trained_reader

DEMO = Demo(
    title="Prefix tuning: learned keys and values in every layer",
    summary="A frozen transformer learns a task from n extra keys and values a layer, and shows how it looks at them.",
    questions=["Q35"],
    parameters=[
        Integer("n", 8, 1, 16, "length of the prefix: learned keys and values in each layer"),
        Choice("task", "turned", ["turned", "mirrored", "relabelled"], "what is to be learnt beside upright digits"),
        Integer("steps", 120, 80, 240, "training steps of the prefix"),
        Real("rate", 0.1, 0.05, 0.15, "learning rate of the prefix"),
    ],
    checks={
        "base_frozen": "After training, every weight of the base has the bits it had",
        "removal_restores": "With the prefix taken out, the base's outputs are back, bit for bit",
        "parameter_count": "What trains is 2·L·n·d numbers: n keys and n values in each of L layers",
        "proper_mass": "A query's attention sums to 1; the prefix's mean share m of it, head by head, is inside (0, 1)",
        "decomposition": "Attention over prefix and tokens is (1 − m)·attention to tokens + m·attention to the prefix",
        "learns": "Training the prefix alone brings the loss on the new task below half of the base's",
    },
    predictions=[
        Prediction(
            figure="trainable_percent",
            ask="The reader has 68,682 weights, L = 2 layers, d = 64. What share of that does the prefix train?",
            unit="%",
            why="2·L·n·d numbers: n = 8 gives 2,048, or 3 %. Weights grow with d², a prefix with d, so the share "
            "shrinks in a large model: 20 keys and values a layer are 0.08 % of LLaMA-7B.",
        ),
        Prediction(
            figure="zeroed_prefix_gives",
            ask="After training, the prefix's keys and values are all set to zero. What does the model answer?",
            choices=["what the base answers", "something else"],
            why="A key of zeros scores q·0 = 0, and e⁰ = 1: it still draws attention away from the tokens, to a value "
            "of zero. No prefix of zeros is neutral; only taking it out is.",
        ),
        Prediction(
            figure="upright_percent",
            ask="With the trained prefix in, what share of the upright digits does the frozen reader still read?",
            unit="%",
            why="The weights have kept what they knew, but the model that runs is weights and prefix. Frozen weights "
            "promise that the old behaviour can be had back, not that it is there while the prefix is.",
        ),
    ],
    mistakes=[
        Mistake(
            name="not_frozen",
            says="The base is not frozen",
            right="reader = trained_reader(lab.device)",
            wrong="reader = trained_reader(lab.device).requires_grad_(True)",
            fails="base_frozen",
            why="The optimizer moves whatever requires a gradient. With the base among it, this is full fine-tuning "
            "with a prefix, and there is no base to go back to.",
        ),
        Mistake(
            name="zeroed_not_removed",
            says="The prefix is set to zero instead of taken out",
            right="block.attention = block.attention.base",
            wrong="block.attention.zero()",
            fails="removal_restores",
            why="Softmax gives a zero key the weight e⁰ before it normalises, so the tokens lose attention to it. "
            "LoRA's B = 0 adds nothing; a prefix of zeros is not nothing.",
        ),
        Mistake(
            name="shared_key_and_value",
            says="One set of vectors serves as keys and as values",
            right="self.prefix_v = nn.Parameter(torch.randn(n, WIDTH).to(base.v_proj.weight))",
            wrong="self.prefix_v = self.prefix_k",
            fails="parameter_count",
            why="What a query looks for and what it is given are learned apart: 2·n·d numbers a layer, not n·d.",
        ),
        Mistake(
            name="wrong_axis",
            says="The softmax runs over the queries",
            right="scores.softmax(dim=-1)",
            wrong="scores.softmax(dim=-2)",
            fails="proper_mass",
            why="Each query spreads one unit of attention over the keys, so a row of weights sums to 1. Normalised "
            "down the columns, the queries compete for each key instead.",
        ),
        Mistake(
            name="scale_of_the_model",
            says="Scores divided by √d, not by √d_head",
            right="math.sqrt(q.shape[-1])",
            wrong="math.sqrt(WIDTH)",
            fails="decomposition",
            why="Each head compares vectors of d/heads numbers. Divided by √d the scores are too flat, and the share "
            "computed is not the one that the layer uses.",
        ),
        Mistake(
            name="shares_swapped",
            says="m and 1 − m swapped",
            right="(1 - m) * to_tokens + m * to_prefix",
            wrong="m * to_tokens + (1 - m) * to_prefix",
            fails="decomposition",
            why="m is the prefix's share: as it goes to 0 the layer must become the base's.",
        ),
        Mistake(
            name="values_behind",
            says="The prefix's keys in front, its values behind",
            right="torch.cat([self.prefix_v.expand(len(x), -1, -1), self.base.v_proj(x)], dim=1)",
            wrong="torch.cat([self.base.v_proj(x), self.prefix_v.expand(len(x), -1, -1)], dim=1)",
            fails="decomposition",
            why="The i-th weight goes to the i-th key and fetches the i-th value. Out of step, every row reads what "
            "belongs to another, and training makes do with it without a word.",
        ),
        Mistake(
            name="usual_rate",
            says="The learning rate of full fine-tuning",
            right="rate=rate",
            wrong="rate=2e-5",
            fails="learns",
            why="A few numbers that start at random have far to go, and Adam moves each by about the rate a step. "
            "Prefixes and prompts want rates that would wreck the weights of a model.",
        ),
    ],
)


class PrefixAttention(nn.Module):
    """softmax(Q·[P_K; K]ᵀ/√d_head)·[P_V; V], Li & Liang (2021), §4: only P_K and P_V (n × d) are learned."""

    def __init__(self, base: Attention, n: int) -> None:
        super().__init__()
        self.base = base
        self.prefix_k = nn.Parameter(torch.randn(n, WIDTH).to(base.k_proj.weight))
        self.prefix_v = nn.Parameter(torch.randn(n, WIDTH).to(base.v_proj.weight))

    def forward(self, x: Tensor) -> Tensor:
        return self.base.o_proj(join(F.scaled_dot_product_attention(*self.heads(x))))

    def heads(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries of the tokens; keys and values of prefix and tokens (batch × heads × n + tokens × d_head)."""
        k = torch.cat([self.prefix_k.expand(len(x), -1, -1), self.base.k_proj(x)], dim=1)
        v = torch.cat([self.prefix_v.expand(len(x), -1, -1), self.base.v_proj(x)], dim=1)
        return split(self.base.q_proj(x)), split(k), split(v)

    def zero(self) -> None:
        self.prefix_k.data.zero_()
        self.prefix_v.data.zero_()


def put_prefix(reader: Reader, n: int) -> None:
    """Put a prefix of n random keys and values in every layer."""
    for layer in reader.blocks:
        layer.attention = PrefixAttention(layer.attention, n)


def attention_weights(q: Tensor, k: Tensor) -> Tensor:
    """softmax(QKᵀ/√d_head): what each query gives to each key (batch × heads × queries × keys)."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    return scores.softmax(dim=-1)


def mixture(layer: PrefixAttention, x: Tensor, m: Tensor) -> Tensor:
    """(1 − m)·Attn(Q, K, V) + m·Attn(Q, P_K, P_V), He et al. (2022), eq. 7; m is (batch × heads × queries × 1)."""
    q, k, v = split(layer.base.q_proj(x)), split(layer.base.k_proj(x)), split(layer.base.v_proj(x))
    prefix_k, prefix_v = (split(part.expand(len(x), -1, -1)) for part in (layer.prefix_k, layer.prefix_v))
    to_tokens = F.scaled_dot_product_attention(q, k, v)
    to_prefix = F.scaled_dot_product_attention(q, prefix_k, prefix_v)
    return layer.base.o_proj(join((1 - m) * to_tokens + m * to_prefix))


def run(lab: Lab, *, n: int, task: str, steps: int, rate: float) -> None:
    lab.text(f"A reader of upright digits, frozen, learns **{task}** ones from {n} keys and values in each layer.")
    train, test = digits(lab.device)
    learn, judge = new_task(train, task), new_task(test, task)

    # 1. The base, and a prefix in each of its layers. Random numbers: no prefix begins as if it were not there.
    reader = trained_reader(lab.device)
    base = list(reader.parameters())
    weights, answers = [weight.clone() for weight in base], logits(reader, test)
    start, rows = loss_on(reader, judge), [["base", accuracy(reader, test), accuracy(reader, judge)]]
    put_prefix(reader, n)
    size, trainable = sum(w.numel() for w in base), sum(w.numel() for w in reader.parameters() if w.requires_grad)
    formula = 2 * LAYERS * n * WIDTH
    share = f"2·{LAYERS}·{n}·{WIDTH} = {formula:,}, {formula / size:.2%} of the base's {size:,}"
    lab.check("parameter_count", trainable == formula, trainable, share)

    # 2. Train what is not frozen.
    at, on_task, on_upright = [], [], []
    for step in fit(reader, learn, steps, rate=rate, seed=lab.seed):
        if step % (steps // 5) == 0 or step == steps:
            at.append(step)
            on_task.append(accuracy(reader, judge))
            on_upright.append(accuracy(reader, test))
            lab.progress(step, steps, "training the prefix")
    curves = {f"{task} (new)": on_task, "upright (the base's), prefix in": on_upright}
    series = [{"name": name, "x": at, "y": curve} for name, curve in curves.items()]
    lab.plot("Test accuracy while the prefix learns", "steps", "accuracy", series)
    rows.append(["prefix in", on_upright[-1], on_task[-1]])
    end = loss_on(reader, judge)
    lab.check("learns", end < start / 2, end, f"below half of {start:.3f} nats")

    # 3. How the rows look at it: m, the share of their attention that the prefix gets, in 64 bits to see what is exact.
    exact = copy.deepcopy(reader).cpu().double()
    x, shares, sums, off = exact.tokens(judge.images[:128].cpu().double()), [], 0.0, 0.0
    for number, block in enumerate(exact.requires_grad_(False).blocks, 1):
        q, k, _ = block.attention.heads(x)
        attention = attention_weights(q, k)
        m = attention[..., :n].sum(dim=-1, keepdim=True)
        shares.append(m.mean(dim=(0, 2, 3)))  # of each head
        sums = max(sums, (attention.sum(dim=-1) - 1).abs().max().item())
        off = max(off, (block.attention(x) - mixture(block.attention, x, m)).abs().max().item())
        lab.figure(f"attention_on_prefix_layer_{number}_percent", 100 * m.mean().item())
        if number == 1:
            lab.picture(f"Layer 1: each row's attention, to {n} prefix and {ROWS} rows", attention.mean(dim=(0, 1)))
        x = block(x)
    heads = torch.stack(shares)
    table = [[f"layer {i}", *(f"{m:.0%}" for m in layer), f"{layer.mean():.0%}"] for i, layer in enumerate(heads, 1)]
    columns = ["", *(f"head {h}" for h in range(1, HEADS + 1)), "mean"]
    lab.table(f"Attention that the prefix gets; spread evenly it would be {n / (n + ROWS):.0%}", columns, table)
    low, high = heads.min().item(), heads.max().item()
    proper = sums <= 1e-12 and low > 0 and high < 1
    lab.check("proper_mass", proper, [sums, low, high], "sums off 1 by at most 1e-12; every share in (0, 1)")
    lab.check("decomposition", off <= 1e-11, off, "at most 1e-11 apart in float64")

    # 4. Set it to zero, and it is still there. Take it out, and it is not.
    emptied = copy.deepcopy(reader)
    for block in emptied.blocks:
        block.attention.zero()
    same = torch.equal(logits(emptied, test), answers)
    rows.append(["prefix zeroed", accuracy(emptied, test), accuracy(emptied, judge)])
    for block in reader.blocks:
        block.attention = block.attention.base
    rows.append(["prefix taken out", accuracy(reader, test), accuracy(reader, judge)])
    lab.table("Test accuracy", ["", "upright", task], rows)
    different = (logits(reader, test) != answers).sum().item()
    lab.check("removal_restores", different == 0, different, f"0 of {answers.numel():,} outputs differ")
    moved = sum((now != weight).sum().item() for now, weight in zip(base, weights, strict=True))
    lab.check("base_frozen", moved == 0, moved, f"0 of {size:,} weights changed")

    # 5. The same count elsewhere, with 20 keys and values a layer. Only the width of keys and values counts.
    sizes = [("GPT-2", 12, 768, 124.4e6), ("LLaMA-7B", 32, 4096, 6.74e9), ("Llama-3-8B, grouped", 32, 1024, 8.03e9)]
    table = [[name, f"{(count := 2 * deep * 20 * d):,}", f"{count / whole:.3%}"] for name, deep, d, whole in sizes]
    lab.table("Prefix tuning at n = 20", ["", "2·L·n·d", "share"], table)
    lab.figure("trainable_percent", 100 * trainable / size)
    lab.figure("zeroed_prefix_gives", "what the base answers" if same else "something else")
    lab.figure("new_task_percent", 100 * on_task[-1])
    lab.figure("upright_percent", 100 * on_upright[-1])


if __name__ == "__main__":
    raise SystemExit(main("prefix_tuning"))
