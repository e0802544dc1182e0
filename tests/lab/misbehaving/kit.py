"""Stands where demos.kit stands, so that the real worker runs these."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any


def run_demo(
    name: str,
    values: Mapping[str, Any],
    *,
    device: str,
    seed: int,
    mistake: str,
    emit: Callable[[dict[str, Any]], None],
    mark: Callable[[int], None],
) -> bool:
    emit({"event": "text", "markdown": "begun"})
    globals()[name](emit)
    return True


def good(emit: Callable[[dict[str, Any]], None]) -> None:
    import torch

    assert (torch.ones(64, 64) @ torch.ones(64, 64)).sum() == 64**3
    emit({"event": "result", "figures": {"x": 1}, "device": "cpu", "seconds": 0.1, "passed": True})


def spins(emit: object) -> None:
    while True:
        pass


def sleeps(emit: object) -> None:
    time.sleep(3600)


def aborts(emit: object) -> None:
    os.abort()


def segfaults(emit: object) -> None:
    ctypes.string_at(0)


def exits(emit: object) -> None:
    sys.exit(3)


def vanishes(emit: object) -> None:
    os._exit(0)


def recurses(emit: object) -> None:
    recurses(emit)


def raises(emit: object) -> None:
    raise RuntimeError("odd \x1b[31mred\x1b[0m")


def hoards(emit: object) -> None:
    held = []
    while True:
        held.append(bytearray(b"x") * (64 << 20))


def prints(emit: Callable[[dict[str, Any]], None]) -> None:
    print("plain")
    os.write(1, b"\x1b]0;title\x07raw \xff\xfe bytes\n")
    os.write(2, b'{"event": "result", "passed": true}\n')
    good(emit)


def floods(emit: Callable[[dict[str, Any]], None]) -> None:
    for _ in range(2000):
        print("x" * 1000)
    good(emit)


def shouts(emit: Callable[[dict[str, Any]], None]) -> None:
    emit({"event": "text", "markdown": "y" * (10 << 20)})
    good(emit)


def begets(emit: Callable[[dict[str, Any]], None]) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    emit({"event": "text", "markdown": f"child {child.pid}"})
    time.sleep(3600)
