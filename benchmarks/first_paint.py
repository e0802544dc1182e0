"""First paint of prep against a bare Textual app (Header, Static, Footer), in the same run, best of several.

    python benchmarks/first_paint.py [--runs 7]

Each program runs in a pseudo-terminal of 80 × 24. The clock starts at exec and stops at the first frame that holds the
program's own text. The goal is a ratio of at most 1.4.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

GOAL = 1.4
BARE = """
from textual.app import App
from textual.widgets import Footer, Header, Static

class Bare(App):
    def compose(self):
        yield Header()
        yield Static("bare but painted")
        yield Footer()

Bare().run()
"""


def first_paint(command: list[str], text: bytes, home: str) -> float:
    """Return the seconds from exec to the first output that contains `text`."""
    go_read, go_write = os.pipe()
    pid, terminal = pty.fork()
    if pid == 0:
        os.close(go_write)
        os.read(go_read, 1)
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PREP_HOME": home}
        os.execvpe(command[0], command, environment)
    os.close(go_read)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    seen = b""
    start = time.perf_counter()
    os.write(go_write, b"x")
    os.close(go_write)
    try:
        while text not in seen:
            ready, _, _ = select.select([terminal], [], [], 30)
            if not ready:
                raise SystemExit(f"{command}: no paint within 30 s")
            seen += os.read(terminal, 65536)
        return time.perf_counter() - start
    finally:
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as home:
        bare_file = Path(home, "bare.py")
        bare_file.write_text(BARE)
        bare = [sys.executable, str(bare_file)]
        prep = [sys.executable, "-m", "prep_app"]
        times: dict[str, list[float]] = {"bare": [], "prep": []}
        for _ in range(runs + 1):  # in turn, so that noise on the machine meets both
            times["bare"].append(first_paint(bare, b"bare but painted", home))
            times["prep"].append(first_paint(prep, b"prove themselves", home))
    best = {name: min(values[1:]) for name, values in times.items()}  # the first run warms the page cache
    ratio = best["prep"] / best["bare"]
    print(f"{'program':<22}{'best s':>8}{'ratio':>8}")
    print(f"{'bare Textual app':<22}{best['bare']:>8.3f}{1:>8.2f}")
    print(f"{'prep':<22}{best['prep']:>8.3f}{ratio:>8.2f}   goal ≤ {GOAL}")
    return 0 if ratio <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
