"""A list of options that may be paged through in a window too small to show any of it."""

from __future__ import annotations

from typing import Literal

from textual.widgets import OptionList


class SteadyList(OptionList):
    def _move_page(self, direction: Literal[-1, 1]) -> None:
        if self.scrollable_content_region:  # Textual 8.2 looks for the line of an option, and there is none (KeyError)
            super()._move_page(direction)
