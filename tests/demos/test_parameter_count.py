"""The counts against transformers' own models and peft's own methods, all on the meta device."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch
from torch import nn

from demos.parameter_count import ALL_LINEAR, TARGETS, adapters, everything, ia3, lora, numbers, prefix, prompt
from demos.shapes import SHAPES, ModelShape

transformers = pytest.importorskip("transformers")
peft = pytest.importorskip("peft")

THIN = 2  # layers are alike: what peft adds is counted in two of them
CONFIGS: dict[str, tuple[Any, dict[str, int]]] = {
    "GPT-2": (transformers.GPT2Config, {}),
    "RoBERTa-base": (
        transformers.RobertaConfig,
        {"vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1},
    ),
    "LLaMA-7B": (transformers.LlamaConfig, {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008}),
    "Llama-2-70B": (
        transformers.LlamaConfig,
        {
            "vocab_size": 32000,
            "hidden_size": 8192,
            "intermediate_size": 28672,
            "num_attention_heads": 64,
            "num_key_value_heads": 8,
        },
    ),
}
# For each set of targets, what peft is to look for. Names of GPT-2 and RoBERTa are their own.
PEFT_TARGETS = {
    "GPT-2": {"q,v": ["c_attn"], "attention": r".*attn\.(c_attn|c_proj)", "all-linear": "all-linear"},
    "RoBERTa-base": {
        "q,v": ["query", "value"],
        "attention": r".*attention\.(self\.(query|key|value)|output\.dense)",
        "all-linear": r".*layer\.\d+\..*(query|key|value|dense)",
    },
    "LLaMA-7B": {
        "q,v": ["q_proj", "v_proj"],
        "attention": ["q_proj", "k_proj", "v_proj", "o_proj"],
        "all-linear": "all-linear",
    },
}
PEFT_TARGETS["Llama-2-70B"] = PEFT_TARGETS["LLaMA-7B"]


def model(name: str, layers: int) -> nn.Module:
    configuration, sizes = CONFIGS[name]
    kind = transformers.AutoModel if name == "RoBERTa-base" else transformers.AutoModelForCausalLM
    with torch.device("meta"):
        return kind.from_config(configuration(num_hidden_layers=layers, **sizes))


def trained_by_peft(name: str, config: Any) -> int:
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")  # peft on what c_attn's weight is called
        wrapped = peft.get_peft_model(model(name, THIN), config)
    return sum(weight.numel() for weight in wrapped.parameters() if weight.requires_grad)


@cache
def thin(name: str) -> ModelShape:
    return replace(SHAPES[name], layers=THIN)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_weight_is_counted_that_transformers_makes(name: str) -> None:
    made = model(name, SHAPES[name].layers)
    assert SHAPES[name].total == sum(weight.numel() for weight in made.parameters())
    assert numbers(everything(SHAPES[name])) == SHAPES[name].total
    ours = sorted(size for _, size in SHAPES[name].weights())
    theirs = sorted(tuple(weight.shape) for weight in made.parameters())
    if name == "GPT-2":  # its Conv1D holds in × out
        ours, theirs = (sorted(tuple(sorted(size)) for size in sizes) for sizes in (ours, theirs))
    assert ours == theirs


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("targets", TARGETS)
def test_lora_is_pefts(name: str, targets: str) -> None:
    config = peft.LoraConfig(r=16, target_modules=PEFT_TARGETS[name][targets])
    assert numbers(lora(thin(name), TARGETS[targets], 16)) == trained_by_peft(name, config)


@pytest.mark.parametrize("name", CONFIGS)
def test_prefix_and_prompt_tuning_are_pefts(name: str) -> None:
    task = "FEATURE_EXTRACTION" if name == "RoBERTa-base" else "CAUSAL_LM"
    theirs = trained_by_peft(name, peft.PrefixTuningConfig(num_virtual_tokens=20, task_type=task))
    assert numbers(prefix(thin(name), 20)) == theirs
    theirs = trained_by_peft(name, peft.PromptTuningConfig(num_virtual_tokens=20, task_type=task))
    assert numbers(prompt(thin(name), 20)) == theirs


@pytest.mark.parametrize("name", CONFIGS)
def test_ia3_is_pefts(name: str) -> None:
    config = peft.IA3Config()
    if name == "RoBERTa-base":  # peft's default also meets attention's output.dense, which the paper does not scale
        inner = r".*layer\.\d+\.output\.dense"
        config = peft.IA3Config(target_modules=rf".*(key|value)|{inner}", feedforward_modules=inner)
    assert numbers(ia3(thin(name))) == trained_by_peft(name, config)


def test_the_ledgers_figures_at_full_depth() -> None:
    seven, seventy, two = SHAPES["LLaMA-7B"], SHAPES["Llama-2-70B"], SHAPES["GPT-2"]
    assert [numbers(lora(shape, TARGETS["q,v"], 16)) for shape in (two, seven, seventy)] == [
        589_824,
        8_388_608,
        32_768_000,
    ]
    assert [numbers(lora(shape, ALL_LINEAR, 16)) for shape in (seven, seventy)] == [39_976_960, 207_093_760]
    assert [numbers(ia3(shape)) for shape in (two, seven, seventy)] == [64_512, 614_400, 2_457_600]
    assert [numbers(prefix(shape, 20)) for shape in (two, seven)] == [368_640, 5_242_880]


def test_adapters_are_two_linear_layers_twice_a_layer() -> None:
    with torch.device("meta"):
        one = nn.Sequential(nn.Linear(1024, 64), nn.GELU(), nn.Linear(64, 1024))
    bert_large = ModelShape("BERT-large", 30522, 1024, 24, 16, 16, 4096)
    assert numbers(adapters(bert_large, 64)) == 48 * sum(weight.numel() for weight in one.parameters()) == 6_343_680
