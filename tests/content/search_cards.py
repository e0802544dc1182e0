"""A few cards to search through, and how."""

from __future__ import annotations

from prep_app.content.body import (
    Choice,
    KeyPoint,
    Numeric,
    Option,
    Recall,
)
from prep_app.content.model import Card, CardId, DemoLink, Library, Pack, Question, QuestionId
from prep_app.content.query import parse
from prep_app.content.search import Index


def card(name: str, prompt: str = "", **more: object) -> Card:
    usual: dict[str, object] = {"topic": "", "answer": "", "body": Recall((KeyPoint("a point"),))}
    return Card(id=CardId(name), question=QuestionId(name.split("-")[0].upper()), prompt=prompt, **(usual | more))  # type: ignore[arg-type]


def library_of(*cards: Card) -> Library:
    names = dict.fromkeys(card.question for card in cards)
    questions = tuple(
        Question(
            id=name, pack="p", title="", ask="", short="", full="", key_points=(), mistakes=(), follow_ups=(), claims=(),
            demos=(), sources=(), cards=tuple(card for card in cards if card.question == name),
        )
        for name in names
    )  # fmt: skip
    return Library((Pack("p", "P", "", questions),))


CARDS = (
    card("q4-alpha", "What does α do in LoRA?", topic="LoRA", answer="It scales the update: α/r.", tags=("trap",)),
    card("q4-rank", "Why is r = 16 enough?", topic="LoRA sizes", answer="A low-rank update of LoRA is enough."),
    card("q4-nf4", "What is NF4?", topic="Quantisation", answer="Sixteen levels for bf16 weights.", hint="quantiles"),
    card("q14-fisher", "What is Fisher's information?", topic="EWC", answer="How much a weight matters to the café."),
    card("q40-other", "Which is right?", body=Choice((Option("lora_alpha=16", True, "because"),)), topic="LoRA"),
    card("q40-sum", "How many?", body=Numeric((), "1", "GB", "worked out"), demo=DemoLink("memory_table")),
)


def found(index: Index, text: str, limit: int = 100) -> list[str]:
    """The ids of what is found, in the order it is listed; and they are as many as is said."""
    answer = index.find(parse(text), limit)
    assert len(answer.rows) == min(limit, answer.total)
    return [index.cards[row].id for row in answer.rows]
