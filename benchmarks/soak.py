"""Eight hours of use, compressed: a monkey presses keys on every screen, and nothing may break, grow or get lost.

    python benchmarks/soak.py [--keys 100000] [--seed 0]

The app is the real one, on a folder of its own, drawn in full and shown to nobody. The monkey is of `--seed`; it sits
down on one day after another, so that cards come due again: every key takes as long as in eight hours of 100 000, and
what the clock says between two sittings is skipped. The window changes its size now and then, demos run and are
cancelled, mock interviews begin and end, and the app is left and opened again at the end of each sitting. Checked:

* no exception, in the app or in any task of it, and every key is taken within a minute;
* what Memory.answer acknowledged is what the journal holds, all of it and nothing else; the file is sound;
* what cache.db holds is what the journal folds to;
* the resident memory of the process, read every 1000 keys after the first 10 000, stays within 10 % of its median.

Exit status 1 where any of it fails, with the seed and the last 50 keys.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib
import io
import os
import pkgutil
import resource
import signal
import statistics
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from monkey import Monkey, named
from textual import events
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot, WaitForScreenTimeout
from textual.screen import Screen

import prep_app.ui
from prep_app.content.library import library_for
from prep_app.memory.journal_file import file_damage
from prep_app.memory.store import Memory
from prep_app.memory.types import Reviewed
from prep_app.paths import Home
from prep_app.settings import Settings
from prep_app.ui.app import PrepApp

HOURS, IN_HOURS = 8, 100_000  # a key of 100 000 takes its share of eight hours
SITTING = 4_000  # keys
DAY = 24 * 3600 * 10**9  # ns
RESIZE_EVERY = 60  # keys
WARM_UP, SAMPLE_EVERY = 10_000, 1_000  # keys
ALLOWED = 0.10  # of the median
PATIENCE = 60  # seconds


class Unseen(HeadlessDriver):
    """Draws for a terminal that nobody looks at."""

    @property
    def is_headless(self) -> bool:
        return False


class SkippingClock:
    """The machine's clock, and what was skipped of it. Stands in the place of time.time_ns."""

    def __init__(self) -> None:
        self.real = time.time_ns
        self.skipped = 0

    def __call__(self) -> int:
        return self.real() + self.skipped


@dataclass
class Soak:
    """What is known by now."""

    home: Home
    keys: int
    seed: int
    monkey: Monkey
    clock: SkippingClock
    begun: float = field(default_factory=time.monotonic)
    done: int = 0
    sittings: int = 0
    screens: Counter[str] = field(default_factory=Counter)
    acknowledged: list[str] = field(default_factory=list)  # ids of reviews
    resident: list[float] = field(default_factory=list)  # MiB, once warm
    faults: list[str] = field(default_factory=list)


def soak(home: Home, keys: int, seed: int) -> Soak:
    """Press `keys` keys; stops at the first fault."""
    held = Soak(home, keys, seed, Monkey(seed), SkippingClock())
    time.time_ns = held.clock
    Memory.answer = acknowledged(Memory.answer, held)  # type: ignore[method-assign]
    signal.signal(signal.SIGALRM, lambda _, frame: hangs(held, frame))
    while held.done < keys and not held.faults:
        asyncio.run(sitting(held))
        held.sittings += 1
        held.clock.skipped += DAY
        # The app freezes what is loaded once it is warm; other than in life, more than one is opened in this process.
        gc.unfreeze()
        gc.collect()
    held.faults += [] if held.faults else journal_faults(held)
    return held


async def sitting(held: Soak) -> None:
    """Open the app, press keys for one sitting or until the monkey leaves, close it."""

    def told(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "exception" in context:  # else it is a timer that Textual left to the collector
            held.faults.append(f"{context['message']}\n{ending(context['exception'])}")

    asyncio.get_running_loop().set_exception_handler(told)
    app = PrepApp(held.home, Settings())
    app.driver_class = Unseen
    try:
        async with app.run_test(headless=False, size=(80, 24), notifications=True) as pilot:
            await app.opened.wait()
            end = min(held.keys, held.done + SITTING)
            while held.done < end and app.is_running and not held.faults:
                await some_keys(held, app, pilot)
            await pilot.pause()
    except WaitForScreenTimeout:
        held.faults.append(f"a key is not taken; what goes on:\n{waiting()}")
        os._exit(report(held))  # it would not close either
    except Exception as error:
        held.faults.append(ending(error))
    signal.alarm(0)
    gc.collect()  # what a task left behind without a word is told when it is collected


async def some_keys(held: Soak, app: PrepApp, pilot: Pilot[int]) -> None:
    signal.alarm(PATIENCE)
    for key in held.monkey.next(app):
        event = events.Key(*named(key))
        event.set_sender(app)
        app.post_message(event)
        held.done += 1
        held.clock.skipped += HOURS * 3600 * 10**9 // IN_HOURS
        if held.done % RESIZE_EVERY == 0:
            await pilot.resize_terminal(*held.monkey.size())
        if held.done % SAMPLE_EVERY == 0 and held.done >= WARM_UP:
            held.resident.append(resident())
    await pilot.pause(0)
    if app.is_running:
        held.screens[type(app.screen).__name__] += 1


def acknowledged(answer: Callable[..., Reviewed], held: Soak) -> Callable[..., Reviewed]:
    def answered(*arguments: Any, **options: Any) -> Reviewed:
        reviewed = answer(*arguments, **options)
        held.acknowledged.append(reviewed.entry)
        return reviewed

    return answered


def hangs(held: Soak, frame: FrameType | None) -> None:
    """Nothing came back for so long: say where it is, and end, since it would not end by itself."""
    held.faults.append(f"it hangs:\n{''.join(traceback.format_stack(frame)[-8:])}")
    os._exit(report(held))


def ending(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)[-12:])


