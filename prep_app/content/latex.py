"""Formulas in a pack's texts: `$\\alpha/r$` becomes α/r, since a terminal has letters and no typesetter.

The symbols are unicodeit's. Its own `replace` reads `\\log` as `\\l` and `og`, so the walk over them is ours.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from unicodeit.data import COMBININGMARKS, REPLACEMENTS, SUBSUPERSCRIPTS

LONGEST = 400  # characters of a formula; a longer one is left as it was written
DEEPEST = 12  # groups within groups; what lies deeper is left as it was written

_SYMBOLS: dict[str, str] = {**dict(REPLACEMENTS), "\\dots": "…", "\\lVert": "‖", "\\rVert": "‖", "\\lvert": "|"}
_MARKS: dict[str, str] = {**dict(COMBININGMARKS), "\\not": "\N{COMBINING LONG SOLIDUS OVERLAY}"}
_SCRIPTS: dict[str, str] = {
    **dict(SUBSUPERSCRIPTS),
    "_,": ",",
    "^,": ",",
    "^.": "·",
    "^∗": "∗",
    "^′": "′",
    "^⊤": "ᵀ",
    "^∘": "°",
}
_SILENT = re.compile(r"\\(?:left|right|[bB]ig[lr]?|displaystyle|limits|nolimits|nonumber|!)\Z")
_SPACES = re.compile(r"\\(?:[,;:> \\]|quad|qquad)\Z")
_LITERAL = {f"\\{name}": name for name in "{}$%#&_"} | {"\\|": "‖"}
_UPRIGHT = re.compile(r"\\(?:text(?:rm|it|bf|sf)?|math(?:rm|it)|operatorname|mbox)\Z")
_FRACTION = re.compile(r"\\[dt]?frac\Z")
_PLAIN = {"'": "′", "}": "", "&": "", "~": " "}
_FONT = re.compile(r"\\math(?:bb|cal|bf|frak|scr|sf|tt)\Z")
_HUGS = set("∂∇√∞∀∃¬∅⊤⊥′")  # mathematical signs that take no space around them
_GREAT = set("∑∏∫")  # and those that take one before

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\{[A-Za-z_]\w*(?::\w+)?\}|.", re.DOTALL)
_WORD = re.compile(r"[∂∇√]?\w+")
_NAMED = re.compile(r"\{\w+(?::\w+)?\}")  # where a numeric card's number goes
_FENCE = re.compile(r"[ \t>]*(?:[-*+]|\d+[.)])?[ \t]*(```+|~~~+)([^`]*)\Z")
_TICKS = re.compile("`+")
_MATHS = re.compile(
    r"\\\$"
    rf"|\$\$(?P<display>[^$]{{1,{LONGEST}}})\$\$"
    rf"|\$(?P<inline>[^\s$](?:[^$]{{0,{LONGEST - 2}}}[^\s$])?)\$(?![\w{{])"
)
_TELLTALE = re.compile(r"[\\^_{]")  # without one of these, what stands between two dollars may be money


def readable(value: Any) -> Any:
    """`value` from a pack's file, with the formulas in each of its texts in Unicode. Keys and addresses stay."""
    if isinstance(value, str):
        return "".join(_pieces(value)) if "$" in value else value
    if isinstance(value, list):
        return [readable(item) for item in value]
    if isinstance(value, dict):
        return {key: item if key == "url" else readable(item) for key, item in value.items()}
    return value


@lru_cache(maxsize=4096)
def unicode_of(latex: str) -> str:
    """The formula in Unicode, as near as letters come; a command that nobody knows is shown by its name."""
    text = " ".join(_Formula(latex).text().split())
    return re.sub(r"(?<=[(\[⌊⌈⟨]) | (?=[)\]⌋⌉⟩,])", "", text)


def _pieces(text: str) -> Iterator[str]:
    """The text with its formulas in Unicode, piece by piece; code is passed on as it is."""
    fence = ""
    paragraph = ""
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line.rstrip())
        closes = bool(fence and mark and mark[1].startswith(fence) and not mark[2].strip())
        if fence or mark or not line.strip():
            yield from _paragraph(paragraph)
            paragraph = ""
            yield line
            fence = "" if closes else fence or (mark[1] if mark else "")
        else:
            paragraph += line
    yield from _paragraph(paragraph)


def _paragraph(text: str) -> Iterator[str]:
    runs = list(_TICKS.finditer(text))
    by_length: defaultdict[int, list[int]] = defaultdict(list)
    for index in reversed(range(len(runs))):
        by_length[len(runs[index].group())].append(index)
    at = index = 0
    while index < len(runs):
        alike = by_length[len(runs[index].group())]
        while alike and alike[-1] <= index:
            alike.pop()
        if alike:  # code in a line, up to the next run of as many ticks
            first, index = index, alike[-1]
            yield _MATHS.sub(_shown, text[at : runs[first].start()])
            at = runs[index].end()
            yield text[runs[first].start() : at]
        index += 1
    yield _MATHS.sub(_shown, text[at:])


