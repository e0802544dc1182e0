"""Keys that come before the screen they are for, twice, or in a window with no room: none of them ends the app."""

from __future__ import annotations

import pytest
from textual import events

from tests.ui.conftest import Learner, Opened


async def at_once(learner: Learner, *keys: str) -> None:
    """Press keys as fast as a paste or a held key does: nothing is drawn in between."""
    for key in keys:
        event = events.Key(key, key if len(key) == 1 else None)
        event.set_sender(learner.app)
        learner.app.post_message(event)
    await learner.pilot.pause()


@pytest.mark.parametrize("key", ["ctrl+p", "slash"])
async def test_a_screen_that_is_closed_twice_takes_no_other_away(opened: Opened, key: str) -> None:
    """As a second enter does that comes before the first has had its effect."""
    async with opened() as learner:
        await learner.press("l")
        below = learner.app.screen
        await learner.press(key)
        top = learner.app.screen
        top.dismiss()
        top.dismiss()
        await learner.pilot.pause()
        assert learner.app.screen is below
        below.dismiss()
        below.dismiss()
        await learner.pilot.pause()
        assert learner.screen == "HomeScreen"
        assert learner.app._exception is None


async def test_lists_without_a_line_in_sight_take_their_keys(opened: Opened) -> None:
    async with opened((20, 4)) as learner:
        await learner.press("l")
        await learner.press("pagedown", "pageup", "end", "home", "pagedown", "escape")
        await learner.press("ctrl+p", "pageup", "pagedown", "down", "pageup", "escape")
        assert learner.app._exception is None


async def test_keys_after_the_one_that_leaves_do_nothing(opened: Opened) -> None:
    async with opened() as learner:
        await at_once(learner, "q", "question_mark", "l", "enter")
        await learner.until(lambda: learner.app.return_code is not None)
        assert learner.app._exception is None
        assert learner.app.return_code == 0