def waiting() -> str:
    """Where each task of the loop stands."""
    told = io.StringIO()
    for task in asyncio.all_tasks():
        task.print_stack(limit=6, file=told)
    return told.getvalue()


def journal_faults(held: Soak) -> list[str]:
    """What of the learner's work is not as it was acknowledged."""
    if (damage := file_damage(held.home.journal)) is not None:
        return [f"the journal is damaged: {damage}"]
    faults = []
    kept = Memory.open(held.home, Settings())
    written = [entry.id for entry in kept.history() if entry.kind == "review"]
    lost, strange = set(held.acknowledged) - set(written), set(written) - set(held.acknowledged)
    if lost or strange or len(written) != len(held.acknowledged):
        faults.append(f"{len(lost)} reviews are lost, {len(strange)} were never given, of {len(held.acknowledged)}")
    cards = list(library_for(held.home).cards)
    states = [(kept.state(card), kept.flags(card), kept.answers(card)) for card in cards]
    kept.close()
    held.home.cache.unlink()
    anew = Memory.open(held.home, Settings())
    if states != [(anew.state(card), anew.flags(card), anew.answers(card)) for card in cards]:
        faults.append("cache.db does not hold what the journal folds to")
    anew.close()
    return faults


def resident() -> float:
    """MiB of memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def memory_fault(samples: list[float]) -> str | None:
    """Print what memory did; what is wrong with it, if anything."""
    if len(samples) < 2:
        print(f"memory: too few keys to say ({WARM_UP:,} warm up)")
        return None
    least, middle, most = min(samples), statistics.median(samples), max(samples)
    slope = statistics.linear_regression([SAMPLE_EVERY * at for at in range(len(samples))], samples).slope
    print(
        f"memory after {WARM_UP:,} keys: {least:.0f} – {most:.0f} MiB, median {middle:.0f}, "
        f"{10_000 * slope:+.1f} MiB every 10,000 keys; goal: within {ALLOWED:.0%} of the median"
    )
    flat = most <= middle * (1 + ALLOWED) and least >= middle * (1 - ALLOWED)
    return None if flat else f"memory is not flat: {least:.0f} – {most:.0f} MiB"


def every_screen() -> set[str]:
    """The names of prep's screens."""
    found = set()
    for module in pkgutil.walk_packages(prep_app.ui.__path__, "prep_app.ui."):
        held = vars(importlib.import_module(module.name)).values()
        found |= {one for one in held if isinstance(one, type) and issubclass(one, Screen)}
    return {one.__name__ for one in found if not any(other is not one and issubclass(other, one) for other in found)}


def report(held: Soak) -> int:
    """Print what was seen; the exit status."""
    seconds = time.monotonic() - held.begun
    took = f"{seconds:.0f} s, {time.process_time():.0f} of the processor"
    print(f"{held.done:,} keys of seed {held.seed} in {held.sittings} sittings, {took}")
    print("screens: " + ", ".join(f"{name} {count}" for name, count in held.screens.most_common()))
    print(f"never shown: {', '.join(sorted(every_screen() - set(held.screens))) or 'none'}")
    print(f"reviews: {len(held.acknowledged)}")
    fault = memory_fault(held.resident)
    faults = [*held.faults, *([fault] if fault else [])]
    for fault in faults:
        print(f"✗ {fault}")
    if faults:
        print(f"seed {held.seed}, after {held.done:,} keys; the last: {' '.join(held.monkey.pressed)}")
    sys.stdout.flush()
    return 1 if faults else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    os.environ["BROWSER"] = "true"  # a link that is opened goes nowhere
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = os.environ["XDG_DOWNLOAD_DIR"] = folder
        home = Home(Path(folder, "prep"))
        home.root.mkdir(mode=0o700)
        held = soak(home, options.keys, options.seed)
    return report(held)


if __name__ == "__main__":
    sys.exit(main())
