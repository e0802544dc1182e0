"""Words as they are compared: case, spelling of symbols and inflection do not count. Nothing leaves the machine."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import snowballstemmer

MOST = 0.6  # of a text's telling words, to have said it
SHORTEST_ROOT = 4  # letters of a word that may begin a longer one
LONGEST = 20_000  # characters of an answer that are read
_WORD = re.compile(r"[0-9]+(?:\.[0-9]+)?|[^\W\d_]+[0-9]*")
_SPELT = {
    "λ": "lambda",  # Unicode's name for it is lamda
    "Λ": "lambda",
    "×": "x",
    "·": " ",
    "√": " sqrt ",
    "∑": "sum",
    "−": "-",
    "‑": "-",
    "’": "'",
    "%": " percent ",
    "=": " equals ",
}
_COMMON = frozenset(
    """
    a an and are as at be but by can do does for from has have if in into is it its no not of on only or so than that
    the their them then there they this to was were what when which while who will with you your one all each more
    most other some such same also both once
    """.split()  # noqa: SIM905 - a word a line would hide them
)
_STEMMER = snowballstemmer.stemmer("english")


def plain(text: str) -> str:
    """`text` folded: case, width, accents and the spelling of symbols."""
    spelt = "".join(map(_spelt, text[:LONGEST]))
    folded = unicodedata.normalize("NFKD", spelt).casefold()
    return "".join(each for each in folded if not unicodedata.combining(each))


@lru_cache(maxsize=1024)
def _spelt(character: str) -> str:
    """What is typed in several ways in one: α as alpha, × as x."""
    if character in _SPELT:
        return _SPELT[character]
    name = unicodedata.name(character, "")
    if name.startswith("GREEK ") and " LETTER " in name:
        return name.split(" LETTER ")[1].split(" ")[0].lower()
    return character


@lru_cache(maxsize=256)
def stems(text: str) -> frozenset[str]:
    """The stems of the words in `text`."""
    return frozenset(_stem(word) for word in _WORD.findall(plain(text)))


def holds(said: frozenset[str], phrase: str) -> bool:
    """Whether all words of `phrase` were said, be it in a longer form: slow, slower."""
    wanted = stems(phrase)
    return bool(wanted) and all(word in said or _begins_one(word, said) for word in wanted)


def most_of(said: frozenset[str], text: str) -> bool:
    """Whether most of the telling words of `text` were said."""
    wanted = {_stem(word) for word in _WORD.findall(plain(text)) if word not in _COMMON}
    return bool(wanted) and len(wanted & said) >= MOST * len(wanted)


def _begins_one(word: str, said: frozenset[str]) -> bool:
    return len(word) >= SHORTEST_ROOT and any(other.startswith(word) for other in said)


@lru_cache(maxsize=4096)
def _stem(word: str) -> str:
    # British and American spellings of -ise meet: quantise, quantize.
    stem: str = _STEMMER.stemWord(re.sub(r"is(e[ds]?|ing|ation)$", r"iz\1", word) if len(word) > 6 else word)
    return stem
