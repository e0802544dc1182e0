"""Lines of text to and from a person or a pipe: no cursor is moved, no colour is set."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import TextIO

from prep_app.commands.plain.text import INDENT
from prep_app.text import printable

WIDEST = 100  # columns of a terminal that are used


class Left(Exception):
    """The learner is going, or there is no more input."""


class Lines:
    def __init__(self, words: TextIO) -> None:
        """`words` is where the learner's lines come from."""
        self._words = words
        self._at_a_keyboard = words.isatty()
        self._width = min(WIDEST, shutil.get_terminal_size().columns) if sys.stdout.isatty() else 0

    def say(self, *texts: str) -> None:
        """Print; a terminal's lines are folded between words, a pipe's are left whole."""
        for text in texts:
            for line in text.split("\n"):
                fits = not self._width or len(line) <= self._width or line.startswith(INDENT)
                folded = [line] if fits else textwrap.wrap(line, self._width, break_long_words=False)
                print(*folded, sep="\n", flush=True)

    def read(self) -> str:
        """The next line. Raises Left when there is none."""
        if self._at_a_keyboard:
            print("> ", end="", flush=True)
        line = self._words.readline()
        if not line:
            raise Left
        return printable(line.rstrip("\r\n"))
