"""prep stats: the scores."""

from __future__ import annotations

import json
from argparse import Namespace

from prep_app.commands.shelf import moment, opened
from prep_app.practice.scores import Scores, scores


def run(options: Namespace) -> int:
    with opened(options) as shelf:
        found = scores(shelf.library, shelf.memory, shelf.settings, moment(options.at))
    print(json.dumps(found.as_json(), ensure_ascii=False) if options.json else table(found))
    return 0


def table(found: Scores) -> str:
    now = found.now

    def share(value: float | None) -> str:
        return "–" if value is None else f"{value:.0%}"

    lines = [
        f"Readiness   {share(now.readiness)} of the cards recalled if asked now",
        f"Retention   {share(now.retention)} of reviews of learned cards not failed",
        f"Today       {now.reviews_today} reviews, {share(now.score_today)} right",
        f"Streak      {now.streak_days} days",
        f"In all      {now.reviews_total} reviews, {now.seconds_total / 60:.0f} min, "
        f"{now.learned} of {now.cards} cards begun",
        "",
        f"{'':<5}{'question':<34}{'mastery':>8}{'new':>6}{'learning':>10}{'due':>6}{'known':>7}",
    ]
    lines += [
        f"{row.question:<5}{row.title[:32]:<34}{share(row.mastery):>8}{row.new:>6}{row.learning:>10}{row.due:>6}"
        f"{row.known:>7}"
        for row in now.questions
    ]
    if found.calibration_error is not None:
        outcomes = sum(one.reviews for one in found.calibration)
        off = f"{found.calibration_error:.1%}"
        lines += ["", f"Predictions of recall are off by {off} (RMSE over bins, {outcomes} reviews)"]
    if found.trouble:
        lines += ["", "Hardest cards"]
        lines += [f"  {one.card}: forgotten {one.lapses} times; {one.remedy}" for one in found.trouble]
    return "\n".join(lines)
