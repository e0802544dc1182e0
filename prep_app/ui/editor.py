"""The learner's own editor, opened at a line while the app stands aside."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from textual.app import App, SuspendNotSupported

from prep_app.errors import UserError

# How editors are told a line. Those that are not here are given the file alone.
_PLUS = (
    "vi",
    "vim",
    "nvim",
    "view",
    "nano",
    "pico",
    "emacs",
    "emacsclient",
    "micro",
    "kak",
    "joe",
    "ne",
    "mg",
    "gedit",
)
_COLON = ("hx", "helix", "subl", "zed", "zeditor")
_GOTO = ("code", "code-insiders", "codium", "cursor", "windsurf")
_MUST_WAIT = {
    "subl": "-w",
    "zed": "--wait",
    "zeditor": "--wait",
    **dict.fromkeys(_GOTO, "-w"),
}  # else they return at once


def editor_command(path: Path, line: int, environment: Mapping[str, str]) -> list[str]:
    """The words that open `path` at `line` in $VISUAL, or else $EDITOR.

    Raises UserError where neither names a program.
    """
    variable = next((name for name in ("VISUAL", "EDITOR") if environment.get(name, "").strip()), None)
    if variable is None:
        raise UserError("No editor is set: put its name into the environment variable EDITOR, such as EDITOR=nano")
    try:
        words = shlex.split(environment[variable])
    except ValueError:
        raise UserError(f"{variable} has an open quote: {environment[variable]}") from None
    program = shutil.which(words[0]) if words else None
    if program is None:
        raise UserError(f"{variable} names no program: {environment[variable]}")
    name = Path(words[0]).stem
    if name in _MUST_WAIT and not {"-w", "--wait"} & set(words):
        words.append(_MUST_WAIT[name])
    if name in _PLUS:
        return [*words, f"+{line}", str(path)]
    if name in _GOTO:
        return [*words, "-g", f"{path}:{line}"]
    return [*words, f"{path}:{line}" if name in _COLON else str(path)]


def edit(app: App[int], path: Path, line: int) -> None:
    """Open the editor and wait for it: it has the terminal meanwhile, so nothing is drawn.

    Raises UserError where there is no editor, or the app cannot leave the terminal to it.
    """
    command = editor_command(path, line, os.environ)
    try:
        with app.suspend(), _deaf_to_interrupts():
            went_wrong = _run(command)  # returned, not raised: Textual comes back only from a block that ends well
    except SuspendNotSupported:
        raise UserError(f"An editor cannot be opened here; the card is at {path}:{line}") from None
    if went_wrong:
        raise UserError(f"{command[0]} {went_wrong}; the card is at {path}:{line}")


def _run(command: list[str]) -> str:
    try:
        status = subprocess.run(command, check=False).returncode
    except OSError as error:
        return f"cannot be started ({error.strerror})"
    return f"ended with status {status}" if status else ""


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Ctrl+C in the editor is meant for it. (To ignore the signal would pass on to the editor; a handler does not.)"""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
