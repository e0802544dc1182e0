"""A real browser at the other end of a DevTools connection: opens a page, types, reads xterm's buffer, takes pictures."""

from __future__ import annotations

import asyncio
import base64
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PROGRAM = next(filter(None, map(shutil.which, NAMES)), None)
QUIET = [
    "--headless=new",
    "--no-sandbox",  # tests run as root in containers
    "--remote-debugging-port=0",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--hide-scrollbars",
]
# textual.js keeps its terminal to itself; it is caught as it is put in its place.
CATCH_TERMINAL = """
Object.defineProperty(Object.prototype, "terminal", {configurable: true, set(terminal) {
  if (terminal.buffer) window.seen = terminal;
  Object.defineProperty(this, "terminal", {value: terminal, writable: true, configurable: true});
}});
"""
READ = """
(() => {
  const buffer = window.seen?.buffer.active;
  return buffer ? Array.from({length: seen.rows}, (_, y) => buffer.getLine(y)?.translateToString(true, 0, seen.cols))
    .join("\\n") : "";
})()
"""
KEYS = {"enter": ("Enter", 13, "\r"), "space": (" ", 32, " "), "escape": ("Escape", 27, "")}


class Page:
    """One page of the browser. `asked` lists the addresses of everything that it has loaded."""

    def __init__(self, devtools: ClientWebSocketResponse) -> None:
        self.asked: list[str] = []
        self.said: list[str] = []
        self._devtools = devtools
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._session = ""
        self._listening = asyncio.create_task(self._listen())

    async def begin(self, width: int, height: int) -> None:
        target = await self.call("Target.createTarget", url="about:blank")
        attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        await self.call("Page.addScriptToEvaluateOnNewDocument", source=CATCH_TERMINAL)
        await self.resize(width, height)

    async def open(self, url: str) -> None:
        await self.call("Page.navigate", url=url)

    async def resize(self, width: int, height: int) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 0, "mobile": False}  # 0: as the screen is
        await self.call("Emulation.setDeviceMetricsOverride", **size)

    async def press(self, *keys: str) -> None:
        for key in keys:
            name, code, text = KEYS.get(key, (key, ord(key.upper()[0]), key))
            event = {"key": name, "windowsVirtualKeyCode": code, "text": text}
            await self.call("Input.dispatchKeyEvent", type="keyDown", **event)
            await self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    async def reads(self) -> str:
        """What stands in the terminal, by the browser's own account."""
        return str(await self.evaluate(READ))

    async def evaluate(self, expression: str) -> Any:
        found = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def until(self, holds: Callable[[str], object], seconds: float = 60) -> str:
        """Wait until the screen reads like this; the time is a limit, never a measure."""
        screen = ""
        try:
            async with asyncio.timeout(seconds):
                while not holds(screen := await self.reads()):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"the page still shows:\n{screen}\n{self.said}") from None
        return screen

    async def until_so(self, expression: str, seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while not await self.evaluate(expression):
                await asyncio.sleep(0.05)

    async def picture(self, path: Path) -> None:
        await self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        shot = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    async def call(self, method: str, **parameters: Any) -> Any:
        number = len(self._answers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": parameters}
        await self._devtools.send_json(message | ({"sessionId": self._session} if self._session else {}))
        return await self._answers[number]

    async def _listen(self) -> None:
        async for message in self._devtools:
            told = message.json()
            if "id" in told:
                answer = self._answers[told["id"]]
                if "error" in told:
                    answer.set_exception(RuntimeError(told["error"]["message"]))
                else:
                    answer.set_result(told["result"])
            elif told["method"] == "Network.requestWillBeSent":
                self.asked.append(told["params"]["request"]["url"])
            elif told["method"] == "Network.webSocketCreated":
                self.asked.append(told["params"]["url"])
            elif told["method"] == "Log.entryAdded":
                self.said.append(told["params"]["entry"]["text"])
            elif told["method"] == "Runtime.exceptionThrown":
                self.said.append(str(told["params"]["exceptionDetails"]))


@asynccontextmanager
async def browser(profile: Path, width: int = 1280, height: int = 800, scale: int = 1) -> AsyncIterator[Page]:
    """A page of a browser that keeps its own files in `profile` and is gone afterwards; `scale` pixels a CSS pixel."""
    assert PROGRAM is not None, "no Chromium"
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *QUIET,
        f"--user-data-dir={profile}",
        f"--force-device-scale-factor={scale}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        port, path = await _address(profile / "DevToolsActivePort")
        async with (
            ClientSession() as client,
            client.ws_connect(f"ws://127.0.0.1:{port}{path}", max_msg_size=0) as tools,
        ):
            page = Page(tools)
            await page.begin(width, height)
            yield page
            with suppress(RuntimeError):
                await page.call("Browser.close")
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _address(told: Path) -> Sequence[str]:
    async with asyncio.timeout(30):
        while not told.exists() or told.read_text().count("\n") < 1:
            await asyncio.sleep(0.05)
    return told.read_text().split("\n")[:2]
