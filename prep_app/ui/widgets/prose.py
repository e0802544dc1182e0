"""Markdown from a pack. Links open nothing by themselves: https only, and only after asking. Its looks: app.tcss."""

from __future__ import annotations

from markdown_it import MarkdownIt
from textual import on
from textual.widgets import Markdown

from prep_app.ui.screens.confirm_link.screen import ConfirmLinkScreen


class Prose(Markdown):
    def __init__(self, text: str) -> None:
        super().__init__(text, open_links=False, parser_factory=_parser)

    @on(Markdown.LinkClicked)
    def _ask_before_opening(self, message: Markdown.LinkClicked) -> None:
        message.stop()
        if not message.href.startswith("https://"):
            self.notify(f"Not opened: {message.href} (https links only)", markup=False)
            return
        self.app.push_screen(ConfirmLinkScreen(message.href))


def _parser() -> MarkdownIt:
    """As Textual's own, but <pad> and setup.py are words, not HTML to leave out and an address in Paraguay."""
    parser = MarkdownIt("gfm-like", {"html": False})
    if parser.linkify is not None:
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    return parser
