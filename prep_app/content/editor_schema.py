"""The JSON Schema of a pack's files, made from the models that read them: an editor then completes and checks keys."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model
from pydantic.json_schema import GenerateJsonSchema

from prep_app.content import card_schema, schema
from prep_app.content.card_schema import AnyCardFile
from prep_app.content.key_descriptions import TITLES, description

Which = Literal["question", "pack"]
MODELINE = "# yaml-language-server: $schema="  # and the schema's path from the file: what editors look for

_MODELS: dict[str, type[BaseModel]] = {kind.__name__: kind for kind in TITLES}
_MOST_COLUMNS = 4
# What the models check by a function, as far as a schema can say it.
_RULES: dict[type[BaseModel], dict[str, Any]] = {
    card_schema.VariableFile: {
        "oneOf": [{"required": ["values"]}, *({"required": ["from", "to", how]} for how in ("step", "digits"))]
    },
    card_schema.CellFile: {"oneOf": [{"required": ["given"]}, {"required": ["accept"]}]},
    card_schema.CompareFile: {
        "allOf": [
            {
                "if": {"properties": {"columns": {"minItems": count, "maxItems": count}}},
                "then": {
                    "properties": {
                        "rows": {"items": {"properties": {"cells": {"minItems": count, "maxItems": count}}}},
                    }
                },
            }
            for count in range(1, _MOST_COLUMNS + 1)
        ]
    },
}
_KEY_RULES: dict[tuple[type[BaseModel], str], dict[str, Any]] = {
    (schema.SourceFile, "url"): {"pattern": r"^(https://[^\s/]\S*)?$"},
    (card_schema.ChoiceFile, "options"): {
        "contains": {"properties": {"correct": {"const": True}}, "required": ["correct"]}
    },
    (card_schema.OrderFile, "steps"): {"uniqueItems": True},
    (card_schema.CellFile, "given"): {"minLength": 1},
    (card_schema.CellFile, "accept"): {"minItems": 1},
    (card_schema.NumericFile, "tolerance"): {"pattern": r"^\s*[0-9.]+([eE][-+]?[0-9]+)?\s*%?\s*$"},
}


def editor_schema(which: Which) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a question's file or of pack.yaml."""
    model = schema.PackFile if which == "pack" else _whole_question()
    made = model.model_json_schema(mode="validation", by_alias=True)
    kinds = made.pop("$defs", {})
    body = _told(made, schema.PackFile if which == "pack" else schema.QuestionFile)
    defined = {_short(name): _told(kinds[name], _MODELS[name]) for name in sorted(kinds)}
    return {"$schema": GenerateJsonSchema.schema_dialect, **body, **({"$defs": defined} if defined else {})}


def schema_text(which: Which) -> str:
    """The schema as it is kept in a file."""
    return json.dumps(editor_schema(which), ensure_ascii=False, indent=2) + "\n"


def _whole_question() -> type[BaseModel]:
    """A question's file with its cards, which are read one by one otherwise."""
    card = Annotated[AnyCardFile, Field(discriminator="kind")]
    cards: Any = (list[card], Field(min_length=1))
    return create_model("QuestionFile", __base__=schema.QuestionFile, cards=cards)


def _told(body: dict[str, Any], kind: type[BaseModel]) -> dict[str, Any]:
    """`body`, the schema of a `kind`, with what each key is for and what the model checks beside."""
    keys = {
        key: {**_tidy(value), **_KEY_RULES.get((kind, key), {}), "description": description(kind, key)}
        for key, value in body["properties"].items()
    }
    rest = {key: value for key, value in body.items() if key not in ("title", "description", "properties")}
    return {"title": TITLES[kind], **rest, "properties": keys, **_RULES.get(kind, {})}


def _tidy(value: Any) -> Any:
    """pydantic's schema without what says nothing, and in the dialect of an editor."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    dropped = {"title", "discriminator"} | ({"default"} if value.get("default") in (None, "", [], {}) else set())
    tidy = {key: _tidy(item) for key, item in value.items() if key not in dropped}
    if "$ref" in tidy:
        tidy["$ref"] = "#/$defs/" + _short(tidy["$ref"].rpartition("/")[2])
    if "pattern" in tidy:
        tidy["pattern"] = _pattern(tidy["pattern"])
    if "patternProperties" in tidy:
        named = {_pattern(key): item for key, item in tidy["patternProperties"].items()}
        tidy |= {"patternProperties": named, "additionalProperties": False}
    if "anyOf" in tidy:
        tidy |= _one_type(tidy.pop("anyOf"))
    return tidy


def _one_type(choices: list[dict[str, Any]]) -> dict[str, Any]:
    """A union in few words. Nothing (null) is not offered, though the reader takes it for a key left out."""
    choices = [choice for choice in choices if choice != {"type": "null"}]
    if len(choices) == 1:
        return choices[0]
    if all(choice.keys() == {"type"} for choice in choices):
        types = [choice["type"] for choice in choices]
        return {"type": [each for each in types if each != "integer" or "number" not in types]}
    return {"anyOf": choices}


def _pattern(pattern: str) -> str:
    r"""An editor's regular expressions end in $; \z, which is stricter in Python, they do not know."""
    return pattern.removesuffix(r"\z") + "$" if pattern.endswith(r"\z") else pattern


def _short(name: str) -> str:
    return name.removesuffix("File")
