"""How far a long command is, on stderr: one line that is written over on a terminal, a line each elsewhere."""

from __future__ import annotations

import sys


class Progress:
    def __init__(self) -> None:
        self._over = sys.stderr.isatty()
        self._longest = 0

    def say(self, text: str) -> None:
        if not self._over:
            print(text, file=sys.stderr, flush=True)
            return
        self._longest = max(self._longest, len(text))
        print(f"\r{text:<{self._longest}}", end="", file=sys.stderr, flush=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._over and self._longest:
            print(f"\r{'':<{self._longest}}\r", end="", file=sys.stderr, flush=True)
