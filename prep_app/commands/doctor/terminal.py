"""The terminal: its colours, its letters, its size, and what stands between it and prep. It is asked nothing."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator

from prep_app.commands.doctor.finding import Finding

ENOUGH = 256  # colours: with fewer, shades fall together
ROOM = (60, 20)  # columns and rows below which little fits beside a question
BETWEEN = {"TMUX": "in tmux", "STY": "in screen", "ZELLIJ": "in Zellij", "SSH_CONNECTION": "over ssh"}
# Terminals that draw pixels say so by these; more of them may, unsaid.
PIXELS = {
    "kitty's": ("KITTY_WINDOW_ID", "GHOSTTY_RESOURCES_DIR", "WEZTERM_PANE", "KONSOLE_VERSION"),
    "iTerm2's": ("ITERM_SESSION_ID",),
    "sixel": ("MLTERM", "WT_SESSION"),
}
SIXEL_TERMS = ("foot", "mlterm", "contour", "yaft")


def look() -> Iterator[Finding]:
    yield terminal()
    yield colours()
    yield letters()
    yield pixels()


def terminal() -> Finding:
    term = os.environ.get("TERM", "")
    here = [term or "no TERM", *(says for name, says in BETWEEN.items() if name in os.environ)]
    if not sys.stdout.isatty():
        return Finding("terminal", True, ", ".join([*here, "printing to a file or a program"]))
    columns, rows = shutil.get_terminal_size()
    here.insert(1, f"{columns} × {rows}")
    if term in ("", "dumb"):
        return Finding(
            "terminal", False, ", ".join(here), "set TERM, such as TERM=xterm-256color, or: prep study --plain"
        )
    roomy = columns >= ROOM[0] and rows >= ROOM[1]
    return Finding("terminal", roomy, ", ".join(here), f"make the window {ROOM[0]} × {ROOM[1]} or larger")


def colours() -> Finding:
    if "NO_COLOR" in os.environ:
        return Finding("colours", True, "none, as NO_COLOR asks")
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return Finding("colours", True, "16.7 million (COLORTERM)")
    count = from_terminfo()
    if count is None:
        return Finding("colours", True, "unknown")
    advice = "use a terminal with 256 colours and say so: TERM=xterm-256color"
    if "TMUX" in os.environ:
        advice = 'put set -g default-terminal "tmux-256color" into tmux.conf'
    return Finding("colours", count >= ENOUGH or not sys.stdout.isatty(), f"{max(0, count)} by terminfo", advice)


def from_terminfo() -> int | None:
    """How many colours TERM's entry has, -1 for none; None where there is no entry or no terminfo."""
    try:
        import curses
    except ImportError:
        return None  # Windows
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        curses.setupterm(os.environ.get("TERM", ""), null)
        return curses.tigetnum("colors")
    except curses.error:
        return None
    finally:
        os.close(null)


def letters() -> Finding:
    encoding = (sys.stdout.encoding or "").lower()
    locale = next(
        (os.environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if os.environ.get(name)), "no locale set"
    )
    return Finding(
        "letters", encoding.startswith("utf"), f"{encoding}, {locale}", "use a UTF-8 locale, such as LANG=C.UTF-8"
    )


def pixels() -> Finding:
    found = [kind for kind, names in PIXELS.items() if any(name in os.environ for name in names)]
    if os.environ.get("TERM", "").startswith(SIXEL_TERMS):
        found.append("sixel")
    said = f"{' and '.join(found)}, by its environment" if found else "no sign of them"
    return Finding("pixels", True, f"{said}; plots are drawn with letters")
