"""What a learner types to find cards, taken apart. Anything may be typed; nothing raises.

Words must all occur, each as the beginning of a word; "words in quotes" as they stand; `kind:numeric` and its like
filter; a minus before any of them leaves out. A word is what lies between spaces: `r=16`, `4-bit` and `lora_alpha` are
looked for as their parts beside each other, so that `r = 16` is found too.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from prep_app.text import printable

FILTERS = ("kind", "topic", "question", "tag", "is", "demo")
LONGEST = 400  # characters that are read; more is a paste gone wrong
MOST = 24  # words and filters, because the index's own parser has a limit
_PART = re.compile(r'(-?)(?:([A-Za-z]+):(?=\S))?(?:"([^"]*)("?)|(\S+))')


@dataclass(frozen=True, slots=True)
class Word:
    """Something that must occur, or with `without` must not; with `begins` its last part may go on."""

    text: str
    begins: bool = True
    without: bool = False

    def __str__(self) -> str:
        shown = self.text if self.begins else f'"{self.text}"'
        return f"-{shown}" if self.without else shown

    @property
    def match(self) -> str:
        """The word in the index's syntax, where it can mean nothing but itself."""
        text = self.text.replace('"', '""')
        return f'"{text}"*' if self.begins else f'"{text}"'


@dataclass(frozen=True, slots=True)
class Filter:
    """`name:value`; a value in quotes is meant `exact`ly."""

    name: str
    value: str
    exact: bool = False
    without: bool = False

    def __str__(self) -> str:
        value = f'"{unquoted(self.value)}"' if self.exact else self.value
        return f"{'-' if self.without else ''}{self.name}:{value}"


@dataclass(frozen=True, slots=True)
class Query:
    words: tuple[Word, ...] = ()
    filters: tuple[Filter, ...] = ()
    notes: tuple[str, ...] = ()  # what could not be understood, a line each

    @property
    def parts(self) -> tuple[Word | Filter, ...]:
        return (*self.words, *self.filters)

    @property
    def match(self) -> str:
        """All wanted words, in the index's syntax; "" where there are none."""
        return " AND ".join(word.match for word in self.words if not word.without)

    @property
    def unwanted(self) -> str:
        return " OR ".join(word.match for word in self.words if word.without)


def parse(text: str) -> Query:
    text = clean(text)[:LONGEST]
    words: list[Word] = []
    filters: list[Filter] = []
    notes: list[str] = []
    for found in _PART.finditer(text):
        if len(words) + len(filters) == MOST:
            notes.append(f"only the first {MOST} words count")
            break
        sign, name, quoted, closed, bare = found.groups()
        value, without = (bare if quoted is None else quoted).strip(), bool(sign)
        if name and name.lower() in FILTERS:
            if value:
                filters.append(Filter(name.lower(), value, quoted is not None, without))
            continue
        if value.endswith(":") and value[:-1].lower() in FILTERS:
            continue  # its value is still to be typed
        if name and not value.startswith("//"):
            notes.append(f"{name}: is no filter; filters are {', '.join(FILTERS)}")
        if name:
            value = f"{name}:{value}"
        if is_searchable(value):
            words.append(Word(value, begins=not closed, without=without))
        elif value not in ("", "-"):
            notes.append(f"{value} holds no letter or digit to look for")
    return Query(tuple(words), tuple(filters), tuple(dict.fromkeys(notes)))


def with_filter(text: str, wanted: Filter) -> str:
    """Write `wanted` into what was typed, instead of a filter of that name; taken out again where it stands already."""
    kept, stood = [], False
    for found in _PART.finditer(clean(text)):
        held = parse(found.group()).filters
        if not held or held[0].name != wanted.name or held[0].without:
            kept.append(found.group())
        else:
            stood = stood or held[0] == wanted
    return " ".join(kept if stood else [*kept, str(wanted)])


def unquoted(text: str) -> str:
    """A value as it can be written between quotes."""
    return text.replace('"', "")


def clean(text: str) -> str:
    """Return `text` without what no index could hold: control characters and halves of characters."""
    return printable(text).encode("utf-8", "ignore").decode()


def is_searchable(text: str) -> bool:
    """Whether the index would see anything in `text`: letters, digits and their like."""
    return any(unicodedata.category(character)[0] in "LN" for character in text)
