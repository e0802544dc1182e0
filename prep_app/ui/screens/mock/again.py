"""A mock that waits to be marked, taken up again."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.screen import Screen

from prep_app.practice.mock_kept import Data, answers
from prep_app.ui.desk import Desk
from prep_app.ui.screens.mock.judging import Judging

if TYPE_CHECKING:
    from prep_app.ui.app import PrepApp


def mark_on(screen: Screen[None], desk: Desk, kept: Data) -> None:
    """Go on marking over `screen`; code that had not run runs now."""
    from prep_app.ui.screens.mock.marking import MarkingScreen

    held = answers(kept, desk.library)
    if held is None:
        screen.notify("Its cards are gone from the packs, or ask something else now", markup=False)
        return
    judging = Judging(cast("PrepApp", screen.app), held)
    for place, item in enumerate(held.items):
        if item.pending:
            judging.later(place, item.typed)
    screen.app.push_screen(MarkingScreen(desk, held, judging, again=True))
