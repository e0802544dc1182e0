"""The folder that a learner's code may write to: made by the worker for one run, and gone after it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile


def folder_name() -> str:
    """A path that is not there yet."""
    return os.path.join(tempfile.gettempdir(), f"prep-code-{secrets.token_hex(8)}")


def sweep(folder: str) -> None:
    """Remove a folder and all in it, whatever its modes are. One that is gone already is no matter."""
    if not os.path.isdir(folder):
        return
    with contextlib.suppress(OSError):
        os.chmod(folder, 0o700)
    for here, inside, _ in os.walk(folder):
        for path in (os.path.join(here, name) for name in inside):
            with contextlib.suppress(OSError):
                if not os.path.islink(path):  # a link's mode is its target's
                    os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)
