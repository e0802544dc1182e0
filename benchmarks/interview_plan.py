"""Recall on the date of an interview: the plan against plain FSRS, cramming and greed, simulated with the same luck.

    python benchmarks/interview_plan.py [--quick]

Every policy has the same minutes a day and starts from cards that are all new. `plain` is FSRS at 0.9 retention (due
cards first, the likeliest to be forgotten before others, then as many new ones as there is time for); `cram` does
nothing until there is just time to see each card once, then repeats the weakest; `greedy` asks each day what raises
expected recall on the date most for its time; `plan` is what this app does, at the prices of the first day throughout;
`anew` is the same worked out anew each day, as the app does it (slow to simulate, so only where named). No policy at
all can reach more than `ceiling`, the bound of the Lagrangian relaxation.

The first table counts answers, as the issue does: one a card a day, all costing the same, no repeats on the same day.
The second counts minutes: answers take what fsrs-rs's simulator says they take, and what is failed is repeated on the
same day until it is good. The learner forgets exactly as FSRS-6 says: how well it describes a person is not seen here.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from dataclasses import replace

import numpy as np

from prep_app.memory.fsrs6 import Fsrs6
from prep_app.memory.habits import Habits, usual_habits
from prep_app.memory.plan import Study, todays_picks
from prep_app.memory.prices import Prices
from prep_app.memory.simulation import Course, Policy, all_new, crammed, greedy, plain, planned, simulate
from prep_app.memory.states import Cards

MODEL = Fsrs6()
HABITS = usual_habits()
ONCE = replace(HABITS, seconds=((1.0,) * 4,) * 3, repeats=False)
FLOORS = [(120, 14, 20, 0.90), (400, 30, 40, 0.92), (120, 30, 20, 0.97), (1000, 60, 60, 0.90)]  # the issue's
GRID = [(60, 200, 1000), (5, 14, 30, 60), (5, 25, 60)]  # cards, days, minutes a day
LITTLE = 0.02  # a gain that few would notice
GOAL = 1.0  # seconds to plan 10 000 cards for a date 60 days ahead


def study(habits: Habits, count: int, seconds: np.ndarray, runs: int) -> tuple[dict[str, Course], float]:
    """Return what comes of each policy, and what none can exceed in the time that the plan really took."""
    cards = all_new(count)
    prices = Prices(MODEL, habits, cards, seconds)
    start = max(0, len(seconds) - int(np.ceil(count * habits.effort().new / seconds[0])))
    policies = {
        "plain": plain(MODEL, 0.9),
        "cram": crammed(MODEL, start),
        "greedy": greedy(MODEL, habits, len(seconds)),
        "plan": planned(prices, cards),
    }
    courses = {
        name: simulate(MODEL, habits, cards, policy, seconds, runs=runs, seed=1) for name, policy in policies.items()
    }
    return courses, min(1.0, prices.ceiling(cards, np.maximum(seconds, courses["plan"].seconds)))


def anew(habits: Habits, seconds: np.ndarray) -> Policy:
    """Plan anew each day, in each run by itself."""

    def priority(held: Cards, day: int) -> np.ndarray:
        rows = []
        for run in range(len(held.new)):
            now = Cards(held.stability[run], held.difficulty[run], held.last[run] - day, held.new[run])
            rows.append(planned(Prices(MODEL, habits, now, seconds[day:]), now)(now, 0))
        return np.stack(rows)

    return priority


def lead(one: Course, other: Course) -> tuple[float, float]:
    """Mean lead of one over the other, run by run, and its standard error."""
    differences = one.recall.mean(axis=1) - other.recall.mean(axis=1)
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))


def _heads(*names: str) -> str:
    return "".join(f"{name:>8}" for name in names)


def by_answers(quick: bool) -> bool:
    print("Answers a day, as in the issue")
    print(_heads("cards", "days", "answers", "plain", "cram", "greedy", "plan", "anew", "ceiling", "floor"))
    met = True
    for count, days, answers, floor in FLOORS[: 3 if quick else 4]:
        seconds, runs = np.full(days, float(answers)), 4 if quick or count == 1000 else 16
        courses, ceiling = study(ONCE, count, seconds, runs)
        courses["anew"] = simulate(MODEL, ONCE, all_new(count), anew(ONCE, seconds), seconds, runs=runs, seed=1)
        shares = "".join(f"{course.expected:>8.3f}" for course in courses.values())
        print(f"{count:>8}{days:>8}{answers:>8}{shares}{ceiling:>8.3f}{floor:>8.2f}", flush=True)
        met &= courses["plan"].expected >= floor
    return met


def by_minutes(quick: bool) -> bool:
    print(
        "\nMinutes a day; how far the plan leads (points of recall ± standard error); minutes used by plain and by plan"
    )
    names = _heads("plain", "cram", "greedy", "plan", "ceiling")
    print(f"{'cards':>6}{'days':>5}{'min':>4}{names}{'on plain':>13}{'on greedy':>13}{'used':>6}{'used':>6}")
    sound, leads, little = True, [], 0
    for count, days, minutes in itertools.product(*GRID):
        if quick and (count == 1000 or days == 60):
            continue
        seconds = np.full(days, 60.0 * minutes)
        courses, ceiling = study(HABITS, count, seconds, 6 if count == 1000 else 16)
        plan = courses["plan"]
        (gain, off), (more, unsure) = (lead(plan, courses[name]) for name in ("plain", "greedy"))
        shares = "".join(f"{share:>8.3f}" for share in [*(course.expected for course in courses.values()), ceiling])
        told = f"{100 * gain:>+7.1f} ± {100 * off:.1f}{100 * more:>+7.1f} ± {100 * unsure:.1f}"
        used = "".join(f"{courses[name].seconds.sum() / seconds.sum():>6.0%}" for name in ("plain", "plan"))
        print(f"{count:>6}{days:>5}{minutes:>4}{shares}{told}{used}{'  little' * (gain < LITTLE)}", flush=True)
        sound &= gain > -3 * off - 0.001
        leads.append((gain, more))
        little += gain < LITTLE
    means = [100 * float(np.mean([pair[at] for pair in leads])) for at in (0, 1)]
    print(f"mean lead: {means[0]:+.1f} points on plain FSRS, {means[1]:+.1f} on greed; ", end="")
    print(f"little (under {100 * LITTLE:.0f} points) to gain in {little} of {len(leads)}")
    return sound


def speed() -> bool:
    chance = np.random.default_rng(0)
    count, days = 10_000, 60
    last, new = -chance.integers(1, 40, count), chance.random(count) < 0.4
    cards = Cards(np.exp(chance.normal(1.5, 1.5, count)), chance.uniform(1, 10, count), last, new)
    start = time.perf_counter()
    picks = todays_picks(Study(MODEL, HABITS, cards, np.full(days, 3600.0), days))
    planning = time.perf_counter() - start
    start = time.perf_counter()
    simulate(MODEL, HABITS, cards, plain(MODEL, 0.9), np.full(days, 3600.0), runs=1, seed=1)
    peer = time.perf_counter() - start
    print(
        f"\nplan of {count:,} cards for a date {days} days ahead: {planning:.2f} s for today's {len(picks)} cards, "
        f"goal ≤ {GOAL:.0f} s ({planning / peer:.2f} × simulating plain FSRS once over these days)"
    )
    return planning <= GOAL


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="no 1000 cards, no 60 days")
    quick = parser.parse_args().quick
    reached = by_answers(quick)
    sound = by_minutes(quick)
    fast = speed()
    print(f"\nthe issue's floor: {'reached' if reached else 'missed'}; ", end="")
    print(f"never below plain FSRS: {'held' if sound else 'broken'}")
    return 0 if reached and sound and fast else 1


if __name__ == "__main__":
    sys.exit(main())
