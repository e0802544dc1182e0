"""prep stats: the scores."""

from __future__ import annotations

import json
from argparse import Namespace

from prep_app.commands.shelf import moment, opened
from prep_app.memory.statistics import Statistics, statistics


def run(options: Namespace) -> int:
    with opened(options) as shelf:
        scores = statistics(shelf.library, shelf.memory, shelf.settings, moment(options.at))
    print(json.dumps(scores.as_json()) if options.json else table(scores))
    return 0


def table(scores: Statistics) -> str:
    def share(value: float | None) -> str:
        return "–" if value is None else f"{value:.0%}"

    lines = [
        f"Readiness   {share(scores.readiness)} of the cards recalled if asked now",
        f"Retention   {share(scores.retention)} of reviews of learned cards not failed",
        f"Today       {scores.reviews_today} reviews, {share(scores.score_today)} right",
        f"Streak      {scores.streak_days} days",
        f"In all      {scores.reviews_total} reviews, {scores.seconds_total / 60:.0f} min, "
        f"{scores.learned} of {scores.cards} cards begun",
        "",
        f"{'':<5}{'question':<34}{'mastery':>8}{'new':>6}{'learning':>10}{'due':>6}{'known':>7}",
    ]
    lines += [
        f"{row.question:<5}{row.title[:32]:<34}{share(row.mastery):>8}{row.new:>6}{row.learning:>10}{row.due:>6}"
        f"{row.known:>7}"
        for row in scores.questions
    ]
    return "\n".join(lines)
