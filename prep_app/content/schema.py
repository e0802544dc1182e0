"""The shape of a pack's files, as pydantic models: every fault at once."""

from __future__ import annotations

from typing import Annotated, Literal

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
Knob = Annotated[Scalar, PlainValidator(_scalar)]


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


class OptionFile(Strict):
    text: Text
    why: Text
    correct: bool = False


class CardFile(Strict):
    id: Name
    revision: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1
    topic: Text
    difficulty: Annotated[Whole, Field(ge=1, le=3)] = 1
    prompt: Text
    hint: MaybeText = ""
    demo: DemoLinkFile | None = None
    claims: list[Name] = []
    sources: list[SourceFile] = []


class RecallFile(CardFile):
    kind: Literal["recall"]
    answer: Text
    key_points: list[Text] = Field(min_length=1)


class ChoiceFile(CardFile):
    kind: Literal["choice"]
    answer: MaybeText = ""
    options: list[OptionFile] = Field(min_length=2, max_length=9)

    @field_validator("options")
    @classmethod
    def _has_a_right_option(cls, options: list[OptionFile]) -> list[OptionFile]:
        if not any(option.correct for option in options):
            raise ValueError("no option is right; write correct: true under at least one")
        return options


CARDS: dict[str, type[RecallFile] | type[ChoiceFile]] = {"recall": RecallFile, "choice": ChoiceFile}


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
