"""Browse: words and filters above, the cards found beside the one under the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static

from prep_app.content.model import Card, CardId
from prep_app.content.query import Filter, with_filter
from prep_app.content.search import Abandoned
from prep_app.memory.days import now
from prep_app.memory.types import New
from prep_app.practice.browse import Browse, Finding
from prep_app.ui import keys
from prep_app.ui.desk import Desk
from prep_app.ui.screens.browse import words
from prep_app.ui.screens.browse.card_list import CardList
from prep_app.ui.screens.browse.preview import Preview
from prep_app.ui.screens.browse.right import demo_of, example
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from prep_app.ui.app import PrepApp

HINT = 'any words, "a phrase", kind:numeric, is:due, -not'
ON_A_CARD = {"practise_one", "practise_all", "suspend", "mark", "reset", "demo", "edit"}
IN_THE_LIST = {"filter", "undo", "into_input", "close", "page"}


class Sought(Input):
    BINDINGS = keys.BROWSE_INPUT


class BrowseScreen(ClosesOnce, Screen[None]):
    CSS_PATH = "browse.tcss"
    BINDINGS = keys.BROWSE
    AUTO_FOCUS = "#sought"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.browse: Browse | None = None
        self.finding: Finding | None = None  # what is listed, of this desk's library
        self._latest = self._indexed = desk  # whose library is to be searched, and whose is
        self._share = 0.0  # of the cards that are in the index by now
        self._wanted: tuple[Desk, Browse, str, int] | None = None  # what is to be searched for
        self._shown: str | None = None  # what the list answers
        self._turn = 0  # raised to search for the same words again
        self._searching = False
        self._practised = False  # since the list was drawn

    def compose(self) -> ComposeResult:
        with Horizontal(classes="top"):
            yield Static("browse", classes="name", markup=False)
            yield Static("every card", classes="said", markup=False)
        yield Sought(id="sought", placeholder=HINT)
        with Container(id="body"):
            with Vertical(id="found"):
                yield CardList()
                yield Static(id="none", markup=False)
            yield Preview()
        yield Static(id="status", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        for node in (self, self.query_one(Sought), self.query_one(CardList)):
            keys.remap(node, self.desk.settings.keys)
        self.library_changed(self.desk)

    async def on_unmount(self) -> None:
        if self.browse is not None:
            await asyncio.to_thread(self.browse.close)

    def library_changed(self, desk: Desk) -> None:
        """Search in a library that was edited meanwhile."""
        self._latest, self._share = desk, 0.0
        self.run_worker(self._open_index(desk), group="index", exclusive=True)

    async def _open_index(self, desk: Desk) -> None:
        def watch(done: int, total: int) -> bool:
            self._share = done / total
            return not self.gone and self._latest is desk

        drawing = self.set_interval(0.1, self._draw_status)
        try:
            held = desk.library, desk.memory, desk.settings, desk.home.cache
            browse = await asyncio.to_thread(Browse.open, *held, watch)
        except Abandoned:
            return
        finally:
            drawing.stop()
        before, self.browse, self._indexed = self.browse, browse, desk
        self.search()
        if before is not None:
            await asyncio.to_thread(before.close)

    # Searching

    @on(Sought.Changed)
    def search(self) -> None:
        """Search for what stands in the input."""
        if self.browse is not None and not self.gone:
            self._wanted = self._indexed, self.browse, self.query_one(Sought).value, self._turn
            if not self._searching:
                self._searching = True
                self.run_worker(self._search())

    async def _search(self) -> None:
        """Answer what is wanted last; what was typed and changed again while one search ran is never looked for."""
        answered = None
        try:
            while self._wanted is not None and self._wanted != answered:
                answered = self._wanted
                desk, browse, text, _ = answered
                finding = await asyncio.to_thread(browse.find, text, now())
        finally:
            self._searching = False
        if answered is not None and not self.gone:
            self.desk, self.finding = desk, finding
            keep, self._shown = text == self._shown, text
            self._draw(finding, keep=keep)

    def on_screen_resume(self) -> None:
        if self._practised and self.browse is not None:
            self._practised = False
            self.browse.leave()
            self._turn += 1
            self.search()

    def _draw(self, finding: Finding, *, keep: bool) -> None:
        listed = self.query_one(CardList)
        listed.show(finding.cards, finding.standings, keep=keep)
        self.query_one("#found").set_class(not finding.cards, "-none")
        self.query_one("#none", Static).update(Content(f"Nothing found. {finding.why}"))
        if not finding.cards:
            self.query_one(Preview).clear()
            if listed.has_focus:
                self.action_into_input()
        self._draw_status()
        self.refresh_bindings()

    def _draw_status(self) -> None:
        if self.gone:
            return
        browse, finding = self.browse, self.finding
        said = words.tally(finding, browse.size) if browse and finding else words.indexing(self._share)
        self.query_one("#status", Static).update(said)

    def on_resize(self) -> None:
        self.call_after_refresh(self._redraw)  # once the list knows its new width

    def _redraw(self) -> None:
        if self.finding is not None and not self.gone:
            self.query_one(CardList).draw()

    @on(OptionList.OptionHighlighted)
    def _read(self) -> None:
        listed = self.query_one(CardList)
        card = listed.card
        if card is not None:
            self.query_one(Preview).show(card, listed.standings[card.id], demo_of(card, self.desk.library))

    # Where the keys go

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        listed = self.focused if isinstance(self.focused, CardList) else None
        if action in ON_A_CARD:
            card = listed.card if listed is not None else None
            return card is not None and (action != "demo" or demo_of(card, self.desk.library) is not None)
        if action in IN_THE_LIST:
            return listed is not None
        return True

    @on(Sought.Submitted)
    def action_into_list(self) -> None:
        listed = self.query_one(CardList)
        if listed.cards:
            listed.focus()

    @on(CardList.Left)
    def action_into_input(self) -> None:
        self.query_one(Sought).focus()

    def action_back(self) -> None:
        sought = self.query_one(Sought)
        if not sought.has_focus:
            sought.focus()
        elif sought.value:
            sought.value = ""
        else:
            self.action_close()

    def action_close(self) -> None:
        if self.is_current:
            self.dismiss()

    def action_page(self, step: int) -> None:
        self.query_one(Preview).page(step)

    async def action_filter(self) -> None:
        from prep_app.ui.screens.browse.filters import FilterScreen

        sought = self.query_one(Sought)

        def chosen(wanted: Filter | None) -> None:
            if wanted is not None:
                sought.value = with_filter(sought.value, wanted)

        if self.browse is not None and self.finding is not None:
            choices = await asyncio.to_thread(self.browse.choices, now())
            if not self.is_current:
                return  # the key was pressed twice
            self.app.push_screen(FilterScreen(self.desk, choices, self.finding.filters), chosen)

    # Practising

    @on(CardList.Chosen)
    async def action_practise_one(self) -> None:
        card = self.query_one(CardList).card
        if card is not None:
            await self._practise((card.id,))

    async def action_practise_all(self) -> None:
        await self._practise(tuple(card.id for card in self.query_one(CardList).cards))

    async def _practise(self, cards: tuple[CardId, ...]) -> None:
        from prep_app.practice.session import Session
        from prep_app.ui.screens.study.screen import StudyScreen

        desk = self.desk
        session = await asyncio.to_thread(
            lambda: Session.start(desk.library, desk.memory, desk.settings, clock=now, cards=cards, practice=True)
        )
        if self.is_current:
            self._practised = True
            self.app.push_screen(StudyScreen(desk, session))

    async def action_demo(self) -> None:
        from prep_app.lab.catalogue import find
        from prep_app.ui.screens.bench.screen import BenchScreen

        card = self.query_one(CardList).card
        link = (example(card).demo or demo_of(card, self.desk.library)) if card is not None else None
        if link is not None:
            demo = await asyncio.to_thread(find, link.name)
            if self.is_current:
                self.app.push_screen(BenchScreen(self.desk, link, demo, cast("PrepApp", self.app).lab))

    async def action_edit(self) -> None:
        from prep_app.content.library import builtin_folders, folders_for
        from prep_app.content.place import place_of
        from prep_app.ui.editor import edit

        card, app = self.query_one(CardList).card, cast("PrepApp", self.app)
        if card is None:
            return
        place = await asyncio.to_thread(place_of, card, folders_for(self.desk.home, app.packs))
        if place is None:
            self.notify("No file of a pack holds this card any more", markup=False)
            return
        edit(app, place.path, place.line)  # what was changed there shows by itself
        if place.path.parent in builtin_folders():
            self.notify("That pack comes with prep: an update replaces it. Yours: prep new-pack DIR", markup=False)

    # Changing a card; all of it is on disk before it shows

    async def action_suspend(self) -> None:
        await self._change(words.suspend)

    async def action_mark(self) -> None:
        await self._change(words.mark)

    def action_reset(self) -> None:
        from prep_app.ui.screens.browse.reset import ResetScreen

        def answered(sure: bool | None) -> None:
            if sure:
                self.run_worker(self._change(words.reset))

        listed = self.query_one(CardList)
        card = listed.card
        if card is not None and isinstance(listed.standings[card.id].memory, New):
            self.notify("It is new already", markup=False)
        elif card is not None and self.is_current:
            self.app.push_screen(ResetScreen(self.desk, card), answered)

    async def action_undo(self) -> None:
        undone = await asyncio.to_thread(self.browse.undo, now()) if self.browse is not None else None
        if undone is None:
            self.notify("Nothing to take back here", markup=False)
        else:
            self.notify(f"Taken back: {undone}", markup=False)
            self._restand(undone)

    async def _change(self, change: Callable[[Browse, Card], str]) -> None:
        card = self.query_one(CardList).card
        if card is not None and self.browse is not None:
            said = await asyncio.to_thread(change, self.browse, card)
            self.notify(f"{said}; u takes it back", markup=False)
            self._restand(card.id)

    def _restand(self, card_id: CardId) -> None:
        """Show how a card stands now, where it is listed."""
        listed = self.query_one(CardList)
        card = next((card for card in listed.cards if card.id == card_id), None)
        if card is not None and self.browse is not None:
            listed.change(card, self.browse.standing(card, now()))
            self._read()
