"""Serves the page, its few files and its WebSocket, until told to stop. Nothing is fetched from anywhere else."""

from __future__ import annotations

import asyncio
import errno
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from socket import gethostname

import textual_serve
from aiohttp import WSCloseCode, WSMsgType, web
from textual_serve.download_manager import DownloadManager

from prep_app.errors import UserError
from prep_app.web.door import Door
from prep_app.web.window import Window, within

MOST_PAGES = 4  # each is an app with a lab of its own, which holds torch
LARGEST_MESSAGE = 1 << 20  # bytes; a paste, at most
HEARTBEAT = 15  # seconds until a page that says nothing is asked whether it is still there
EVERY_ADDRESS = ("", "0.0.0.0", "::")
ENDED_BY = ("SIGINT", "SIGTERM", "SIGHUP")

_OURS = Path(__file__).parent / "page"
_THEIRS = Path(textual_serve.__file__).parent / "static"
FILES = {
    "page.css": _OURS / "page.css",
    "page.js": _OURS / "page.js",
    "textual.js": _THEIRS / "js/textual.js",
    "xterm.css": _THEIRS / "css/xterm.css",
    "roboto-mono.ttf": _THEIRS / "fonts/RobotoMono-VariableFont_wght.ttf",
    "roboto-mono-italic.ttf": _THEIRS / "fonts/RobotoMono-Italic-VariableFont_wght.ttf",
}
HEADERS = {
    # xterm styles its rows by itself, hence 'unsafe-inline' for styles; no script but the two named above.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


async def serve(door: Door, port: int, command: Sequence[str], opened: Callable[[str], None]) -> None:
    """Serve until a signal says to end; then every page's app is left first.

    `opened` is called with the link once it works. Raises UserError where the port cannot be had.
    """
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ENDED_BY:
        with suppress(AttributeError, NotImplementedError):  # Windows has no such signals: Ctrl+C cancels instead
            loop.add_signal_handler(getattr(signal, name), end.set)
    runner = web.AppRunner(application(door, command), access_log=None)  # the link would stand in a log
    await runner.setup()
    try:
        site = web.TCPSite(runner, door.host, port)
        try:
            await site.start()
        except OSError as error:
            raise UserError(_explained(error, door.host, port)) from None
        _, port, *_ = runner.addresses[0]
        opened(f"http://{_in_a_link(door.host)}:{port}/?token={door.token}")
        await end.wait()
    finally:
        await runner.cleanup()


def application(door: Door, command: Sequence[str]) -> web.Application:
    """What answers requests: `door` first. Each page starts `command`."""
    pages: dict[asyncio.Task[None], web.WebSocketResponse] = {}
    downloads = DownloadManager()

    async def page(request: web.Request) -> web.StreamResponse:
        return web.FileResponse(_OURS / "page.html")

    async def file(request: web.Request) -> web.StreamResponse:
        path = FILES.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path)

    async def window(request: web.Request) -> web.StreamResponse:
        if sum(not socket.closed for socket in pages.values()) >= MOST_PAGES:
            raise web.HTTPServiceUnavailable(text=f"{MOST_PAGES} pages are open already.")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=LARGEST_MESSAGE)
        await socket.prepare(request)
        # A task of its own: an app is seen to its end even when the request has gone.
        shown = asyncio.create_task(_show(Window(command, socket, downloads), socket, _size(request)))
        pages[shown] = socket
        shown.add_done_callback(pages.pop)
        await asyncio.shield(shown)
        return socket

    async def download(request: web.Request) -> web.StreamResponse:
        try:
            wanted = await downloads.get_download_metadata(request.match_info["key"])
        except KeyError:
            raise web.HTTPNotFound from None
        response = web.StreamResponse()
        response.content_type = "application/octet-stream"  # kept, never shown as a page of ours
        name = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in wanted.file_name)
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        await response.prepare(request)
        async for chunk in downloads.download(request.match_info["key"]):
            await response.write(chunk)
        return response

    async def close_pages(_: web.Application) -> None:
        await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY) for socket in pages.values()))
        await asyncio.gather(*pages, return_exceptions=True)

    app = web.Application(middlewares=[door.keep])
    app.add_routes(
        [
            web.get("/", page),
            web.get("/files/{name}", file),
            web.get("/ws", window),
            web.get("/download/{key}", download),
        ]
    )
    app.on_response_prepare.append(_add_headers)
    app.on_shutdown.append(close_pages)
    return app


async def _show(window: Window, socket: web.WebSocketResponse, size: tuple[int, int]) -> None:
    try:
        await window.start(*size)
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                await window.take(message.data)
    except (ValueError, RecursionError):
        await socket.close(code=WSCloseCode.UNSUPPORTED_DATA)
    finally:
        await window.end()


def _size(request: web.Request) -> tuple[int, int]:
    """The page's size in cells, as its first message says it too."""

    def cells(name: str, usual: int) -> int:
        word = request.query.get(name, "")
        return within(int(word)) if word.isascii() and word.isdecimal() and len(word) < 6 else usual

    return cells("width", 80), cells("height", 24)


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


def _in_a_link(host: str) -> str:
    if host in EVERY_ADDRESS:
        return gethostname().lower()
    return f"[{host}]" if ":" in host else host


def _explained(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken; choose another: prep serve --port {port + 1 if port < 65535 else 0}"
    if error.errno == errno.EACCES:
        return f"port {port} is not yours to use; choose one above 1023: prep serve --port 8000"
    return f"cannot serve at {host} port {port} ({error.strerror or error}); --host takes an address of this machine"
