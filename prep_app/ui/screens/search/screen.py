"""Find a card by any word in it, and practise it without touching the schedule."""

from __future__ import annotations

import asyncio

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalGroup
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from prep_app.content.model import Card, CardId
from prep_app.ui.desk import Desk, now
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.key_line import KeyLine

SHOWN = 40  # more than anyone scrolls through


class SearchScreen(ModalScreen[None]):
    CSS_PATH = "../modal.tcss"
    DEFAULT_CLASSES = "modal"
    BINDINGS = [
        Binding("escape", "close", "Close"),
        Binding("down", "into_list", "Results", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.texts = {card.id: searchable(card) for card in desk.library.cards.values()}

    def compose(self) -> ComposeResult:
        with VerticalGroup(classes="box"):
            yield Input(placeholder="Any words: merge bf16, fisher, rank …")
            yield OptionList(id="found", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        self._find("")

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        self._find(message.value)

    def _find(self, text: str) -> None:
        words = text.casefold().split()
        found = [
            self.desk.library.cards[card]
            for card, haystack in self.texts.items()
            if all(word in haystack for word in words)
        ]
        options = self.query_one("#found", OptionList)
        options.clear_options()
        options.add_options(
            [
                Option(
                    Content.assemble((f"{card.question:<4} ", QUIET), " ".join(card.prompt.split())),
                    id=card.id,
                )
                for card in found[:SHOWN]
            ]
        )
        if not found:
            options.add_option(Option(Content("No card holds all these words."), disabled=True))

    @on(Input.Submitted)
    async def _first(self) -> None:
        options = self.query_one("#found", OptionList)
        if options.option_count:
            option = options.get_option_at_index(options.highlighted or 0)
            if option.id:
                await self._practise(CardId(option.id))

    @on(OptionList.OptionSelected)
    async def _selected(self, message: OptionList.OptionSelected) -> None:
        if message.option.id:
            await self._practise(CardId(message.option.id))

    def action_into_list(self) -> None:
        self.query_one("#found", OptionList).focus()

    def action_close(self) -> None:
        self.dismiss()

    async def _practise(self, card: CardId) -> None:
        from prep_app.practice.session import Session
        from prep_app.ui.screens.study.screen import StudyScreen

        desk = self.desk
        session = await asyncio.to_thread(
            lambda: Session.start(desk.library, desk.memory, desk.settings, clock=now, cards=(card,), practice=True)
        )
        self.app.switch_screen(StudyScreen(desk, session))


def searchable(card: Card) -> str:
    extra = card.body.key_points if card.body.kind == "recall" else tuple(option.text for option in card.body.options)
    return " ".join((card.id, card.question, card.topic, card.prompt, card.answer, *extra)).casefold()
