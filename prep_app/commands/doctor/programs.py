"""The programs: prep and what it is built on, what demos may run on, how code cards are shut in."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from prep_app import __version__
from prep_app.commands.doctor.finding import Finding

BUILT_ON = ("textual", "torch", "fsrs-rs-python", "numpy")
DEVICE_PATIENCE = 60  # seconds for torch to import and look around
_DEVICES = """
import torch
found = ["cpu"]
if torch.cuda.is_available(): found.append("cuda (" + torch.cuda.get_device_name() + ")")
if torch.backends.mps.is_available(): found.append("mps")
print(", ".join(found))
"""


def look() -> Iterator[Finding]:
    yield Finding("prep", True, f"{__version__}, Python {platform.python_version()}, {platform.system()}")
    for name in BUILT_ON:
        yield package(name)
    yield extras()
    yield devices()
    yield sandbox()


def package(name: str) -> Finding:
    held = installed(name)
    return Finding(name, held is not None, held or "not installed", f"pip install '{name}'")


def extras() -> Finding:
    """What was installed for peft's demo, Anki, sync and the browser. Nothing else needs them."""
    needed: dict[str, list[str]] = {}
    for line in declared():
        if found := re.match(r"([\w.-]+).*\bextra\s*==\s*['\"]([\w-]+)", line):
            needed.setdefault(found[2], []).append(found[1])
    needed.pop("test", None)
    said = []
    for extra, names in needed.items():
        versions = {name: installed(name) for name in names}
        whole = all(versions.values())
        said.append(
            f"{extra} ({names[0]} {versions[names[0]]})" if whole else f"no {extra}: pip install 'prep[{extra}]'"
        )
    return Finding("extras", True, "; ".join(said) or "none known")


def devices() -> Finding:
    """What a demo could run on. Asked of another process: torch must not enter this one."""
    try:
        asked = subprocess.run(
            [sys.executable, "-P", "-c", _DEVICES], capture_output=True, text=True, timeout=DEVICE_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return Finding(
            "devices", False, f"torch did not answer in {DEVICE_PATIENCE} s", "try again, or reinstall torch"
        )
    if asked.returncode:
        said = (asked.stderr.strip().splitlines() or ["no message"])[-1]
        return Finding("devices", False, said, "pip install 'torch>=2.6,<2.14'; everything but the demos works without")
    return Finding("devices", True, asked.stdout.strip())


def sandbox() -> Finding:
    """How far the code that a learner writes is shut in."""
    if sys.platform == "linux":
        from prep_app.lab.landlock import version as landlock

        if spoken := landlock():
            return Finding("sandbox", True, f"Landlock {spoken}: the kernel too keeps your code in its folder")
    return Finding("sandbox", True, "no Landlock here: Python alone keeps your code in its folder")


def declared() -> list[str]:
    try:
        return requires("prep") or []
    except PackageNotFoundError:
        return []  # run from files that nobody installed


def installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
