"""Keeps a learner's code to one temporary folder, this process, some memory and some time.

It is there for accidents and for curiosity, not against an enemy: the code is the learner's own, on their own machine,
and may read whatever they can read. Two things hold it. Python's audit events refuse, in a sentence, what Python code
asks for: a file outside the folder, another program, the network. On Linux, Landlock refuses the same to C++ below it.

Where there is no Landlock (macOS, Windows, Linux before 5.13) files that a library writes by itself are not noticed;
torch.save is, because it is made to ask here first. Threads are bounded by the memory for their stacks, files by their
size but not by their number. An audit hook cannot be taken out again, nor can a limit be raised: a process that was
confined runs that one piece of code and is then thrown away.
"""

from __future__ import annotations

import contextlib
import glob
import math
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from prep_app.lab import landlock

MEMORY = 2 << 30  # bytes beyond what the worker holds already
LARGEST_FILE = 16 << 20  # bytes
KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
KEPT_ON_WINDOWS = ("SYSTEMROOT", "WINDIR")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a learner's code may write, and how much of the machine it may take. 0: no limit."""

    folder: str
    seconds: float
    memory: int = MEMORY


def confine(bounds: Bounds, device: str = "cpu") -> None:
    """Confine this process for good. Call it when every library that the run needs is imported."""
    os.mkdir(bounds.folder, 0o700)  # fails where somebody else made it
    folder = os.path.realpath(bounds.folder)
    _settle_in(folder)
    _limit(bounds, device)
    if sys.platform == "linux":
        # Everybody's sink, and the drivers of a GPU, which are written to in order to be used.
        landlock.restrict(folder, [os.devnull, *(glob.glob("/dev/nvidia*") if device != "cpu" else [])])
    guard = _Guard(folder)
    _close_side_doors(guard)
    sys.addaudithook(guard)


def _settle_in(folder: str) -> None:
    os.chdir(folder)
    kept = {name: os.environ[name] for name in (*KEPT, *KEPT_ON_WINDOWS) if name in os.environ}
    os.environ.clear()
    os.environ.update(kept, HOME=folder, TMPDIR=folder, TEMP=folder, TMP=folder)
    tempfile.tempdir = folder
    sys.dont_write_bytecode = True  # a module imported late would be cached beside its source


def _limit(bounds: Bounds, device: str) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return

    def most(which: int, amount: int) -> None:
        _, hard = resource.getrlimit(which)
        allowed = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(which, (allowed, allowed))

    most(resource.RLIMIT_CORE, 0)
    most(resource.RLIMIT_FSIZE, LARGEST_FILE)
    # The clock of the app ends a run first; this is for code that outlives the app. Every thread's time counts.
    if bounds.seconds:
        most(resource.RLIMIT_CPU, math.ceil(_spent() + bounds.seconds * (os.cpu_count() or 1)) + 1)
    # A GPU's driver reserves far more than it uses. Outside Linux no such limit is kept.
    if bounds.memory and device == "cpu" and (held := _data()):
        most(resource.RLIMIT_DATA, held + bounds.memory)


def _spent() -> float:
    times = os.times()
    return times.user + times.system


def _data() -> int:
    """Bytes of data that this process has now; 0 where that is not told."""
    try:
        with open("/proc/self/status") as file:
            (line,) = (line for line in file if line.startswith("VmData:"))
            return int(line.split()[1]) << 10
    except (OSError, ValueError):
        return 0


