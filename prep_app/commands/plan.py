"""prep plan: study towards the day of an interview."""

from __future__ import annotations

import json
from argparse import Namespace

from prep_app.commands.shelf import moment, opened
from prep_app.errors import UserError
from prep_app.memory.days import study_day
from prep_app.memory.types import InterviewPlan
from prep_app.practice.interview import MINUTES, Outlook, interview_on, outlook
from prep_app.ui import phrases


def run(options: Namespace) -> int:
    at = moment(options.at)
    if options.clear and (options.date or options.minutes is not None):
        raise UserError("--clear takes the plan away; give it alone")
    with opened(options) as shelf:
        today = study_day(at, shelf.settings.rollover_hour)
        held = shelf.memory.plan()
        plan = _wanted(options, held, today)
        if plan != held:
            shelf.memory.note_plan(plan.date if plan else None, plan.minutes if plan else 0, at)
        over = plan is not None and plan.days_left(today) < 0
        ahead = None if plan is None or over else outlook(shelf.library, shelf.memory, shelf.settings, at, plan)
    if options.json:
        print(json.dumps(ahead and ahead.as_json()))
    elif ahead is not None:
        print(as_text(ahead))
    elif plan is not None:
        print(f"The interview was on {plan.date}; since then plain FSRS decides. Next one: prep plan --date DATE")
    elif options.clear:
        print("No interview is planned for any more; plain FSRS decides.")
    else:
        print("No interview is planned for; prep plan --date 2026-12-15 --minutes 25 studies towards one.")
    return 0


def _wanted(options: Namespace, held: InterviewPlan | None, today: int) -> InterviewPlan | None:
    """Return the plan that stands from now on. Raises UserError for a day or a time that cannot be planned for."""
    if options.clear:
        return None
    if options.date is None and options.minutes is None:
        return held
    minutes = options.minutes if options.minutes is not None else held.minutes if held else MINUTES
    if options.date is None and held is None:
        raise UserError("no interview is planned for yet; give its --date too, such as --date 2026-12-15")
    return interview_on(options.date or str(held.date if held else ""), minutes, today)


def as_text(ahead: Outlook) -> str:
    low, high = ahead.interval
    cards, days = phrases.plural(ahead.cards, "card"), phrases.plural(ahead.days, "day")
    lines = [
        f"Interview   {ahead.date}, {days} from today, {ahead.minutes_per_day} minutes a day, {cards}",
        f"Recall      {ahead.expected_recall:.0%} on the date (90 % of outcomes: {low:.0%} to {high:.0%})",
        f"Without     {ahead.expected_recall_without:.0%}: plain FSRS in the same minutes",
    ]
    if ahead.days:
        reviews, new = ahead.reviews_per_day, ahead.new_per_day
        last = max((day for day, count in enumerate(new) if count), default=None)
        begun = "none is left" if last is None else f"today {new[0]}, {sum(new)} in all, the last on day {last + 1}"
        lines += [
            f"Reviews     today {reviews[0]}; {sum(reviews) / ahead.days:.0f} a day on average, {max(reviews)} at most",
            f"New cards   {begun}",
        ]
    return "\n".join(lines)