def _shown(found: re.Match[str]) -> str:
    formula = found["display"] or found["inline"]
    if formula is None or not _TELLTALE.search(formula):
        return found.group()
    try:
        return unicode_of(formula) or found.group()
    except RecursionError:
        return found.group()


class _Formula:
    """One walk over a formula's tokens."""

    def __init__(self, latex: str) -> None:
        self.tokens = _TOKEN.findall(latex)
        self.at = 0
        self.depth = 0

    def text(self, end: str = "", *, tight: bool = False) -> str:
        """What stands up to the token `end`; `tight` is without spaces around signs."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise RecursionError
        parts: list[str] = []
        while self.at < len(self.tokens) and self.tokens[self.at] != end:
            before = parts[-1] if parts else ""
            piece = self._piece(before, tight)
            if len(before) > 1 and before[0] in "_^" and piece[:1].isalnum():
                piece = " " + piece  # else it would read as part of the index
            if piece.strip() or not tight:
                parts.append(piece)
        self.at += 1
        self.depth -= 1
        return "".join(parts)

    def _piece(self, before: str, tight: bool) -> str:
        token = self.tokens[self.at]
        self.at += 1
        if token in ("_", "^"):
            return _script(token, self._argument())
        if token == "{":
            return self.text("}", tight=tight)
        if token in _PLAIN:
            return _PLAIN[token]
        if token in "-*":
            sign = "−" if token == "-" else "∗"
            return _sign(sign, tight or not before.strip() or before.strip()[-1] in "([{=+−/,<>≤≥⋅×∈→")
        return self._command(token, before, tight) if token[0] == "\\" else token

    def _command(self, token: str, before: str, tight: bool) -> str:
        if _SILENT.match(token):
            return ""
        if _SPACES.match(token):
            return " "
        if token in _LITERAL:
            return _LITERAL[token]
        if _UPRIGHT.match(token):
            return self._argument(tight=False)
        if _FRACTION.match(token):
            above, below = self._argument(tight=False), self._argument(tight=False)
            return f"{above if re.fullmatch(_WORD, above) else _whole(above)}/{_whole(below)}"
        if token == "\\sqrt":
            return "√" + _whole(self._argument(tight=False))
        if token in ("\\begin", "\\end"):
            self._argument()
            return " "
        if token in _MARKS:
            return _marked(self._argument(), _MARKS[token], every=token in ("\\overline", "\\underline"))
        if _FONT.match(token):
            return "".join(_SYMBOLS.get(f"{token}{{{each}}}", each) for each in self._argument())
        if token in _SYMBOLS:
            symbol = _SYMBOLS[token]
            if symbol.isalpha() or symbol in _HUGS:
                self._skip_spaces()
            return f" {symbol}" if symbol in _GREAT else _sign(symbol, tight)
        name = token[1:]  # log, max, softmax, or a command of someone's own
        return f" {name}" if before[-1:].isalnum() else name

    def _argument(self, *, tight: bool = True) -> str:
        """The group or the one token that follows; `tight` is without spaces around signs."""
        self._skip_spaces()
        if self.at == len(self.tokens):
            return ""
        following = self.tokens[self.at]
        if following == "{":
            self.at += 1
            return self.text("}", tight=tight).strip()
        if _NAMED.fullmatch(following):  # one word in braces; elsewhere it is where a number goes
            self.at += 1
            inner = _Formula(following[1:-1])
            return inner.text(tight=tight)
        return self._piece("", True).strip()

    def _skip_spaces(self) -> None:
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1


def _script(where: str, text: str) -> str:
    """`text` above or below the line; after a plain _ or ^ where Unicode has no such letters."""
    if all(where + each in _SCRIPTS for each in text):
        return "".join(_SCRIPTS[where + each] for each in text)
    return where + (text if re.fullmatch(_WORD, text) else _whole(text))


def _whole(text: str) -> str:
    """`text` so that it reads as one thing beside a sign."""
    bare = sum(unicodedata.category(each) not in ("Lm", "No", "Mn") for each in text.lstrip("∂∇√")) <= 1
    return text if bare or text.isdecimal() or _NAMED.fullmatch(text) else f"({text})"


def _sign(symbol: str, tight: bool) -> str:
    if tight or symbol in _HUGS or len(symbol) != 1 or unicodedata.category(symbol) != "Sm":
        return symbol
    return f" {symbol} "


def _marked(text: str, mark: str, *, every: bool) -> str:
    if every:
        return "".join(each if unicodedata.combining(each) else each + mark for each in text)
    return unicodedata.normalize("NFC", text[:1] + mark + text[1:])