class _Guard:
    """An audit hook: called with every event, so the common ones cost one look-up."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._rules: dict[str, Callable[[tuple[Any, ...]], None]] = {"open": self._open, **self._on_files()}
        for sentence, events in REFUSED.items():
            self._rules.update(dict.fromkeys(events.split(), _refuses(sentence)))

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        rule = self._rules.get(event)
        if rule is not None:
            rule(arguments)

    def writes(self, path: Any, directory: Any = None, *, follow: bool = True) -> None:
        """Refuse a change to `path` (perhaps a descriptor; perhaps relative to another) outside the folder.

        Without `follow` it is the name that changes, not what a link of that name leads to.
        """
        with contextlib.suppress(OSError, ValueError, TypeError):
            named = _named(path, directory)
            parent, last = os.path.split(named)
            there = os.path.realpath(named) if follow else os.path.join(os.path.realpath(parent or "."), last)
            if there == os.devnull or there == self._folder or there.startswith(self._folder + os.sep):
                return
            path = there
        raise PermissionError(f"your code may not write to {_shown(path)}")

    def _open(self, arguments: tuple[Any, ...]) -> None:
        path, mode, flags = arguments
        writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        if (isinstance(flags, int) and flags & writing) or (isinstance(mode, str) and set(mode) & set("wax+")):
            self.writes(path)

    def _on_files(self) -> dict[str, Callable[[tuple[Any, ...]], None]]:
        def rule(event: str) -> Callable[[tuple[Any, ...]], None]:
            def look(arguments: tuple[Any, ...]) -> None:
                for path, directory in CHANGES[event]:
                    given = arguments[directory] if directory else None
                    self.writes(arguments[path], given, follow=event not in OF_NAMES)

            return look

        return {event: rule(event) for event in CHANGES}


# Events and where among their arguments stand a path and the directory that it is relative to (0: none).
CHANGES: dict[str, tuple[tuple[int, int], ...]] = {
    "os.remove": ((0, 1),),
    "os.rmdir": ((0, 1),),
    "os.mkdir": ((0, 2),),
    "os.rename": ((0, 2), (1, 3)),
    "os.link": ((0, 2), (1, 3)),  # a second name for a file outside would make it one inside
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, 0),),
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.chflags": ((0, 0),),
    "os.utime": ((0, 3),),
    "os.setxattr": ((0, 0),),
    "os.removexattr": ((0, 0),),
    "sqlite3.connect": ((0, 0),),
}
OF_NAMES = {"os.remove", "os.rmdir", "os.mkdir", "os.rename", "os.symlink"}
REFUSED = {
    "your code may not start another program": "subprocess.Popen os.system os.exec os.posix_spawn os.spawn os.fork "
    "os.forkpty os.startfile pty.spawn _winapi.CreateProcess",
    "your code may not use the network": "socket.connect socket.bind socket.sendto socket.sendmsg socket.getaddrinfo "
    "socket.gethostbyname socket.gethostbyaddr",
    "your code may not signal another program": "os.kill os.killpg",
    "your code may not reach past Python with ctypes": "ctypes.dlopen ctypes.dlsym ctypes.call_function "
    "ctypes.string_at ctypes.wstring_at ctypes.cdata",
}


def _refuses(sentence: str) -> Callable[..., NoReturn]:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise PermissionError(sentence)

    return refuse


def _named(path: Any, directory: Any) -> str:
    """A path as a string, for what may be a descriptor, bytes, or relative to an open directory."""
    if isinstance(path, int):
        return _of_descriptor(path)
    path = os.fsdecode(path)
    if isinstance(directory, int) and directory >= 0 and not os.path.isabs(path):
        return os.path.join(_of_descriptor(directory), path)
    return str(path)


def _of_descriptor(number: int) -> str:
    if sys.platform == "linux":
        return os.readlink(f"/proc/self/fd/{number}")
    import fcntl

    return os.fsdecode(fcntl.fcntl(number, fcntl.F_GETPATH, b"\0" * 1024).rstrip(b"\0"))


def _shown(path: Any) -> str:
    return os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else "a file it was not given"


def _close_side_doors(guard: _Guard) -> None:
    """What makes no audit event and can be reached from plain Python."""
    with contextlib.suppress(ImportError):
        import _posixsubprocess  # multiprocessing starts programs through it

        _posixsubprocess.fork_exec = _refuses("your code may not start another program")
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        write = torch.serialization.save

        def save(obj: object, f: Any, *arguments: Any, **options: Any) -> None:
            if isinstance(f, str | os.PathLike):
                guard.writes(f)
            write(obj, f, *arguments, **options)

        torch.save = torch.serialization.save = save
