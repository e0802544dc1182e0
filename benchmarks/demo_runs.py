"""Each demo's run in a warm lab: time to the first event and to the last, against a bare fork of the same worker.

    python benchmarks/demo_runs.py [--runs 5]

The peer is the time torch takes to import, which a cold start would cost each time. Goals: first output within 100 ms,
the whole run within 2 s on two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import time

from prep_app.lab.catalogue import catalogue
from prep_app.lab.client import LabClient
from prep_app.lab.events import Result

FIRST_GOAL, LAST_GOAL = 0.1, 2.0  # seconds


async def measure(runs: int) -> int:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    cold = time.perf_counter() - start
    lab = LabClient()
    await lab.start()
    kept = True
    print(f"import torch alone: {cold:.2f} s\n")
    print(f"{'demo':<18}{'first event ms':>16}{'whole run s':>14}{'of import torch':>17}")
    for name in catalogue():
        firsts, wholes = [], []
        for _ in range(runs):
            begun, first = time.perf_counter(), 0.0
            async for event in lab.run(name, {}):
                first = first or time.perf_counter() - begun
                last = event
            assert isinstance(last, Result), last
            firsts.append(first)
            wholes.append(time.perf_counter() - begun)
        first, whole = statistics.median(firsts), statistics.median(wholes)
        kept = kept and first <= FIRST_GOAL and whole <= LAST_GOAL
        print(f"{name:<18}{first * 1000:>16.0f}{whole:>14.2f}{whole / cold:>17.2f}")
    await lab.close()
    verdict = "met" if kept else "missed"
    print(f"\ngoals: first event ≤ {FIRST_GOAL * 1000:.0f} ms, whole run ≤ {LAST_GOAL:g} s: {verdict}")
    return 0 if kept else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    return asyncio.run(measure(parser.parse_args().runs))


if __name__ == "__main__":
    sys.exit(main())
