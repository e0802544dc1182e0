"""Keys pressed faster than anything is drawn, everywhere at once: the app never ends, and no grade is lost."""

from __future__ import annotations

import random

import pytest

from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.ui.conftest import Opened

KEYS = [
    *"1234 dddlfhuiprsoebgqtxmjk",
    "space",
    "space",
    "enter",
    "escape",
    "escape",
    "right",
    "down",
    "tab",
    "slash",
    "question_mark",
    "shift+down",
    "ctrl+r",
]


@pytest.mark.parametrize("seed", range(2))
async def test_hurried_keys_never_end_the_app(opened: Opened, home: Home, seed: int) -> None:
    draw = random.Random(seed)
    size = draw.choice([(60, 20), (80, 24), (120, 40)])
    async with opened(size) as learner:
        for _ in range(70):
            if learner.screen == "HomeScreen":
                await learner.pilot.press(draw.choice(["enter", "enter", "l", "b", "s", "t", "i"]))
            key = draw.choice(KEYS)
            if learner.screen == "HomeScreen" and key in ("q", "escape"):
                continue  # that is how one leaves
            await learner.pilot.press(key)
            if draw.random() < 0.3:
                await learner.pilot.pause(draw.random() * 0.15)
        assert learner.app.is_running
        assert learner.app._exception is None
    memory = Memory.open(home, Settings())
    memory.reviews()  # the journal is sound
    memory.close()
