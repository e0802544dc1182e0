"""`prep serve` as a person starts it: a process, its link, and the processes that it brings along."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from yarl import URL


@dataclass(frozen=True)
class Served:
    process: asyncio.subprocess.Process
    link: str

    @property
    def site(self) -> str:
        return str(URL(self.link).origin())

    async def ends(self, by: signal.Signals) -> int:
        self.process.send_signal(by)
        return await self.process.wait()


@asynccontextmanager
async def served(home: Path, *options: str) -> AsyncIterator[Served]:
    command = (sys.executable, "-P", "-m", "prep_app", "--home", str(home), "serve", "--port", "0", "--json", *options)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        told = await process.stdout.readline()
        yield Served(process, json.loads(told)["url"])
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def family(parent: int) -> set[int]:
    """Every process that `parent` has started, and theirs."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended meanwhile
            continue
    found, new = set(), {parent}
    while new:
        new = {child for child, its in parents.items() if its in new}
        found |= new
    return found


async def gone(processes: set[int]) -> None:
    """Wait until none of them is left; the time is a limit, never a measure."""
    async with asyncio.timeout(30):
        while any(map(_lives, processes)):
            await asyncio.sleep(0.05)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
