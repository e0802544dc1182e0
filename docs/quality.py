"""Run every benchmark and write docs/quality.md: each claim, its goal, what was measured here, met or missed.

    python docs/quality.py [--quick] [--to FILE]        make quality

Met or missed is the benchmark's own exit status: one that fails is written down like any other. Below the table stands
all that each printed. `--quick` tries the page with a little of everything; what it measures means nothing.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "quality.md"
NUMBER = r"([\d,.]+)"
LONGEST = 7200  # seconds that one benchmark may take
VERDICTS = {0: "met", 1: "**missed**"}

Figure = tuple[
    str, str, Callable[[Sequence[float]], float]
]  # how it reads, where it stands, which one where several do


@dataclass(frozen=True, slots=True)
class Claim:
    """One line of the table."""

    says: str
    goal: str
    program: str
    figures: tuple[Figure, ...]
    options: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()


CLAIMS = (
    Claim(
        "The first paint",
        "at most 1.4 × a bare Textual app's",
        "first_paint.py",
        (("{:.2f} ×", rf"^prep +{NUMBER} +{NUMBER}", max),),
        quick=("--runs", "1"),
    ),
    Claim(
        "A key, from press to frame",
        "median 16 ms at rest; 50 ms at the 95th percentile while a demo runs",
        "key_latency.py",
        (
            ("median {:.1f} ms at rest", rf"at rest +{NUMBER} ", max),
            ("95 % {:.1f} ms while a demo runs", rf"demo runs +[\d.]+ +{NUMBER}", max),
        ),
        quick=("--cards", "2"),
    ),
    Claim(
        "Each demo",
        "first output in 100 ms, done in 2 s, at most 1.5 GB",
        "demo_runs.py",
        (
            ("slowest: first output {:.0f} ms", rf"^\w+ +{NUMBER} +[\d.]+ +[\d.]+ +\d+$", max),
            ("whole run {:.2f} s", rf"^\w+ +[\d.]+ +{NUMBER} +[\d.]+ +\d+$", max),
            ("{:.0f} MB", rf"^\w+ +[\d.]+ +[\d.]+ +[\d.]+ +{NUMBER}$", max),
        ),
        quick=("--runs", "1"),
    ),
    Claim(
        "NF4 in pure PyTorch",
        "quantises as fast as bitsandbytes, dequantises at least half as fast",
        "nf4.py",
        (
            ("quantise {:.2f} ×", rf"^quantise .* {NUMBER}  \w", min),
            ("dequantise {:.2f} ×", rf"^dequantise .*float32 .* {NUMBER}  \w", min),
        ),
        quick=("--rounds", "1"),
    ),
    Claim(
        "Search in 100 000 cards",
        "50 ms at the 95th percentile, whatever is typed",
        "browse.py",
        (("slowest query {:.1f} ms", rf"^\S.* +[\d,]+ +[\d.]+ +{NUMBER}(?: +[\d,.]+ +[\d.]+)?$", max),),
        quick=("--cards", "2000", "--rounds", "2"),
    ),
    Claim(
        "The interview plan",
        "reaches the floor, is never below plain FSRS, plans 10 000 cards in 1 s",
        "interview_plan.py",
        (("planned in {:.2f} s", rf"{NUMBER} s for today", max),),
        quick=("--quick",),
    ),
    Claim(
        "Memory rebuilt from the journal",
        "100 × the pure-Python fsrs as its README uses it",
        "rebuild.py",
        (
            ("{:.0f} × as its README uses it", rf"^prep, folded +[\d.]+ +[\d.]+ +{NUMBER}", max),
            ("{:.1f} × without its sleep", rf"^prep, folded .* {NUMBER}$", max),
        ),
        quick=("--reviews", "5000"),
    ),
    Claim(
        "100 000 cards",
        "as fast as Anki's own backend; memory 1.5 × and first paint 1.1 × those with 100 cards",
        "scale.py",
        (
            ("answer {:.2f} × Anki", rf"answer, median .* {NUMBER}   ≤", max),
            ("open {:.2f} × Anki", rf"^open .* {NUMBER}   ≤", max),
            ("memory {:.2f} ×", rf"^memory .* {NUMBER}   ≤", max),
            ("first paint {:.2f} ×", rf"^first paint.* {NUMBER}   ≤", max),
        ),
        ("--anki", sys.executable),
        ("--cards", "500", "--runs", "1", "--answers", "3"),
    ),
    Claim(
        "Sync through PostgreSQL: 100 machines, the server killed meanwhile",
        "nothing lost, nothing doubled; rows a second beside COPY",
        "sync.py",
        (("{:,.0f} rows/s in all", rf"{NUMBER} rows/s in all", max),),
        quick=("--machines", "4", "--reviews", "100", "--learners", "2", "--rows", "500", "--runs", "1"),
    ),
    Claim(
        "Eight hours of use: 100 000 key presses by a monkey",
        "no exception, every review kept, memory within 10 % after 10 000 keys",
        "soak.py",
        (
            ("{:,.0f} keys", rf"^{NUMBER} keys of seed", max),
            ("{:,.0f} reviews", rf"^reviews: {NUMBER}", max),
            ("from {:.0f} MiB", rf"^memory after .*: {NUMBER} –", max),
            ("to {:.0f} MiB", rf"^memory after .* – {NUMBER} MiB", max),
        ),
        quick=("--keys", "200"),
    ),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    claim: Claim
    verdict: str
    seconds: float
    printed: str

    @property
    def measured(self) -> str:
        said = []
        for reads, pattern, pick in self.claim.figures:
            found = [float(last.replace(",", "")) for last in self._found(pattern)]
            if found:
                said.append(reads.format(pick(found)))
        return ", ".join(said) or "see below"

    def _found(self, pattern: str) -> list[str]:
        return [match[match.re.groups] for match in re.finditer(pattern, self.printed, re.M)]


def measure(claim: Claim, quick: bool) -> Outcome:
    file = ROOT / "benchmarks" / claim.program
    if not file.exists():
        return Outcome(claim, "not measured", 0, "there is no such benchmark yet")
    command = [sys.executable, str(file), *claim.options, *(claim.quick if quick else ())]
    begun = time.monotonic()
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False)
        printed, verdict = done.stdout, VERDICTS.get(done.returncode, "**failed**")
        broke = "Traceback (most recent" in done.stderr or not printed.strip()  # both end with status 1 too
        if broke or done.returncode not in VERDICTS:
            verdict, printed = "**failed**", f"{printed}\n{done.stderr}"
    except subprocess.TimeoutExpired as late:
        verdict, printed = "**failed**", f"{late.stdout or ''}\nnot done within {LONGEST} s"
    return Outcome(claim, verdict, time.monotonic() - begun, printed.replace(str(ROOT), ".").strip())


def machine() -> str:
    """What it ran on; nothing that names the machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    built_on = ", ".join(f"{name} {version(name)}" for name in ("torch", "textual", "numpy", "fsrs-rs-python"))
    load = os.getloadavg()[0]
    return (
        f"{date.today():%Y-%m-%d} · {processor()}, {cores} cores, {memory:.0f} GiB · {platform.system()}, "
        f"Python {platform.python_version()} · {built_on} · load before the first: {load:.1f}"
    )


