"""A learner in Browse: what the tests of it share."""

from __future__ import annotations

from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.settings import Settings
from prep_app.ui.screens.browse.card_list import CardList
from prep_app.ui.screens.browse.screen import BrowseScreen
from tests.ui.conftest import Learner

KEYS = {
    " ": "space",
    ":": "colon",
    "-": "minus",
    '"': "quotation_mark",
    "_": "underscore",
    "*": "asterisk",
    "/": "slash",
    "?": "question_mark",
}


def browsing(learner: Learner) -> BrowseScreen:
    screen = learner.app.screen
    assert isinstance(screen, BrowseScreen)
    return screen


async def browse(learner: Learner, text: str = "", *more: str) -> BrowseScreen:
    """Open Browse from Home, type `text`, wait for what it finds, and press `more`."""
    await learner.press("b")
    await learner.until(lambda: learner.screen == "BrowseScreen")
    screen = browsing(learner)
    await seek(learner, text)
    await learner.press(*more)
    return screen


async def seek(learner: Learner, text: str) -> None:
    await learner.press(*(KEYS.get(letter, letter) for letter in text))
    await settled(learner)


async def settled(learner: Learner) -> None:
    """Wait until the list answers what stands in the input."""
    screen = browsing(learner)
    typed = screen.query_one("#sought")
    await learner.until(lambda: not screen._searching and screen._shown == typed.value)  # type: ignore[attr-defined]
    await learner.pilot.pause()


def listed(learner: Learner) -> CardList:
    return learner.app.screen.query_one(CardList)


def on_disk(home: Home) -> Memory:
    """What a second program reads from the files now."""
    return Memory.open(home, Settings())
