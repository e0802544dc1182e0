"""The shape of a pack's files, as pydantic models: every fault at once, and a JSON Schema for editors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

Text = Annotated[str, StringConstraints(strict=True, min_length=1, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]
Whole = Annotated[int, Field(strict=True)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SourceFile(Strict):
    title: Text
    authors: str = ""
    year: Annotated[Whole, Field(ge=1900, le=2100)] | None = None
    where: str = ""
    url: str = ""

    @field_validator("url")
    @classmethod
    def _https(cls, url: str) -> str:
        if url and not url.startswith("https://"):
            raise ValueError("must begin with https://")
        return url


class DemoLinkFile(Strict):
    name: Name
    parameters: dict[str, int | float | str | bool] = {}


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
    revision: Annotated[Whole, Field(ge=1)] = 1
    topic: Text
    difficulty: Annotated[Whole, Field(ge=1, le=3)] = 1
    prompt: Text
    hint: str = ""
    demo: DemoLinkFile | None = None
    claims: list[Name] = []
    sources: list[SourceFile] = []


class RecallFile(CardFile):
    kind: Literal["recall"]
    answer: Text
    key_points: list[Text] = Field(min_length=1)


class ChoiceFile(CardFile):
    kind: Literal["choice"]
    answer: str = ""
    options: list[OptionFile] = Field(min_length=2, max_length=9)

    @model_validator(mode="after")
    def _has_a_right_option(self) -> ChoiceFile:
        if not any(option.correct for option in self.options):
            raise ValueError("no option is right; write correct: true under at least one")
        return self


AnyCard = Annotated[RecallFile | ChoiceFile, Field(discriminator="kind")]


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
    description: str = ""
