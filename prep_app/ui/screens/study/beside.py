"""The card, and beside it the demo that proves its answer; below it where there is no room beside."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.screen import Screen

from prep_app.content.model import DemoLink
from prep_app.memory.days import now
from prep_app.practice.demo_runs import keep_run
from prep_app.ui.desk import Desk
from prep_app.ui.export import export
from prep_app.ui.screens.closes_once import SaysErrors
from prep_app.ui.screens.study.card_page import CardPage
from prep_app.ui.widgets.demo_pane import DemoPane

if TYPE_CHECKING:
    from prep_app.lab.catalogue import Demo
    from prep_app.ui.app import PrepApp


class Beside(SaysErrors, Container):
    """Posts `Proved` when a run has said something of the card's claims."""

    class Proved(Message):
        pass

    def __init__(self, desk: Desk, page: CardPage) -> None:
        super().__init__(id="body")
        self.desk = desk
        self.page = page
        self.pane: DemoPane | None = None

    def compose(self) -> ComposeResult:
        yield self.page

    async def open(self, link: DemoLink) -> None:
        """Run a demo beside the card, in the place of any other."""
        self.close()
        app = cast("PrepApp", self.app)
        self.pane = pane = DemoPane(link, await self._demo(link), app.lab, wanted_keys=app.settings.keys)
        await self.mount(pane)
        if self.pane is pane:  # it may have been closed meanwhile
            pane.focus()

    async def open_lab(self, link: DemoLink) -> None:
        from prep_app.ui.screens.bench.screen import BenchScreen

        self.close()
        demo = await self._demo(link)
        self.app.push_screen(BenchScreen(self.desk, link, demo, cast("PrepApp", self.app).lab))

    async def prepare(self, link: DemoLink) -> None:
        """Have the lab import what a demo needs beside torch."""
        if (await self._demo(link)).imports:
            await cast("PrepApp", self.app).lab.prepare(link.name)

    def close(self) -> None:
        if self.pane is not None:
            self.pane.display = False  # out of sight at once; its many widgets go when there is time
            self.call_after_refresh(self.pane.remove)
            self.pane = None

    @staticmethod
    async def _demo(link: DemoLink) -> Demo:
        from prep_app.lab.catalogue import find

        return await asyncio.to_thread(find, link.name)

    @on(DemoPane.Closed)
    def _done_with(self) -> None:
        self.close()

    @on(DemoPane.Finished)
    async def _run_over(self, message: DemoPane.Finished) -> None:
        if await asyncio.to_thread(keep_run, self.desk.memory, message.run, now()):
            self.post_message(self.Proved())

    @on(DemoPane.Exported)
    async def _keep(self, message: DemoPane.Exported) -> None:
        await export(cast("Screen[None]", self.screen), self.desk, message.run)
