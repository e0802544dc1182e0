"""The HTML of a card of Anki's as Markdown, or as the plain text of a prompt. What runs or styles goes; words stay."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape, unescape
from itertools import islice
from urllib.parse import quote, unquote

from bs4 import BeautifulSoup, Tag
from bs4.element import PreformattedString
from markdownify import MarkdownConverter

from prep_app.text import printable

MOST_TAGS = 5_000
DEEPEST = 60
GAP_MARK, MATHS_MARK, BREAK_MARK = "\ue000", "\ue001", "\ue002"  # stand in for what they name while HTML is turned

_UNWANTED = re.compile(
    r"^(script|style|iframe|object|embed|noscript|template|head|link|meta|base|title|svg|math|canvas|audio|video"
    r"|form|button|input|select|textarea)$"
)
# None reaches over the next beginning of its kind, so that a field full of beginnings takes no longer than others.
_MATHS = re.compile(
    r"\\\(((?:(?!\\\().)*?)\\\)"
    r"|\\\[((?:(?!\\\[).)*?)\\\]"
    r"|\[latex\]((?:(?!\[latex\]).)*?)\[/latex\]"
    r"|\[\$\$\]((?:(?!\[\$\$\]).)*?)\[/\$\$\]"
    r"|\[\$\]((?:(?!\[\$\]).)*?)\[/\$\]",
    re.DOTALL,
)
_SPACES = {0xA0: " ", 0x2028: "\n", 0x2029: "\n"}
_KEPT = re.compile(f"{MATHS_MARK}(\\d+){MATHS_MARK}(?=(.?))")
_NUMBERED = re.compile(r"&#(?:[xX][0-9a-fA-F]+|[0-9]+);?")
_TAG = re.compile(r"<[^<>]*>")
_SPEECH = re.compile(r"\[/?anki:tts[^\[\]]*\]")
_SOUND = re.compile(r"\[sound:([^\[\]]+)\]")
_TELLTALE = re.compile(r"[\\^_{]")  # without one of these prep takes $…$ for money, and letters need no typesetting


class Unreadable(Exception):
    """No one writes such HTML: too deep, or too many tags."""


@dataclass(slots=True)
class Turned:
    """Text from HTML, and the names of the pictures and sounds that it mentions. `gaps` as in `with_gaps`."""

    text: str
    media: list[str] = field(default_factory=list)
    gaps: tuple[str, ...] = ()


def markdown(html: str) -> Turned:
    """An answer's HTML as Markdown. Raises Unreadable."""
    return _turned(html, _Markdown)


def plain(html: str) -> Turned:
    """A prompt's HTML as text with lists and code, but no other marks. Raises Unreadable."""
    return _turned(html, _Plain)


def with_gaps(html: str) -> Turned:
    """As `plain`, with ___ for each cloze, whose hidden texts are in `gaps`. Raises Unreadable."""
    return _turned(html, _Plain, gaps=True)


def _turned(html: str, kind: type[_Markdown], *, gaps: bool = False) -> Turned:
    formulas: list[str] = []

    def kept(found: re.Match[str]) -> str:
        formula = next(group for group in found.groups() if group is not None)
        formulas.append(" ".join(unescape(_TAG.sub(" ", formula)).split()))
        return f"{MATHS_MARK}{len(formulas) - 1}{MATHS_MARK}"

    html = re.sub(f"[{GAP_MARK}{MATHS_MARK}{BREAK_MARK}]", "", printable(_NUMBERED.sub(_letter, html)))
    html = _MATHS.sub(kept, _SOUND.sub(_as_picture, _SPEECH.sub("", html)))
    soup = _soup(html)
    hidden = _take_gaps(soup, formulas) if gaps else ()
    media: list[str] = []
    try:
        text = kind(media).convert_soup(soup)
    except RecursionError:
        raise Unreadable from None
    text = re.sub(f"(?<=\\S){BREAK_MARK}\\n(?=[^\\s{BREAK_MARK}])", kind.BREAK, text).replace(BREAK_MARK, "")
    if gaps:  # no other run of underscores may look like one
        text = re.sub(r"_{3,}", "__", text).replace(GAP_MARK, "___")
    text = _KEPT.sub(_formula_in(formulas), text)
    lines = (line.rstrip() for line in printable(text).translate(_SPACES).split("\n"))
    return Turned(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), media, hidden)


