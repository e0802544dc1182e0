"""The shape of a card, kind by kind, as pydantic models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticKnownError

from prep_app.content.body import GAP
from prep_app.content.schema import DemoLinkFile, MaybeText, Name, SourceFile, Strict, Text, Whole

MOST_GAPS = 14


def _number(value: object) -> float:
    """A number; text such as 1e9 is one too, which YAML 1.1 reads as text."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise ValueError(f'must be a number, not "{value}"') from None
        value = int(value) if value.is_integer() and abs(value) < 1e18 else value
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e18:
        raise ValueError("must be a number below 1e18")
    return value


def _formula(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be a formula, such as r * (d_in + d_out)")
    return str(value).strip()


_NUMERAL = {"type": ["number", "string"], "pattern": r"^[-+]?[0-9.]+([eE][-+]?[0-9]+)?$"}
Number = Annotated[float, PlainValidator(_number), WithJsonSchema(_NUMERAL)]
Formula = Annotated[str, PlainValidator(_formula, json_schema_input_type=str | float)]
Variables = Annotated[str, Field(pattern=r"^[A-Za-z_]\w{0,29}\z")]


def _or_text(kind: type[Strict], key: str) -> BeforeValidator:
    """A text alone stands for a `kind` with only `key`."""

    def spread(value: object) -> object:
        if isinstance(value, str):
            return {key: value}
        if not isinstance(value, dict) or not kind.model_fields.keys() & set(value):
            raise PydanticKnownError("string_type")
        return value

    return BeforeValidator(spread, json_schema_input_type=Text | kind)


class CardFile(Strict):
    id: Name
    revision: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1
    topic: Text
    difficulty: Annotated[Whole, Field(ge=1, le=3)] = 1
    prompt: Text
    hint: MaybeText = ""
    answer: MaybeText = ""
    demo: DemoLinkFile | None = None
    claims: list[Name] = []
    sources: list[SourceFile] = []
    needs: list[Name] = []
    tags: list[Name] = []


class KeyPointFile(Strict):
    text: Text
    words: list[Text] = []


class RecallFile(CardFile):
    kind: Literal["recall"]
    answer: Text
    key_points: list[Annotated[KeyPointFile, _or_text(KeyPointFile, "text")]] = Field(min_length=1, max_length=12)


class OptionFile(Strict):
    text: Text
    why: Text
    correct: bool = False


class ChoiceFile(CardFile):
    kind: Literal["choice"]
    options: list[OptionFile] = Field(min_length=2, max_length=9)

    @field_validator("options")
    @classmethod
    def _has_a_right_option(cls, options: list[OptionFile]) -> list[OptionFile]:
        if not any(option.correct for option in options):
            raise ValueError("no option is right; write correct: true under at least one")
        return options


class WrongFormFile(Strict):
    text: Text
    why: Text


class GapFile(Strict):
    accept: list[Text] = Field(min_length=1)
    words: list[Text] = []
    wrong: list[WrongFormFile] = []


class ClozeFile(CardFile):
    kind: Literal["cloze"]
    gaps: list[GapFile] = Field(min_length=1, max_length=9)

    @field_validator("gaps")
    @classmethod
    def _one_for_each_gap(cls, gaps: list[GapFile], info: ValidationInfo) -> list[GapFile]:
        there = str(info.data.get("prompt", "")).count(GAP)
        if "prompt" in info.data and there != len(gaps):
            raise ValueError(f"must have one item for each {GAP} in the prompt: there are {there}, not {len(gaps)}")
        return gaps


class VariableFile(Strict):
    values: list[Number] = Field(default=[], max_length=60)
    low: Number | None = Field(default=None, alias="from")
    high: Number | None = Field(default=None, alias="to")
    step: Number | None = None
    digits: Annotated[Whole, Field(ge=1, le=6)] | None = None

    @model_validator(mode="after")
    def _one_way_to_draw(self) -> VariableFile:
        if self.values:
            if (self.low, self.high, self.step, self.digits) != (None,) * 4:
                raise ValueError("has values: and a range; keep one of them")
            return self
        if self.low is None or self.high is None or not self.low < self.high:
            raise ValueError("needs values: [1, 2], or from: and to: with from below to")
        if (self.step is None) == (self.digits is None):
            raise ValueError("needs step: (evenly spaced) or digits: (spread over powers of ten), one of them")
        if self.step is not None and not 0 < self.step <= self.high - self.low:
            raise ValueError("needs a step above 0 that fits between from and to")
        if self.digits is not None and self.low <= 0:
            raise ValueError("with digits: needs from: above 0")
        return self


class SlipFile(Strict):
    formula: Formula
    why: Text


class DemoFigureFile(Strict):
    figure: Text
    parameters: dict[Text, Formula] = {}


class NumericFile(CardFile):
    kind: Literal["numeric"]
    variables: dict[Variables, VariableFile] = Field(min_length=1, max_length=12)
    define: dict[Variables, Formula] = {}
    where: Annotated[str, PlainValidator(_formula, json_schema_input_type=str)] = ""
    formula: Formula
    unit: MaybeText = ""
    tolerance: str | float = "1%"
    worked: Text
    slips: list[SlipFile] = []
    proof: DemoFigureFile | None = None

    @field_validator("tolerance", mode="plain", json_schema_input_type=str | float)
    @classmethod
    def _number_or_share(cls, value: object) -> float | str:
        text = str(value).strip()
        try:
            amount = float(text.removesuffix("%"))
        except ValueError:
            amount = -1.0
        if isinstance(value, bool) or not 0 <= amount < 1e18:
            raise ValueError("must be a number in the answer's unit, or a share such as 1%")
        return text if text.endswith("%") else amount

    @property
    def margin(self) -> tuple[float, bool]:
        """The tolerance, and whether it is a share of the answer."""
        if isinstance(self.tolerance, str):
            return float(self.tolerance.removesuffix("%")) / 100, True
        return self.tolerance, False


class StepFile(Strict):
    text: Text
    why: MaybeText = ""


class OrderFile(CardFile):
    kind: Literal["order"]
    steps: list[Annotated[StepFile, _or_text(StepFile, "text")]] = Field(min_length=3, max_length=9)

    @field_validator("steps")
    @classmethod
    def _all_different(cls, steps: list[StepFile]) -> list[StepFile]:
        if len({step.text for step in steps}) < len(steps):
            raise ValueError("has the same step twice; no telling which comes first")
        return steps


class CodeFile(CardFile):
    kind: Literal["code"]
    demo: DemoLinkFile
    function: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?\z")]
    mistake: MaybeText = ""
    checks: list[Name] = Field(min_length=1)


class CellFile(Strict):
    """A cell: given, or a gap."""

    given: MaybeText = ""
    accept: list[Text] = []
    words: list[Text] = []
    wrong: list[WrongFormFile] = []

    @model_validator(mode="after")
    def _one_of_two(self) -> CellFile:
        if bool(self.given) == bool(self.accept):
            raise ValueError("must be a text (given) or {accept: [...]} (a gap)")
        return self


class RowFile(Strict):
    aspect: Text
    cells: list[Annotated[CellFile, _or_text(CellFile, "given")]] = Field(min_length=1)


class CompareFile(CardFile):
    kind: Literal["compare"]
    columns: list[Text] = Field(min_length=1, max_length=4)
    rows: list[RowFile] = Field(min_length=1, max_length=9)

    @field_validator("rows")
    @classmethod
    def _fits(cls, rows: list[RowFile], info: ValidationInfo) -> list[RowFile]:
        columns = info.data.get("columns", ())
        for row in rows:
            if columns and len(row.cells) != len(columns):
                raise ValueError(f'has {len(row.cells)} cells in "{row.aspect}"; there are {len(columns)} columns')
        gaps = sum(bool(cell.accept) for row in rows for cell in row.cells)
        if not 1 <= gaps <= MOST_GAPS:
            raise ValueError(f"must have 1 to {MOST_GAPS} gaps in all, not {gaps}; a gap is {{accept: [...]}}")
        return rows


AnyCardFile = RecallFile | ChoiceFile | ClozeFile | NumericFile | OrderFile | CodeFile | CompareFile
CARDS: dict[str, type[AnyCardFile]] = {
    "recall": RecallFile,
    "choice": ChoiceFile,
    "cloze": ClozeFile,
    "numeric": NumericFile,
    "order": OrderFile,
    "code": CodeFile,
    "compare": CompareFile,
}
TELLTALES = {  # a key that only one kind has, for a card that does not say its kind
    "options": "choice",
    "gaps": "cloze",
    "formula": "numeric",
    "variables": "numeric",
    "steps": "order",
    "function": "code",
    "rows": "compare",
    "columns": "compare",
}


def knows(kind: type[Any]) -> dict[str, str]:
    """Every key a model of the schema takes, as it is written in YAML."""
    return {field.alias or name: name for name, field in kind.model_fields.items()}
