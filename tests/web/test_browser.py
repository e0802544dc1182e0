"""The whole of it, as a learner with a browser has it: the link, a question, its demo, a grade, and the journal."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("textual_serve", reason="the extra web is not installed")

from prep_app import cli
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating, ReviewRecord
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.web.chromium import NAMES, PROGRAM, browser
from tests.web.served import served

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=f"no browser: none of {', '.join(NAMES)} is installed")


async def test_a_question_is_answered_and_proven_in_a_page(home: Home, tmp_path: Path) -> None:
    async with served(home.root) as server, browser(tmp_path / "profile") as page:
        await page.open(server.link)
        await page.until(lambda screen: "start 5 questions" in screen)
        assert await page.evaluate("location.href") == f"{server.site}/", "the secret stays out of the address bar"

        await page.press("enter")  # without a click
        await page.until(lambda screen: "1 of 5" in screen)
        await page.press("space")
        await page.until(lambda screen: "Again" in screen)
        await page.press("d")
        await page.until(lambda screen: "✓ 8 of 8 checks hold" in screen)
        await page.until(lambda screen: any("⠀" < letter <= "⣿" for letter in screen))  # its plot, in braille
        await page.picture(tmp_path / "answer.png")

        await page.resize(700, 500)
        await page.until(
            lambda screen: "─" * 60 in screen and "esc Close" in screen.split("\n")[-1]
        )  # one over the other
        await page.picture(tmp_path / "small.png")

        await page.press("3")
        await page.until(lambda screen: "2 of 5" in screen)
        (review,) = _reviews(home)
        assert review.rating == Rating.GOOD

        assert await page.evaluate("window.open()") is None, "an address that is clicked opens nothing by itself"
        assert all(address.startswith((server.site, server.site.replace("http", "ws"))) for address in page.asked)
        assert not [said for said in page.said if "Uncaught" in said or "Refused" in said], page.said

        await page.press("escape")
        await page.until(lambda screen: "resume, 1 of 5 done" in screen)
        await page.press("q")
        await page.until_so("document.body.matches('.-closed')")
        assert "prep has closed" in await page.evaluate("document.body.innerText")
        assert await server.ends(signal.SIGINT) == cli.OK


def _reviews(home: Home) -> Sequence[ReviewRecord]:
    with closing(Memory.open(home, Settings())) as memory:
        return memory.reviews()
