"""prep doctor: what is here, what is wrong, what to do about it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from argparse import Namespace
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

from prep_app import __version__, paths
from prep_app.cache import discard_cache
from prep_app.content.library import library_for
from prep_app.errors import UserError
from prep_app.memory.backup import backups, newest_sound
from prep_app.memory.journal_file import explained, file_damage
from prep_app.memory.restore import Restored, damage, restore
from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.settings import Settings, read_settings

DEVICE_PATIENCE = 60  # seconds for torch to import and look around
_DEVICES = """
import torch
found = ["cpu"]
if torch.cuda.is_available(): found.append("cuda (" + torch.cuda.get_device_name() + ")")
if torch.backends.mps.is_available(): found.append("mps")
print(", ".join(found))
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination; `remedy` says what to do when it is not ok."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


def run(options: Namespace) -> int:
    findings = examine(options)
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            print(f"{'✓' if finding.ok else '✗'} {finding.name:<10} {finding.found}")
            if finding.remedy and not finding.ok:
                print(f"  {'':<10} → {finding.remedy}")
    return 0 if all(finding.ok for finding in findings) else 1


def examine(options: Namespace) -> list[Finding]:
    home = paths.home(options.home)
    findings = [Finding("prep", True, f"{__version__}, Python {platform.python_version()}")]
    findings += [_package(name) for name in ("textual", "torch", "fsrs-rs-python", "numpy")]
    findings.append(_devices())
    findings.append(Finding("files", True, str(home.root)))
    try:
        settings = read_settings(home.config)
        findings.append(Finding("settings", True, "config.toml" if home.config.exists() else "defaults"))
    except UserError as error:
        return [*findings, Finding("settings", False, str(error), "mend or remove the file")]
    findings.append(_journal(home, settings, options))
    if not findings[-1].ok:
        return findings
    library = library_for(home)
    cards = f"{len(library.cards)} cards, {len(library.problems)} problems"
    findings.append(Finding("packs", not library.problems, cards, "see them with: prep check, or prep check PATH"))
    findings.append(_backups(home))
    findings.append(Finding("cache", True, "made anew" if options.rebuild else "derived from the journal"))
    findings.append(_terminal())
    return findings


def _journal(home: Home, settings: Settings, options: Namespace) -> Finding:
    """Look the journal over, put it back together if asked to, and open it."""
    try:
        found = damage(home)
        if found is not None and not options.restore:
            return Finding("journal", False, f"{home.journal}: {found}", _restorable(home))
        if options.rebuild:
            discard_cache(home.cache)
        done = "" if found is None else f"restored ({_what_came_back(restore(home, time.time_ns() // 1_000_000))}), "
        memory = Memory.open(home, settings)
        reviews = len(memory.reviews())
        memory.close()
        return Finding("journal", True, f"{done}sound, {reviews} reviews")
    except UserError as error:
        what, _, remedy = str(error).rpartition("; ")
        return Finding("journal", False, what, remedy)


def _restorable(home: Home) -> str:
    sound = newest_sound(home.backups)
    then = "there is no sound backup" if sound is None else f"the newest sound backup is {sound}"
    return f"prep doctor --restore puts back what can be read of it and of its backups; {then}"


def _what_came_back(done: Restored) -> str:
    parts = [f"{done.entries} entries came back"]
    if done.backup is not None:
        parts.append(f"{done.from_backup} from {done.backup.name}")
        parts.append(f"{done.from_journal} newer ones from the damaged file")
    if done.lost is None:
        parts.append("nothing tells how many more there were")
    else:
        parts.append(f"{done.lost} are lost" if done.lost else "none is lost")
    if done.aside is not None:
        parts.append(f"the damaged file is kept as {done.aside.name}")
    return "; ".join(parts)


def _backups(home: Home) -> Finding:
    """The newest is what would be needed; the older ones only if it is damaged."""
    copies = backups(home.backups)
    if not copies:
        return Finding("backups", True, "none yet: one is made each day")
    with explained(copies[-1], "cannot be looked at", "remove it"):
        found = file_damage(copies[-1], live=False)
    return Finding(
        "backups", found is None, f"{len(copies)} kept" + (f"; {found}" if found else ""), f"remove {copies[-1]}"
    )


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, version(name))
    except PackageNotFoundError:
        return Finding(name, False, "not installed", f"pip install '{name}'")


def _devices() -> Finding:
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


def _terminal() -> Finding:
    encoding = (sys.stdout.encoding or "").lower()
    colours = (
        "no colour (NO_COLOR)" if "NO_COLOR" in os.environ else os.environ.get("COLORTERM") or "256 colours or fewer"
    )
    found = f"{os.environ.get('TERM', 'unknown')}, {colours}, {encoding}"
    return Finding("terminal", encoding.startswith("utf"), found, "use a UTF-8 locale, such as LANG=C.UTF-8")
