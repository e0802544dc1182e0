"""Who may come in, and what is served to them. Requests as a browser would send them, over a real socket."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from http.cookies import SimpleCookie
from socket import gethostname

import pytest

pytest.importorskip("textual_serve", reason="the extra web is not installed")

from aiohttp import ClientResponse, DummyCookieJar, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer

from prep_app.web import server, window
from prep_app.web.door import Door

# A program that waits as the app does, for those tests that are about the page's end of it.
WAITS = [
    sys.executable,
    "-S",
    "-c",
    r"""import sys; print('__GANGLION__', flush=True)
while b"quit" not in sys.stdin.buffer.read1(): pass""",
]
DEAF = [sys.executable, "-S", "-c", r"import time; print('__GANGLION__', flush=True); time.sleep(30)"]
DIES = [sys.executable, "-S", "-c", r"print('__GANGLION__')"]

Visit = Callable[..., Awaitable[ClientResponse]]


class Visitor:
    """Asks for pages. It has the link, and keeps no cookie, unless the test says otherwise."""

    def __init__(self, client: TestClient, door: Door) -> None:
        self.client = client
        self.door = door
        self.host = f"127.0.0.1:{client.port}"

    async def asks(self, path: str, *, link: bool = True, **headers: str) -> ClientResponse:
        return await self.client.get(f"{path}?token={self.door.token}" if link else path, headers=headers)

    async def status(self, path: str, *, link: bool = True, **headers: str) -> int:
        async with await self.asks(path, link=link, **headers) as response:
            return response.status

    def opens(self, **headers: str):
        return self.client.ws_connect(f"/ws?token={self.door.token}", headers=headers)


@asynccontextmanager
async def serving(host: str = "127.0.0.1", command: list[str] = WAITS) -> AsyncIterator[Visitor]:
    door = Door(host)
    async with TestClient(TestServer(server.application(door, command)), cookie_jar=DummyCookieJar()) as client:
        yield Visitor(client, door)


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with serving() as visitor:
        yield visitor


EVERYTHING = ("/", "/files/page.js", "/files/textual.js", "/ws", "/download/0", "/nothing")


async def test_nothing_is_shown_without_the_link(visitor: Visitor) -> None:
    for path in EVERYTHING:
        assert await visitor.status(path, link=False) == 403
        assert await visitor.status(f"{path}?token=wrong", link=False) == 403
        assert await visitor.status(f"{path}?token=", link=False) == 403
        assert await visitor.status(f"{path}?token=%C3%A9", link=False) == 403
        cookie = f"prep-{visitor.client.port}={visitor.door.token[:-1]}"
        assert await visitor.status(path, link=False, Cookie=cookie) == 403


async def test_a_stranger_is_told_where_the_link_is_and_nothing_else(visitor: Visitor) -> None:
    async with await visitor.asks("/", link=False) as response:
        text = await response.text()
    assert "prep serve has printed" in text
    assert visitor.door.token not in text + str(response.headers)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "192.0.2.7",
        "x@127.0.0.1",
        "a b",
        "",
    ],
)
async def test_a_name_that_was_made_to_lead_here_is_refused_even_with_the_link(visitor: Visitor, host: str) -> None:
    for path in EVERYTHING:
        assert await visitor.status(path, Host=host) in (400, 403)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1", ""])
async def test_another_site_in_the_same_browser_is_refused_even_with_the_link(visitor: Visitor, origin: str) -> None:
    for path in EVERYTHING:
        assert await visitor.status(path, Origin=origin) == 403
    with pytest.raises(WSServerHandshakeError, match="403"):
        await visitor.opens(Origin=origin)


async def test_a_websocket_must_say_which_page_it_is_from(visitor: Visitor) -> None:
    with pytest.raises(WSServerHandshakeError, match="403"):
        await visitor.opens()


async def test_the_link_leaves_a_cookie_that_scripts_and_other_sites_do_not_get(visitor: Visitor) -> None:
    async with await visitor.asks("/") as response:
        cookie = next(iter(SimpleCookie(response.headers["Set-Cookie"]).values()))
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    shown = f"{cookie.key}={cookie.value}"
    assert await visitor.status("/", link=False, Cookie=shown) == 200
    assert await visitor.status("/files/page.js", link=False, Cookie=shown) == 200
    assert await visitor.status("/", link=False, Cookie=shown, Origin="http://evil.example") == 403


async def test_no_link_is_like_another() -> None:
    tokens = {Door("127.0.0.1").token for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 32
    assert not any(token in repr(Door("127.0.0.1", token)) for token in tokens)


async def test_a_tunnel_from_another_machine_works_under_any_port(visitor: Visitor) -> None:
    assert await visitor.status("/", Host="localhost:9000", Origin="http://localhost:9000") == 200


async def test_where_other_machines_are_let_in_the_link_is_asked_for_all_the_same() -> None:
    async with serving(host="0.0.0.0") as visitor:
        for ours in ("192.0.2.7:8000", gethostname().lower(), "localhost:8000", "[2001:db8::7]:8000"):
            assert await visitor.status("/", Host=ours) == 200
            assert await visitor.status("/", Host=ours, link=False) == 403
        assert await visitor.status("/", Host="evil.example") == 403


@pytest.mark.parametrize(
    "path", ["/files/", "/files", "/files/page.html", "/files/..%2fserver.py", "/files/%2e%2e/server.py", "/static/js/"]
)
async def test_only_the_pages_own_few_files_are_served(visitor: Visitor, path: str) -> None:
    assert await visitor.status(path) == 404


async def test_every_answer_forbids_other_sites_and_what_lies_elsewhere(visitor: Visitor) -> None:
    for path in (*EVERYTHING, *(f"/files/{name}" for name in server.FILES)):
        for link in (True, False):
            async with await visitor.asks(path, link=link) as response:
                policy = response.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "frame-ancestors 'none'" in policy
                assert "http" not in policy
                assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
                assert response.headers["Cache-Control"] == "no-store"
                assert not [name for name in response.headers if name.startswith("Access-Control")]


async def test_a_page_too_many_is_refused_and_one_that_closes_makes_room(visitor: Visitor) -> None:
    ours = {"Origin": f"http://{visitor.host}"}
    async with AsyncExitStack() as pages:
        first = await pages.enter_async_context(visitor.opens(**ours))
        for _ in range(server.MOST_PAGES - 1):
            await pages.enter_async_context(visitor.opens(**ours))
        with pytest.raises(WSServerHandshakeError, match="503"):
            await visitor.opens(**ours)
        await first.close()
        await (await pages.enter_async_context(visitor.opens(**ours))).ping()


@pytest.mark.parametrize(
    "message",
    [
        "{",
        pytest.param("[" * 100_000, id="deep"),
        "[]",
        '["stdin"]',
        '["stdin", 5]',
        '["resize", {"width": "9"}]',
        '["quit"]',
    ],
)
async def test_a_page_that_says_something_else_is_closed(visitor: Visitor, message: str) -> None:
    async with visitor.opens(Origin=f"http://{visitor.host}") as page:
        await page.send_str(message)
        assert (await page.receive(30)).type == WSMsgType.CLOSE


async def test_a_page_closes_when_its_app_has_ended() -> None:
    async with serving(command=DIES) as visitor, visitor.opens(Origin=f"http://{visitor.host}") as page:
        assert (await page.receive(30)).type == WSMsgType.CLOSE


async def test_an_app_that_does_not_leave_is_made_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "PATIENCE", 0.1)
    ended = []
    end = window.Window.end

    async def watched(self: window.Window) -> None:
        await end(self)
        ended.append(self._process.returncode)

    monkeypatch.setattr(window.Window, "end", watched)
    async with serving(command=DEAF) as visitor, visitor.opens(Origin=f"http://{visitor.host}"):
        pass
    assert ended == [-9]
