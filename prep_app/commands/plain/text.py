"""Cards and marks as plain lines for ears, pipes and simple terminals: words in the place of signs and colour."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import count

from markdown_it import MarkdownIt
from markdown_it.token import Token

from prep_app.answers.asked import Asked
from prep_app.answers.mark import Mark, Part
from prep_app.content.body import GAP, Choice, Code, Compare, Gap, Numeric, Order, Recall

_CHOICE = {
    "right": "right, and you chose it",
    "wrong": "wrong, and you chose it",
    "missed": "right, and you did not choose it",
    "left": "wrong, and you left it",
}
INDENT = "    "


# Markdown


def plain(markdown: str) -> str:
    """Markdown as it would be read out: no marks, links with their address, a table row by row."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    lines = "\n".join(_Walk(parser.parse(markdown)).lines())
    return re.sub("\n{3,}", "\n\n", lines).strip("\n")


class _Walk:
    """One walk over Markdown's blocks."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.lists: list[count[int] | None] = []  # open around here: numbered, or with dashes
        self.bullet = ""  # to be put before the next line of text
        self.row: list[str] = []
        self.columns: list[str] | None = None

    def lines(self) -> Iterator[str]:
        for token in self.tokens:
            match token.type:
                case "inline" if self.columns is not None:
                    self.row.append(_words(token))
                case "inline":
                    yield from self._text(_words(token).split("\n"))
                case "fence" | "code_block":
                    yield from self._text([INDENT + line for line in token.content.rstrip("\n").split("\n")])
                    yield ""
                case "bullet_list_open" | "ordered_list_open":
                    numbered = token.type == "ordered_list_open"
                    self.lists.append(count(int(token.attrGet("start") or 1)) if numbered else None)
                case "list_item_open":
                    numbers = self.lists[-1]
                    self.bullet = f"{next(numbers)}. " if numbers is not None else "- "
                case "bullet_list_close" | "ordered_list_close":
                    self.lists.pop()
                    yield ""
                case "paragraph_close" if not token.hidden:
                    yield ""
                case "heading_close":
                    yield ""
                case "table_open":
                    self.columns = []
                case "tr_close":
                    if self.columns:
                        yield row(self.columns, self.row)
                    self.columns, self.row = self.columns or self.row, []
                case "table_close":
                    self.columns = None
                    yield ""

    def _text(self, lines: Sequence[str]) -> Iterator[str]:
        deep = "  " * (len(self.lists) - 1)
        for line in lines:
            yield f"{deep}{self.bullet or '  ' * bool(self.lists)}{line}"
            self.bullet = ""


def _words(token: Token) -> str:
    words, address = "", ""
    for child in token.children or []:
        match child.type:
            case "softbreak":
                words += " "
            case "hardbreak":
                words += "\n"
            case "link_open":
                address = str(child.attrGet("href"))
            case "link_close" if address not in words:
                words += f" ({address})"
            case _:
                words += child.content
    return words


def row(columns: Sequence[str], cells: Sequence[str]) -> str:
    """A row of a table in words: its first cell, then each other one after the name of its column."""
    named = [f"{name}: {cell}" if name else cell for name, cell in zip(columns[1:], cells[1:], strict=False)]
    return f"{cells[0]}. {'; '.join(named)}" if named else "".join(cells[:1])


# A card


def shown(asked: Asked, start: str) -> Iterator[str]:
    """What is asked, with all that belongs to it; `start` is the text a code card begins with."""
    prompt, number = asked.prompt, count(1)
    while GAP in prompt:
        prompt = prompt.replace(GAP, f"[gap {next(number)}]", 1)
    yield plain(prompt)
    texts = [option.text for option in asked.options] + [step.text for step in asked.steps]
    yield from (f"{place}. {text}" for place, text in enumerate(texts, 1))
    match asked.card.body:
        case Compare(columns, rows):
            for each in rows:
                cells = [cell if isinstance(cell, str) else f"[gap {next(number)}]" for cell in each.cells]
                yield row(["", *columns], [each.aspect, *cells])
        case Code():
            yield from (INDENT + line for line in start.rstrip("\n").split("\n"))


def gap_names(asked: Asked) -> list[str]:
    """What to ask for each thing to be typed."""
    match asked.card.body:
        case Compare(columns, rows):
            names = [
                f"{each.aspect}, {column}"
                for each in rows
                for column, cell in zip(columns, each.cells, strict=True)
                if isinstance(cell, Gap)
            ]
            return [f"Gap {number} of {len(names)} ({name}):" for number, name in enumerate(names, 1)]
        case Numeric(unit=unit):
            return [f"Your answer, a number in {unit}:" if unit else "Your answer, a number:"]
    gaps = asked.prompt.count(GAP)
    return [f"Gap {number} of {gaps}:" for number in range(1, gaps + 1)]


def marked(asked: Asked, mark: Mark) -> Iterator[str]:
    """The mark, part by part."""
    yield f"{mark.right} of {mark.total} right."
    body = asked.card.body
    for number, part in enumerate(mark.parts, 1):
        why = f" {part.why}" if part.why else ""
        match body:
            case Choice():
                yield f"{number}. {_CHOICE[part.verdict]}: {asked.options[number - 1].text}.{why}"
            case Order():
                yours = "right" if part.counts else f"you had: {part.said or 'nothing'}"
                yield f"{number}. {part.right} ({yours}).{why}"
            case Code():
                yield check(part.counts, part.why, part.said, part.right)
            case Numeric():
                yield f"{_gap(part)}{why}"
            case Recall():
                yield f"{number}. {'made' if part.counts else 'not made'}: {part.right}"
            case _:
                yield f"Gap {number}, {_gap(part)}{why}"


def _gap(part: Part) -> str:
    match part.verdict:
        case "right":
            return f"right: {part.said}."
        case "missed":
            return f"left empty: it is {part.right}."
    return f"{part.verdict}: you wrote {part.said}; it is {part.right}."


def check(held: bool, claim: str, measured: str, expected: str) -> str:
    figures = f" Measured {measured}, expected {expected}." if measured or expected else ""
    return f"{'holds' if held else 'fails'}: {claim.rstrip('.')}.{figures}"
