"""The command: what it says, what it refuses, and that nothing of it is left when it ends."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from pathlib import Path

import pytest

pytest.importorskip("textual_serve", reason="the extra web is not installed")

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from prep_app import cli
from prep_app.paths import Home
from tests.web.served import Served, family, gone, served

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")


def test_a_port_that_is_taken_is_said_in_a_line(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert cli.run(["serve", "--port", str(port)]) == cli.MISUSED
    assert capsys.readouterr().err == f"prep: port {port} is taken; choose another: prep serve --port {port + 1}\n"


def test_without_its_extra_it_says_what_to_install(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("prep_app.web")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    assert cli.run(["serve"]) == cli.MISUSED
    assert capsys.readouterr().err.endswith("pip install 'prep[web]'\n")


@pytest.mark.parametrize(
    "words",
    [["--port", "70000"], ["--port", "-1"], ["--port", "x"], ["--host", "192.0.2.7"], ["--host", "no such host"]],
)
def test_what_cannot_be_served_is_said_in_a_line(
    home: Home, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = cli.run(["serve", "--port", "0", *words])
    except SystemExit as used_wrongly:  # argparse's own
        status = int(used_wrongly.code or 0)
    said = capsys.readouterr()
    assert status == cli.MISUSED
    assert said.out == ""
    assert "Traceback" not in said.err


def test_files_that_cannot_be_used_are_said_before_there_is_a_page(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.journal.write_bytes(b"not a database at all" * 1000)
    assert cli.run(["serve", "--port", "0"]) == cli.MISUSED
    assert str(home.journal) in capsys.readouterr().err


async def test_letting_other_machines_in_is_warned_of(home: Home) -> None:
    command = (sys.executable, "-m", "prep_app", "serve", "--port", "0", "--host", "0.0.0.0")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    said = b""
    while b"token=" not in said:
        said += await process.stdout.readline()
    process.terminate()
    _, warned = await process.communicate()
    assert process.returncode == cli.OK
    assert b"warning: --host 0.0.0.0 lets other machines in" in warned
    assert socket.gethostname().lower().encode() in said  # 0.0.0.0 leads nowhere from there


@linux
async def test_nothing_is_left_when_the_server_is_killed(tmp_path: Path) -> None:
    async with served(tmp_path) as server, ClientSession() as client, _page(client, server) as page:
        await _drawn(page)
        started = family(server.process.pid)
        assert started
        await server.ends(signal.SIGKILL)
    await gone(started)


@linux
async def test_a_screenshot_is_downloaded_and_ctrl_c_ends_the_app_with_its_page(tmp_path: Path) -> None:
    async with served(tmp_path) as server, ClientSession() as client, _page(client, server) as page:
        await _drawn(page)
        for keys in ("\x10", "screenshot", "\r"):
            await page.send_json(["stdin", keys])
            await asyncio.sleep(0.3)  # the palette searches as one types
        told = await _told(page)
        assert told[0] == "deliver_file_start"
        token = server.link.partition("token=")[2]
        async with client.get(f"{server.site}/download/{told[1]}?token={token}") as file:
            assert file.headers["Content-Disposition"].startswith('attachment; filename="')
            assert "<svg" in await file.text()
        started = family(server.process.pid)
        assert await server.ends(signal.SIGINT) == cli.OK
        while (message := await page.receive(30)).type == WSMsgType.BINARY:
            pass
        assert message.type == WSMsgType.CLOSE
    await gone(started)


def _page(client: ClientSession, server: Served):
    token = server.link.partition("token=")[2]
    return client.ws_connect(f"{server.site}/ws?width=100&height=30&token={token}", headers={"Origin": server.site})


async def _drawn(page: ClientWebSocketResponse) -> None:
    """Read until Home stands there."""
    async for message in page:
        if message.type == WSMsgType.BINARY and b"questions" in message.data:
            return


async def _told(page: ClientWebSocketResponse) -> list[str]:
    """What the app asks of the page, beside drawing."""
    async for message in page:
        if message.type == WSMsgType.TEXT:
            told: list[str] = json.loads(message.data)
            return told
    raise AssertionError("the page has been closed")
