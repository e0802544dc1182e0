"""The app's side of the lab: keeps a warm worker, runs one demo at a time, survives whatever it does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Literal

from prep_app.lab import protocol
from prep_app.lab.events import Event, Failure, Output, Result, parse
from prep_app.lab.folder import folder_name, sweep
from prep_app.text import printable

State = Literal["cold", "warming", "ready", "running", "broken"]


class LabClient:
    """Use from one event loop. `state` says what a run would have to wait for.

    `in_place` has the worker run without forking, as it does by itself where that is unsafe.
    """

    def __init__(self, *, package: str = "demos", memory_limit: int | None = None, in_place: bool = False) -> None:
        self.state: State = "cold"
        self._package = package
        self._memory = protocol.default_memory_limit() if memory_limit is None else memory_limit
        self._in_place = in_place
        self._process: asyncio.subprocess.Process | None = None
        self._creating: asyncio.Task[asyncio.subprocess.Process] | None = None
        self._events: asyncio.Queue[bytes | Output | None] = asyncio.Queue()
        self._readers: list[asyncio.Task[None]] = []
        self._starting = asyncio.Lock()
        self._reason = ""  # why the worker is broken
        self._last_words = ""  # the end of what the worker printed
        self._output_left = protocol.MOST_OUTPUT
        self._run = 0
        self._folder = ""  # where the code of the run that is going may write
        self._free = asyncio.Event()  # no run is going, nor being cleared away
        self._free.set()
        self._clearing: asyncio.Task[None] | None = None
        self._closed = False

    async def start(self) -> None:
        """Warm a worker; returns when it is ready or broken."""
        async with self._starting:
            if self._closed or self.state in ("ready", "running"):
                return
            await self._adopt()
            await self._discard()
            if self._closed:
                return
            self.state = "warming"
            await self._spawn()

    async def run(
        self,
        name: str,
        values: Mapping[str, object],
        *,
        device: str | None = None,
        seed: int = 0,
        mistake: str = "",
        code: tuple[str, str] | None = None,
        time_limit: float | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Run a demo; yields its events, of which the last is a Result or a Failure.

        `mistake` names one of the demo's slips, to see which check notices it. `code` is a function of the program and
        a learner's text to stand in its place; it runs confined, on the CPU unless told otherwise. Leaving the
        iteration early cancels the run. A run still going is cancelled first.
        """
        while not self._free.is_set():
            await self.cancel()
            await self._free.wait()
        self._free.clear()
        try:
            if self.state != "ready":
                await self.start()
            if self.state != "ready":
                yield Failure(self._reason)
                return
            asked = protocol.asked(name, values, device, seed, mistake, code)
            limit = time_limit or (protocol.TIME_LIMIT if code is None else protocol.CODE_TIME_LIMIT)
            if code is not None:
                self._folder = folder_name()
                asked["sandbox"] = {"folder": self._folder, "seconds": limit}
            self.state = "running"
            self._run += 1
            self._output_left = protocol.MOST_OUTPUT
            await self._send({"run": self._run, **asked})
            async for event in self._until_ended(self._run, limit, code is not None):
                yield event
        finally:
            if self.state == "running":
                # Whoever left may be cancelled once more; clearing away must not be.
                self._clearing = asyncio.create_task(self._clear_away())
            else:
                self._over()

    async def prepare(self, name: str) -> None:
        """Have the worker import what a demo needs beside torch, while somebody reads; a busy worker does not."""
        if self.state == "ready":
            await self._send({"prepare": name})

    async def cancel(self) -> None:
        """Stop the run that is going, if one is; its iteration ends with a Failure."""
        if self.state == "running":
            await self._send({"cancel": self._run})
            asyncio.get_running_loop().call_later(protocol.CANCEL_PATIENCE, self._kill_if_still, self._run)

    async def close(self) -> None:
        """End the worker and everything it started."""
        self._closed = True
        await self._adopt()
        self._kill()
        if self._clearing is not None:
            await self._clearing
        await self._discard()
        sweep(self._folder)
        self.state = "cold"

    async def _until_ended(self, run: int, time_limit: float, code: bool) -> AsyncGenerator[Event, None]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + time_limit
        outcome: Event | None = None
        seen = 0
        cut = ""  # why it was stopped from here
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    line = await self._events.get()
            except TimeoutError:
                cut = protocol.overstayed(time_limit, code)
                deadline = loop.time() + 60
                await self.cancel()
                continue
            if line is None:
                self.state = "cold"
                yield Failure(cut or protocol.died(self._last_words, code))
                return
            if isinstance(line, Output):
                yield line
                continue
            seen += len(line)
            body = protocol.ended(line, run)
            if body is not None:
                self.state = "cold" if body.get("last") else "ready"  # a worker that confined itself is spent
                for printed in await self._printed_last():
                    yield printed
                yield outcome or Failure(cut or protocol.stopped(body["why"], code))
                return
            if seen > protocol.MOST_BYTES:
                cut = cut or f"stopped: it sent more than {protocol.MOST_BYTES >> 20} MiB"
                await self.cancel()
            elif outcome is None and not cut:
                event = parse(line)
                if isinstance(event, Result | Failure):
                    outcome = event
                else:
                    yield event

    async def _printed_last(self) -> list[Output]:
        """What the run printed before it ended may still be in its pipe: let the loop look there once more."""
        for _ in range(3):
            await asyncio.sleep(0)
        printed = []
        while not self._events.empty():
            line = self._events.get_nowait()
            if not isinstance(line, Output):
                self._events.put_nowait(line)  # the worker's end, which is the last of its lines
                break
            printed.append(line)
        return printed

    async def _clear_away(self) -> None:
        """The iteration was left early: cancel the run, and take what is still to come of it."""
        try:
            await self.cancel()
            async for _ in self._until_ended(self._run, 10.0, False):
                pass
        finally:
            self._over()

    def _over(self) -> None:
        """Nothing of the run is left; a worker that could not remove its folder is gone by now, or going."""
        sweep(self._folder)
        self._folder = ""
        self._free.set()

    async def _spawn(self) -> None:
        self._events = asyncio.Queue()
        self._last_words = ""
        # Cancelled half made, asyncio can wait for ever for a process whose pipes it never joined.
        self._creating = asyncio.create_task(self._created())
        try:
            self._process = await asyncio.shield(self._creating)
            self._creating = None
        except OSError as error:
            self._creating = None
            self.state, self._reason = "broken", f"the lab's process cannot be started: {error.strerror}"
            return
        process, events = self._process, self._events
        assert process.stdout is not None
        assert process.stderr is not None
        self._readers = [
            asyncio.create_task(self._read_output(process.stderr, events)),
            asyncio.create_task(self._read_events(process.stdout, events)),
        ]
        while True:
            line = await events.get()
            if isinstance(line, Output):
                continue
            body = protocol.body_of(line) if line is not None else {}
            if body.get("event") == "ready":
                self.state = "ready"
                return
            if line is None or body.get("event") == "broken":
                await asyncio.wait(self._readers, timeout=1)
                words = str(body.get("message") or (self._last_words.strip().splitlines() or ["no message"])[-1])
                self.state = "cold" if self._closed else "broken"
                self._reason = (
                    f"torch cannot be imported ({printable(words)[:200]}). "
                    "Install it with: pip install 'torch>=2.6,<2.14'"
                )
                return

    async def _adopt(self) -> None:
        """Take over a process whose start was given up while it was being made."""
        if self._creating is not None:
            with contextlib.suppress(OSError):
                self._process = await asyncio.shield(self._creating)
            self._creating = None

    async def _created(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *protocol.command(self._package, self._memory, self._in_place),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=protocol.LONGEST_LINE,
            start_new_session=True,
        )

    async def _read_events(self, stream: asyncio.StreamReader, events: asyncio.Queue[bytes | Output | None]) -> None:
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # longer than the limit: asyncio has dropped what it held
                self._kill()
                self._last_words = f"an event longer than {protocol.LONGEST_LINE >> 20} MiB"
                line = b""
            if not line:
                # Let what was printed last arrive before the end is told.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(self._readers[0]), 0.5)
                events.put_nowait(None)
                return
            events.put_nowait(line)

    async def _read_output(self, stream: asyncio.StreamReader, events: asyncio.Queue[bytes | Output | None]) -> None:
        while chunk := await stream.read(8192):
            text = printable(chunk.decode("utf-8", "replace"))
            self._last_words = (self._last_words + text)[-2000:]
            kept = text[: self._output_left]
            self._output_left -= len(kept)
            if kept:
                events.put_nowait(Output(kept if self._output_left else kept + "\n… more was printed; not kept"))

    async def _send(self, request: Mapping[str, Any]) -> None:
        stdin = self._process.stdin if self._process is not None else None
        if stdin is not None and not stdin.is_closing():
            with contextlib.suppress(ConnectionError):  # a dead worker is noticed by its readers
                stdin.write(json.dumps(request).encode() + b"\n")
                await stdin.drain()

    def _kill_if_still(self, run: int) -> None:
        if self.state == "running" and self._run == run:
            self._kill()

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _discard(self) -> None:
        """Forget the worker, dead or alive."""
        self._kill()
        process, self._process = self._process, None
        if process is None:
            return
        await process.wait()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        if process.stdin is not None:
            process.stdin.close()
