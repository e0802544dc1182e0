"""Each demo's run in a warm lab: time to the first event and to the last, and the memory of a run by itself.

    python benchmarks/demo_runs.py [--runs 5]

The peer is the time torch takes to import, which a cold start would cost each time. Goals: first output within 100 ms,
the whole run within 2 s on two cores, at most 1.5 GB with torch itself.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time

from prep_app.lab.catalogue import catalogue
from prep_app.lab.client import LabClient
from prep_app.lab.events import Line, Progress, Result

FIRST_GOAL, LAST_GOAL, MEMORY_GOAL = 0.1, 2.0, 1.5e9  # seconds, seconds, bytes


async def measure(runs: int) -> int:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    cold = time.perf_counter() - start
    lab = LabClient()
    await lab.start()
    kept = True
    print(f"import torch alone: {cold:.2f} s\n")
    print(f"{'demo':<22}{'first event ms':>15}{'whole run s':>13}{'of import torch':>17}{'memory MB':>11}")
    for name in catalogue():
        firsts, wholes = [], []
        await lab.prepare(name)  # as the app does while a question is read
        async for _ in lab.run(name, {}):
            pass
        for _ in range(runs):
            begun, first = time.perf_counter(), 0.0
            async for event in lab.run(name, {}):
                if not isinstance(event, Line | Progress):
                    first = first or time.perf_counter() - begun
                last = event
            assert isinstance(last, Result), last
            firsts.append(first)
            wholes.append(time.perf_counter() - begun)
        first, whole, memory = statistics.median(firsts), statistics.median(wholes), peak_memory(name)
        kept = kept and first <= FIRST_GOAL and whole <= LAST_GOAL and memory <= MEMORY_GOAL
        print(f"{name:<22}{first * 1000:>15.0f}{whole:>13.2f}{whole / cold:>17.2f}{memory / 1e6:>11.0f}")
    await lab.close()
    verdict = "met" if kept else "missed"
    print(f"\ngoals: first event ≤ {FIRST_GOAL * 1000:.0f} ms, whole run ≤ {LAST_GOAL:g} s, ≤ 1.5 GB: {verdict}")
    return 0 if kept else 1


def peak_memory(name: str) -> int:
    """The most bytes that a run in a process of its own held at once, torch included."""
    process = subprocess.Popen([sys.executable, "-m", f"demos.{name}", "--json"], stdout=subprocess.DEVNULL)
    _, _, used = os.wait4(process.pid, 0)
    return used.ru_maxrss * 1024  # Linux counts in KiB


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    return asyncio.run(measure(parser.parse_args().runs))


if __name__ == "__main__":
    sys.exit(main())