def _soup(html: str) -> BeautifulSoup:
    if html.count("<") > MOST_TAGS:
        raise Unreadable
    soup = BeautifulSoup(html, "html.parser")
    for gone in soup.find_all(_UNWANTED):
        gone.decompose()
    for note in soup.find_all(string=lambda text: isinstance(text, PreformattedString)):
        note.extract()  # comments, doctypes, processing instructions
    if any(len(list(islice(tag.parents, DEEPEST + 1))) > DEEPEST for tag in soup.find_all(True)):
        raise Unreadable
    return soup


def _letter(found: re.Match[str]) -> str:
    """What a number stands for, before anything is looked for in the text; what HTML gives a meaning stays as it is."""
    letter = unescape(found[0])
    return found[0] if letter in "<>&\"'" else letter


def _as_picture(found: re.Match[str]) -> str:
    return f'<img data-sound src="{quote(unescape(found[1]).strip())}">'


def _take_gaps(soup: BeautifulSoup, formulas: list[str]) -> tuple[str, ...]:
    hidden = []
    for cloze in soup.select("span.cloze[data-cloze]"):
        inner = _KEPT.sub(lambda found: f"\\({escape(formulas[int(found[1])])}\\)", str(cloze["data-cloze"]))
        hidden.append(plain(inner).text)
        hint = cloze.get_text().strip().removeprefix("[").removesuffix("]").strip()
        cloze.replace_with(GAP_MARK if hint in ("...", "") else f"{GAP_MARK} ({hint})")
    return tuple(hidden)


def _formula_in(formulas: list[str]) -> Callable[[re.Match[str]], str]:
    def written(found: re.Match[str]) -> str:
        formula = formulas[int(found[1])]
        if "$" in formula or not _TELLTALE.search(formula):
            return formula
        # One dollar closes no formula before a letter or a digit; two do.
        dollars = "$$" if re.match(r"[\w{]", found[2]) else "$"
        return f"{dollars}{formula}{dollars}"

    return written


class _Markdown(MarkdownConverter):
    """markdownify, with pictures named and with no link but to https."""

    class Options:
        heading_style = "ATX"
        bullets = "-"
        escape_misc = True

    BREAK = "\\\\\n"  # as re.sub reads it

    def __init__(self, media: list[str]) -> None:
        super().__init__()
        self._media = media

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        name = unquote(str(el.get("src") or "")).strip()
        kind = "sound" if el.has_attr("data-sound") else "picture"
        if not name or "/" in name or ":" in name:  # somewhere on the web, or in the HTML itself
            return f"[{kind}: {' '.join(str(el.get('alt') or 'not in the deck').split())}]"
        self._media.append(name)
        return f"[{kind}: {' '.join(name.split())}]"

    def convert_br(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if "pre" in parent_tags:
            return "\n"
        return " " if "_inline" in parent_tags else f"{BREAK_MARK}\n"

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if not str(el.get("href") or "").startswith("https://"):
            return text
        return str(super().convert_a(el, text, parent_tags))  # type: ignore[misc]  # its stubs have no converters


class _Plain(_Markdown):
    """A prompt is shown as it is written, so that marks would only be in the way."""

    def escape(self, text: str, parent_tags: set[str]) -> str:
        return text

    BREAK = "\n"

    def _bare(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return text

    convert_a = convert_b = convert_strong = convert_em = convert_i = convert_del = convert_s = _bare
