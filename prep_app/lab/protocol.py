"""What passes between the app and the worker, as both know it, and the sentences for a run that gave no result."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from prep_app.text import printable

TIME_LIMIT = 120.0  # seconds; every demo of the pack takes under two
CODE_TIME_LIMIT = 20.0  # seconds for a demo with a learner's code in it
LONGEST_LINE = 4 << 20  # bytes of one event
MOST_BYTES = 32 << 20  # bytes of one run's events
MOST_OUTPUT = 64 << 10  # bytes of one run's own printing that are kept
CANCEL_PATIENCE = 1.0  # seconds until a worker that does not answer is killed


def default_memory_limit() -> int:
    """Half of this machine's memory, at most 8 GiB."""
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0
    return min(8 << 30, whole // 2)


def command(package: str, memory: int, in_place: bool) -> list[str]:
    """What starts a worker; the working directory's own `demos` is not found by it."""
    worker = [sys.executable, "-P", "-u", "-m", "prep_app.lab.worker", "--package", package, "--memory", str(memory)]
    return worker + ["--in-place"] * in_place


def asked(
    name: str,
    values: Mapping[str, object],
    device: str | None,
    seed: int,
    mistake: str,
    code: tuple[str, str] | None,
) -> dict[str, Any]:
    """A request for a run, but for its number and, with code, its sandbox."""
    wanted = device or ("auto" if code is None else "cpu")
    body = {"name": name, "values": dict(values), "device": wanted, "seed": seed, "mistake": mistake}
    return body if code is None else {**body, "code": {"function": code[0], "text": code[1]}}


def body_of(line: bytes) -> dict[str, Any]:
    """The object that a line holds; an empty one for anything else."""
    try:
        body = json.loads(line)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def ended(line: bytes, run: int) -> dict[str, Any] | None:
    """How the worker says that `run` is over; None for any other line."""
    if not line.startswith(b'{"event": "ended"'):
        return None
    body = body_of(line)
    return body if body.get("run") == run else None


def overstayed(seconds: float, code: bool) -> str:
    return f"stopped after {seconds:g} s" + (": an endless loop?" if code else "; choose smaller parameters")


def died(last_words: str, code: bool) -> str:
    """A sentence for a worker that is gone."""
    why = last_words.strip().splitlines()
    said = f" ({why[-1][:160]})" if why else ""
    return f"your code ended the lab's process{said}" if code else f"the lab's process ended{said}; run it again"


def stopped(why: str, code: bool) -> str:
    """A sentence for a run that ended without a result or an error."""
    why = printable(why)
    if why == "cancelled":
        return "cancelled"
    return f"{'your code' if code else 'the demo'} stopped: {why or 'no result'}"
