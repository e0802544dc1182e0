"""How the screens look: their text at three sizes, and enough contrast in both themes."""

from __future__ import annotations

import pytest
from rich.color import Color
from syrupy.assertion import SnapshotAssertion

from prep_app.ui.screens.browse.preview import NARROW
from tests.ui.conftest import Learner, Opened

SIZES = [(60, 20), (80, 24), (120, 40)]
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3, for text of ordinary size


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_first_session_looks_as_it_did(
    opened: Opened, snapshot: SnapshotAssertion, size: tuple[int, int]
) -> None:
    async with opened(size) as learner:
        assert learner.reads() == snapshot(name="home")
        await learner.press("slash", *"rank")
        await found(learner, "rank")
        assert learner.reads() == snapshot(name="browse")
        await learner.press("escape", "escape", "enter")
        assert learner.reads() == snapshot(name="question")
        await learner.press("space")
        assert learner.reads() == snapshot(name="answer")


@pytest.mark.parametrize("theme", ["prep-dark", "prep-light"])
async def test_every_word_can_be_read_on_its_ground(opened: Opened, theme: str) -> None:
    async with opened((120, 40)) as learner:
        learner.app.theme = theme
        await learner.pilot.pause()
        faint = dict(pale(learner))
        await learner.press("b", *"lora")
        await found(learner, "lora")
        await learner.press("down")
        faint |= pale(learner)
        await learner.press("escape", "escape", "escape", "enter")
        faint |= pale(learner)
        await learner.press("space", "enter", "d")
        await learner.pilot.pause()
        pane = learner.app.screen.query_one("DemoPane")
        await learner.until(lambda: not pane.running)  # type: ignore[attr-defined]
        await learner.pilot.pause(0.3)
        faint |= pale(learner)
    assert faint == {}


async def found(learner: Learner, text: str) -> None:
    """Wait until Browse has found `text` and laid out the card under the cursor."""
    await learner.until(lambda: learner.app.screen._shown == text)  # type: ignore[attr-defined]
    if learner.app.size.width >= NARROW:
        await learner.until(lambda: learner.app.screen.query("Preview.-prose"))
    await learner.pilot.pause()


def pale(learner: Learner) -> dict[str, float]:
    """Text on the screen whose contrast is too small, and that contrast. Lines and boxes are not text."""
    found = {}
    for strip in learner.app.screen._compositor.render_strips():
        for segment in strip:
            style = segment.style
            if not any(character.isalnum() for character in segment.text) or style is None:
                continue
            if style.color is None or style.bgcolor is None:
                continue
            ratio = contrast(style.color, style.bgcolor)
            if ratio < LEAST_CONTRAST:
                found[segment.text.strip()] = round(ratio, 2)
    return found


def contrast(one: Color, other: Color) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: Color) -> float:
    """Relative luminance (WCAG 2.2, definitions)."""
    shares = [part / 255 for part in color.get_truecolor()]
    red, green, blue = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
