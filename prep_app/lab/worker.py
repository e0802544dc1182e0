"""The worker process: imports torch once, then runs each demo in a fork of itself.

    python -P -u -m prep_app.lab.worker [--package demos] [--memory BYTES] [--in-place]

It reads one JSON request a line on stdin, {"run": N, "name", "values", "device", "seed", "mistake"}, {"cancel": N} or
{"prepare": name}, which imports what a demo will need. It writes one event a line on a private copy of stdout's
descriptor, each with its "run"; {"event": "line", "line": N} says which line of its program the demo has reached.
Descriptor 1 itself is joined to stderr, so that whatever a demo or a native library prints arrives as text and never as
an event.

A run may also have "code": {"function", "text"}, which a learner wrote, and then has "sandbox": {"folder", "seconds"}:
it is confined to them, and the folder is removed. A worker that cannot fork is spent by that: it ends such a run with
"last": true, and itself.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import json
import os
import select
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from prep_app.lab.folder import sweep

NICE = 15  # the app's keys come first
POLL_SECONDS = 0.05  # how often a run's memory is looked at
PR_SET_PDEATHSIG = 1  # linux/prctl.h

Send = Callable[[dict[str, Any]], None]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", default="demos")
    parser.add_argument("--memory", type=int, default=0, help="bytes a run may hold; 0: no limit")
    parser.add_argument("--in-place", action="store_true", help="do not fork, as where that is unsafe")
    options = parser.parse_args()
    protocol = os.dup(1)
    os.dup2(2, 1)
    if hasattr(os, "nice"):
        os.nice(NICE)
    try:
        import torch
    except Exception as error:  # whatever a broken installation raises
        send(protocol, {"event": "broken", "message": f"{type(error).__name__}: {error}"})
        return 1
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    # The first optimizer of a process imports torch._dynamo (0.8 s): paid here once, not in every fork.
    torch.optim.SGD([torch.zeros(1, requires_grad=True)])
    kit = importlib.import_module(f"{options.package}.kit")
    forks = sys.platform == "linux" and not options.in_place
    send(protocol, {"event": "ready", "torch": torch.__version__, "forks": forks})
    requests = _Requests(0)
    while (request := requests.next()) is not None:
        if "cancel" in request:
            continue  # that run is already over
        if "prepare" in request:
            kit.prepare(request["prepare"])
            continue
        if forks:
            _run_forked(kit, request, protocol, requests, options.memory)
        else:
            _run_in_place(kit, request, protocol, options.memory)
    return 0


def send(descriptor: int, event: dict[str, Any]) -> None:
    line = memoryview(json.dumps(event).encode() + b"\n")
    while line:
        line = line[os.write(descriptor, line) :]


class _Requests:
    """Lines of stdin by descriptor, so that select and reading agree on what is there."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.held = b""
        self.closed = False

    def next(self) -> dict[str, Any] | None:
        """Wait for the next request; None when the app is gone."""
        while b"\n" not in self.held and not self.closed:
            self.fill()
        return self.take()

    def fill(self) -> None:
        data = os.read(self.descriptor, 65536)
        self.closed = not data
        self.held += data

    def take(self) -> dict[str, Any] | None:
        line, newline, rest = self.held.partition(b"\n")
        if not newline:
            return None
        self.held = rest
        request: dict[str, Any] = json.loads(line)
        return request


def _run(kit: Any, request: dict[str, Any], protocol: int) -> None:
    at = 0

    def emit(event: dict[str, Any]) -> None:
        send(protocol, {**event, "run": request["run"]})

    def mark(line: int) -> None:
        nonlocal at
        if line != at:
            at = line
            emit({"event": "line", "line": line})

    asked = {word: request[word] for word in ("device", "seed", "mistake")}
    if "code" in request:
        asked["code"] = (request["code"]["function"], request["code"]["text"])
    try:
        kit.run_demo(request["name"], request["values"], **asked, emit=emit, mark=mark)
    except ValueError as error:  # DemoInputError: a name or value that does not exist
        emit({"event": "error", "message": str(error)})


def _confine(kit: Any, request: dict[str, Any], memory: int) -> None:
    """Shut this process in, once it has imported what the demo needs; libraries do odd things at import."""
    from prep_app.lab.sandbox import MEMORY, Bounds, confine

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    kit.prepare(request["name"])
    most = min(memory or MEMORY, MEMORY)
    confine(Bounds(request["sandbox"]["folder"], request["sandbox"]["seconds"], most), request["device"])


def _run_in_place(kit: Any, request: dict[str, Any], protocol: int, memory: int) -> None:
    last = "code" in request
    if last:
        _confine(kit, request, memory)
    _run(kit, request, protocol)
    sys.stdout.flush()
    sys.stderr.flush()
    send(protocol, {"event": "ended", "run": request["run"], "why": "", "last": last})
    if last:
        os._exit(0)  # what the code left for the end is not run


def _run_forked(kit: Any, request: dict[str, Any], protocol: int, requests: _Requests, memory: int) -> None:
    """Run in a child; watch it, its memory and stdin; say how it ended."""
    alive, held_by_child = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(alive)
        _child(kit, request, protocol, parent, memory)
    os.close(held_by_child)
    why = ""
    while True:
        ready, _, _ = select.select([alive, requests.descriptor], [], [], POLL_SECONDS)
        if alive in ready:
            break  # the child's end of the pipe closed: it is gone
        if requests.descriptor in ready and not why:
            requests.fill()
            if requests.closed:
                _kill(child)
                os.waitpid(child, 0)
                _tidy(request)
                os._exit(0)
            if _cancelled(requests, request["run"]):
                why = "cancelled"
                _kill(child)
        if memory and not why and resident(child) > memory:
            why = f"it needed more than {memory / 2**30:.1f} GiB of memory; choose smaller parameters"
            _kill(child)
    os.close(alive)
    _kill(child)  # whatever it started goes with it
    _, status = os.waitpid(child, 0)
    _tidy(request)
    send(protocol, {"event": "ended", "run": request["run"], "why": why or _ending(status)})


def _tidy(request: dict[str, Any]) -> None:
    if "sandbox" in request:
        sweep(request["sandbox"]["folder"])


def _child(kit: Any, request: dict[str, Any], protocol: int, parent: int, memory: int) -> NoReturn:
    try:
        os.setpgid(0, 0)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # the worker died before the line above
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        if "code" in request:
            _confine(kit, request, memory)
        _run(kit, request, protocol)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        os._exit(1)
    os._exit(0)


def _cancelled(requests: _Requests, run: int) -> bool:
    """Take what has arrived; True when it cancels `run`. The app never sends another run meanwhile."""
    found = False
    while (request := requests.take()) is not None:
        found = found or request.get("cancel") == run
    return found


def _kill(child: int) -> None:
    for kill in (os.killpg, os.kill):
        try:
            kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass  # already gone, or not yet a group of its own


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return "it ended without a result"
    if code == -signal.SIGXCPU:
        return "it used up its share of the processor's time"
    if code < 0:
        return f"it crashed ({signal.Signals(-code).name})"
    return f"it ended with status {code} and no result"


def resident(process: int) -> int:
    """Bytes of memory a process holds beyond what it shares with its parent's files; 0 when it is gone."""
    try:
        with open(f"/proc/{process}/statm") as file:
            _, pages, shared, *_ = map(int, file.read().split())
    except (OSError, ValueError):
        return 0
    return (pages - shared) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    sys.exit(main())