def processor() -> str:
    info = Path("/proc/cpuinfo")
    named = re.search(r"^model name\s*: (.+)$", info.read_text(), re.M) if info.exists() else None
    return named[1] if named else platform.processor() or platform.machine()


def page(outcomes: Sequence[Outcome], where: str, quick: bool) -> str:
    head = ["# Quality, measured", "", "Made by `make quality`, all of it on one machine:", "", where, ""]
    if quick:
        head += ["**A trial with tiny numbers: none of these figures means anything.**", ""]
    rows = ["| what | goal | measured | | by |", "| --- | --- | --- | --- | --- |"]
    for one in outcomes:
        claim = one.claim
        cells = (claim.says, claim.goal, one.measured, one.verdict, f"`benchmarks/{claim.program}`")
        rows.append(f"| {' | '.join(cells)} |")
    for claim in CLAIMS[len(outcomes) :]:
        rows.append(f"| {claim.says} | {claim.goal} | | not measured in this run | `benchmarks/{claim.program}` |")
    rest = []
    for one in outcomes:
        rest += ["", f"## {one.claim.says}: {one.verdict.strip('*')}", ""]
        rest += [f"`benchmarks/{one.claim.program}`, {one.seconds:.0f} s", "", "```text", one.printed, "```"]
    return "\n".join([*head, *rows, *rest]) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a little of everything, to try this page")
    parser.add_argument("--to", type=Path, default=PAGE, metavar="FILE")
    options = parser.parse_args()
    where, outcomes = machine(), []
    for claim in CLAIMS:
        print(f"{claim.program:<20} ", end="", flush=True)
        outcomes.append(measure(claim, options.quick))
        print(f"{outcomes[-1].verdict.strip('*'):<8} {outcomes[-1].measured}")
        options.to.write_text(page(outcomes, where, options.quick), encoding="utf-8")  # what there is, at any time
    return int(any(one.verdict != "met" for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
