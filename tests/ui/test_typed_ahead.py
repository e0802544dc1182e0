"""Keys that come before the screen they are for, twice, or in a window with no room: none of them ends the app."""

from __future__ import annotations

import time

import pytest
from textual import events
from textual.widgets import _toast as shown

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


async def test_a_toast_whose_time_runs_out_as_it_is_shown_does_not_hang_the_app(opened: Opened) -> None:
    async with opened() as learner:
        learner.app.notify("nearly over", timeout=1e9)
        await learner.pilot.pause()
        (note,) = learner.app._notifications
        note.timeout = time.time() - note.raised_at - 1e-4  # the moment between asking whether it is over and the timer
        assert note.has_expired
        assert shown.Toast(note)._timeout > 0
