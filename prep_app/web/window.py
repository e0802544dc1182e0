"""One page, one process of the app: keys go in, what it draws comes out."""

from __future__ import annotations

import asyncio
import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

PATIENCE = 5  # seconds for the app to leave by itself
LARGEST = 1000  # cells across or down; a page asks for what fits it


class Window(AppService):
    """textual-serve's process of an app. It ends when its page does, and takes its page along when it ends first."""

    def __init__(self, command: Sequence[str], page: web.WebSocketResponse, downloads: DownloadManager) -> None:
        self._page = page
        super().__init__(
            _for_a_shell(command),
            write_bytes=self._draw,
            write_str=self._tell,
            close=self._close,
            download_manager=downloads,
        )

    async def take(self, message: str) -> None:
        """Do what the page says: keys, its size, whether it is looked at. Raises ValueError for anything else."""
        match json.loads(message):
            case ["stdin", str(keys)]:
                await self.send_bytes(keys.encode("utf-8", "replace"))
            case ["resize", {"width": int(width), "height": int(height)}]:
                await self.set_terminal_size(within(width), within(height))
            case ["focus"]:
                await self.focus()
            case ["blur"]:
                await self.blur()
            case ["ping", str(sent)]:
                await self._tell(json.dumps(["pong", sent]))
            case _:
                raise ValueError("no message of a page")

    async def run(self) -> None:
        await super().run()
        await self._close()

    async def end(self) -> None:
        """Have the app leave, which closes its files and its lab; make it, where it does not."""
        if self._process is None:
            return
        left = asyncio.create_task(self._leave())
        await asyncio.wait([left], timeout=PATIENCE)
        if not left.done():
            with suppress(ProcessLookupError):
                self._process.kill()
        await left

    async def _leave(self) -> None:
        await self.stop()
        await self._process.wait()

    async def on_meta(self, data: bytes) -> None:
        asked = json.loads(data)
        if asked["type"] != "open_url" or asked["url"].startswith("https://"):
            await super().on_meta(data)

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        ours = {"TEXTUAL_DRIVER": "prep_app.web.driver:PageDriver"}
        return super()._build_environment(width, height) | ours

    # A page that has gone is no reason to stop reading: an app that cannot write cannot leave either.

    async def _draw(self, data: bytes) -> None:
        with suppress(ConnectionError):
            await self._page.send_bytes(data)

    async def _tell(self, text: str) -> None:
        with suppress(ConnectionError):
            await self._page.send_str(text)

    async def _close(self) -> None:
        await self._page.close()


def within(cells: int) -> int:
    return max(1, min(cells, LARGEST))


def _for_a_shell(command: Sequence[str]) -> str:
    if sys.platform == "win32":
        return subprocess.list2cmdline(command)
    return "exec " + shlex.join(command)  # exec: the process is the app, not a shell that waits for it
