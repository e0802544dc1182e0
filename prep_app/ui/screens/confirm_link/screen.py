"""Ask before a link from a pack leaves the terminal."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalGroup
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.widgets.key_line import KeyLine


class ConfirmLinkScreen(ClosesOnce, ModalScreen[None]):
    CSS_PATH = "../modal.tcss"
    DEFAULT_CLASSES = "modal"
    BINDINGS = [Binding("enter,y", "open", "Open in the browser"), Binding("escape,n,q", "close", "Stay here")]

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def compose(self) -> ComposeResult:
        with VerticalGroup(classes="box"):
            yield Static("Open this link in your browser?", markup=False)
            yield Static(Content(self.url), markup=False)
        yield KeyLine()

    def action_open(self) -> None:
        self.app.open_url(self.url)
        self.dismiss()

    def action_close(self) -> None:
        self.dismiss()
