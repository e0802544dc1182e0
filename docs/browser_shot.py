"""Photograph `prep serve` in a real browser: a real card, a real demo run.

make docs
"""

from __future__ import annotations

import asyncio
import signal
import tempfile
from pathlib import Path

from tests.web.chromium import PROGRAM, browser
from tests.web.served import served

PICTURE = Path(__file__).parent / "browser.png"


async def shoot() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home, profile = Path(folder) / "home", Path(folder) / "profile"
        async with served(home) as server, browser(profile, width=1200, height=720) as page:
            await page.open(server.link)
            await page.until(lambda screen: "start 5 questions" in screen)
            await page.press("enter")
            await page.until(lambda screen: "1 of 5" in screen)
            await page.press("space")
            await page.until(lambda screen: "Again" in screen)
            await page.press("d")
            await page.until(lambda screen: "checks hold" in screen and "┗" in screen)
            await asyncio.sleep(0.5)  # the last of its events is drawn
            await page.picture(PICTURE)
            await server.ends(signal.SIGINT)


if __name__ == "__main__":
    if PROGRAM is None:
        print(f"{PICTURE.name} stays as it is: there is no Chromium")
    else:
        asyncio.run(shoot())
