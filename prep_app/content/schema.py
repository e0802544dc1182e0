"""The shape of a pack's files, as pydantic models: every fault at once. The cards' are in `card_schema`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StringConstraints, field_validator

from prep_app.content.model import Scalar


def _scalar(value: object) -> Scalar:
    if isinstance(value, int | float | str):  # bool is an int
        return value
    raise ValueError("must be a number, a text, true or false")


Text = Annotated[str, StringConstraints(strict=True, min_length=1, strip_whitespace=True)]
MaybeText = Annotated[str, StringConstraints(strict=True, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}\z")]
Whole = Annotated[int, Field(strict=True)]
Knob = Annotated[Scalar, PlainValidator(_scalar, json_schema_input_type=Scalar)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SourceFile(Strict):
    title: Text
    authors: MaybeText = ""
    year: Annotated[Whole, Field(ge=1900, le=2100)] | None = None
    where: MaybeText = ""
    url: MaybeText = ""

    @field_validator("url")
    @classmethod
    def _https(cls, url: str) -> str:
        host = url.removeprefix("https://").partition("/")[0]
        if url and (not url.startswith("https://") or not host or any(character.isspace() for character in url)):
            raise ValueError("must be an address that begins with https://")
        return url


class DemoLinkFile(Strict):
    name: Name
    parameters: dict[Text, Knob] = {}


class ClaimFile(Strict):
    id: Name
    text: Text
    demo: Name
    check: Name


class FollowUpFile(Strict):
    ask: Text
    answer: Text


class AnswerFile(Strict):
    short: Text
    full: Text
    key_points: list[Text] = Field(min_length=1)
    mistakes: list[Text] = []
    follow_ups: list[FollowUpFile] = []


class QuestionFile(Strict):
    """A question's file without its cards: each card is validated by itself, so that one bad card costs only itself."""

    id: Name
    title: Text
    ask: Text
    answer: AnswerFile
    claims: list[ClaimFile] = []
    demos: list[DemoLinkFile] = []
    sources: list[SourceFile] = []
    cards: list[object] = Field(min_length=1)


class PackFile(Strict):
    id: Name
    title: Text
    description: MaybeText = ""
