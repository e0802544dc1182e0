"""The interview from where the learner stands: what each day until then asks, and what comes of it on the date."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any

from prep_app.content.model import Library
from prep_app.errors import UserError
from prep_app.memory.days import study_day
from prep_app.memory.queue import todays_queue
from prep_app.memory.store import Memory
from prep_app.memory.types import InterviewPlan
from prep_app.settings import Settings

if TYPE_CHECKING:
    from prep_app.memory.plan import Study
    from prep_app.memory.simulation import Course, Policy

MINUTES = 25  # a day, where nothing else was ever said
MOST_MINUTES = 1440
FURTHEST = 366  # days; beyond them plain FSRS is as good
MOST_CARDS = 1000  # that are simulated; more are stood for by an even sample, with its part of the minutes
MOST_RUNS, ENOUGH = 16, 100_000  # of the simulation: fewer runs where runs × cards × days come to more than enough
SEED = 6
NINETY = 1.645  # standard deviations to either side that hold 90 % of a normal distribution


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a plan comes to. Counts a day, today first, are means over the simulated runs.

    `expected_recall` is the share of the cards (suspended ones left out) recalled on the date by those who keep to the
    plan; `expected_recall_without` by those who give the same minutes to plain FSRS. Both come from simulating forward
    from the present state of every card.

    `interval` holds 90 % of the outcomes under the plan: that each recall on the date is a matter of chance (the
    variance of a Poisson-binomial sum), and that study until then may go well or badly (the spread between runs). It
    does not cover that FSRS may be wrong about this learner or these cards, nor days missed and minutes not kept.
    """

    date: date
    days: int
    minutes_per_day: int
    reviews_per_day: tuple[int, ...]
    new_per_day: tuple[int, ...]
    expected_recall: float
    expected_recall_without: float
    interval: tuple[float, float]
    cards: int

    def as_json(self) -> dict[str, Any]:
        return {
            "date": self.date.isoformat(),
            "days": self.days,
            "minutes_per_day": self.minutes_per_day,
            "reviews_per_day": list(self.reviews_per_day),
            "new_per_day": list(self.new_per_day),
            "expected_recall": self.expected_recall,
            "expected_recall_without": self.expected_recall_without,
            "interval": list(self.interval),
            "cards": self.cards,
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the learner stands before the interview: readiness and interval as in Outlook, and today's cards left."""

    date: date
    days_left: int
    minutes: int
    readiness: float
    interval: tuple[float, float]
    today: int
    sentence: str


def interview_on(day: str, minutes: int, today: int) -> InterviewPlan:
    """Return the plan for an interview on `day`, such as 2026-12-15, seen from study day `today`.

    Raises UserError for a day or a time that cannot be planned for.
    """
    if not 1 <= minutes <= MOST_MINUTES:
        raise UserError(f"{minutes} minutes: give the minutes of a day, 1 to {MOST_MINUTES}")
    try:
        plan = InterviewPlan(date.fromisoformat(day.strip()), minutes)
    except ValueError:
        raise UserError(f"{day}: write a day as 2026-12-15") from None
    if not 0 <= plan.days_left(today) <= FURTHEST:
        raise UserError(f"{day}: give a day from {date.fromordinal(today)} on, within a year")
    return plan


def outlook(library: Library, memory: Memory, settings: Settings, at: int, plan: InterviewPlan) -> Outlook:
    """Return what `plan` comes to from `at` on; its date must not be over."""
    ahead = _Ahead.of(library, memory, settings, at, plan)
    course = ahead.planned()
    return Outlook(
        date=plan.date,
        days=ahead.days,
        minutes_per_day=plan.minutes,
        reviews_per_day=tuple(round(ahead.each * count) for count in course.reviews),
        new_per_day=tuple(round(ahead.each * count) for count in course.new),
        expected_recall=course.expected,
        expected_recall_without=ahead.plain(settings).expected,
        interval=ahead.interval(course),
        cards=ahead.cards,
    )


def standing(library: Library, memory: Memory, settings: Settings, at: int) -> Standing | None:
    """Return where the learner stands; None without an interview ahead."""
    plan = memory.plan()
    if plan is None or plan.days_left(study_day(at, settings.rollover_hour)) < 0:
        return None
    ahead = _Ahead.of(library, memory, settings, at, plan)
    course = ahead.planned()
    interval = ahead.interval(course)
    left = len(todays_queue(library, memory, settings, at, plan=plan).cards)
    return Standing(
        date=plan.date,
        days_left=ahead.days,
        minutes=plan.minutes,
        readiness=course.expected,
        interval=interval,
        today=left,
        sentence=_sentence(plan, ahead.days, course.expected, interval, left),
    )


@dataclass(frozen=True, slots=True)
class _Ahead:
    """The days left, simulated for an even sample of `cards` with its part of the minutes; one stands for `each`."""

    study: Study
    cards: int
    each: int

    @classmethod
    def of(cls, library: Library, memory: Memory, settings: Settings, at: int, plan: InterviewPlan) -> _Ahead:
        from prep_app.memory.plan import study_towards

        suspended = "SELECT count(*) FROM fold f JOIN deck d ON d.id = f.card WHERE f.suspended"
        cards = len(library.cards) - int(memory.beside(library, suspended)[0][0])
        each = 1 + cards // MOST_CARDS
        asked = (fold.of(card.revision) for card, fold in memory.each(library) if not fold.suspended)
        study = study_towards(plan, list(islice(asked, 0, None, each)), memory, settings, at)
        return cls(replace(study, seconds=study.seconds / each), cards, each)

    @property
    def days(self) -> int:
        return self.study.days_left

    def planned(self) -> Course:
        from prep_app.memory.simulation import planned

        return self._course(planned(self.study.prices(), self.study.cards))

    def plain(self, settings: Settings) -> Course:
        from prep_app.memory.simulation import plain

        new_per_day = -(-settings.new_per_day // self.each)
        return self._course(plain(self.study.model, settings.desired_retention, new_per_day))

    def _course(self, policy: Policy) -> Course:
        from prep_app.memory.simulation import simulate

        study = self.study
        runs = max(2, min(MOST_RUNS, ENOUGH // max(1, len(study.cards.new) * self.days)))
        seconds = study.seconds[: self.days]  # on the date itself there are none
        return simulate(study.model, study.habits, study.cards, policy, seconds, runs=runs, seed=SEED)

    def interval(self, course: Course) -> tuple[float, float]:
        reach = NINETY * course.spread(self.cards)
        return max(0.0, course.expected - reach), min(1.0, course.expected + reach)


def _sentence(plan: InterviewPlan, days: int, expected: float, interval: tuple[float, float], today: int) -> str:
    low, high = interval
    share = f"{expected:.0%} ({low:.0%} to {high:.0%}) of the cards"
    left = f"today {today} {'card' if today == 1 else 'cards'}" if today else "today is done"
    day = f"{plan.date.day} {plan.date:%B}"
    if not days:
        return f"The interview is today: you would recall {share} now; {left}."
    when = "tomorrow" if days == 1 else f"in {days} days, on {day}"
    return f"The interview is {when}: keep to {plan.minutes} minutes a day and recall {share}; {left}."
