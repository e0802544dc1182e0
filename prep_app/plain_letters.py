"""For terminals and pipes without Unicode: what they cannot show is written in letters that they can."""

from __future__ import annotations

import codecs
import io
import unicodedata
from typing import TextIO

NAME = "prep.letters"
_LETTERS = {"✓": "yes", "✗": "NO", "○": "o", "●": "*", "•": "-", "·": "-", "–": "-", "—": "-", "−": "-", "×": "x"}
_LETTERS |= {"→": "->", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "…": "...", "«": '"', "»": '"', "’": "'", "⋅": "*"}
_LETTERS |= {"─": "-", "━": "=", "╌": ".", "│": "|", "┼": "+", "α": "alpha", "β": "beta", "λ": "lambda", "Δ": "Delta"}


def speak_plainly(*streams: TextIO) -> None:
    """Have these streams write what their encoding lacks in letters that it has, instead of ending the program."""
    codecs.register_error(NAME, _written)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors=NAME)


def _written(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_LETTERS.get(letter) or _ascii(letter) for letter in lacking), error.end


def _ascii(letter: str) -> str:
    return unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode() or "?"
