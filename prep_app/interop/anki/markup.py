"""A pack's Markdown as HTML for Anki's cards, with its formulas as the LaTeX they were written in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from prep_app.content.folder import snapshot
from prep_app.content.latex import readable

_LETTER = re.compile(r"\{([A-Za-z_]\w*)(?::\w+)?\}")
_VAR = "\ue000"  # stands around a letter while Markdown is turned


class Markup:
    """Turns texts of packs to HTML. No HTML of the text's own comes through: < is a character."""

    def __init__(self, formulas: Mapping[str, str]) -> None:
        """`formulas` gives for a text as prep shows it the text as it was written, with its LaTeX."""
        self._formulas = formulas
        self._plain = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
        self._maths = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
        self._maths.use(dollarmath_plugin, allow_space=False, allow_digits=False)
        self._maths.add_render_rule("math_inline", _inline_maths)
        self._maths.add_render_rule("math_inline_double", _display_maths)
        self._maths.add_render_rule("math_block", _display_maths)

    def block(self, text: str) -> str:
        """Paragraphs, lists, tables, code."""
        written = self._formulas.get(text)
        return (self._plain.render(text) if written is None else self._maths.render(written)).strip()

    def line(self, text: str) -> str:
        """What stands in a line of a list or in a cell."""
        written = self._formulas.get(text)
        one = " ".join((text if written is None else written).split())
        return self._plain.renderInline(one) if written is None else self._maths.renderInline(one)

    def letters(self, text: str) -> str:
        """A numeric card's text with its numbers as letters: {d} becomes d, set as a variable."""
        html = self._plain.render(_LETTER.sub(rf"{_VAR}\1{_VAR}", text.replace(_VAR, ""))).strip()
        return re.sub(f"{_VAR}(\\w+){_VAR}", r"<var>\1</var>", html)


def formulas_in(folders: Iterable[Path]) -> dict[str, str]:
    """The texts with LaTeX in these packs, by what prep makes of them; the library holds only the latter."""
    found = {}
    for folder in folders:
        for file in snapshot(folder).files:
            if b"$" in file.raw:
                for text in _texts(_data(file.raw)):
                    shown = readable(text)
                    if shown != text:
                        found[shown.strip()] = text.strip()
    return found


def _data(raw: bytes) -> Any:
    try:
        return yaml.load(raw, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        return None  # such a file gave the library no card


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str) and "$" in data:
        yield data
    elif isinstance(data, dict | list):
        for item in data.values() if isinstance(data, dict) else data:
            yield from _texts(item)


def _inline_maths(
    renderer: RendererProtocol, tokens: list[Token], index: int, options: Any, env: Mapping[str, Any]
) -> str:
    return f"\\({escape(tokens[index].content.strip())}\\)"


def _display_maths(
    renderer: RendererProtocol, tokens: list[Token], index: int, options: Any, env: Mapping[str, Any]
) -> str:
    return f"\\[{escape(tokens[index].content.strip())}\\]"
