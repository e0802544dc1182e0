"""prep mock: open the app at a mock interview, or print how the past ones went."""

from __future__ import annotations

import difflib
import json
from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime

from prep_app import paths
from prep_app.commands.shelf import opened
from prep_app.content.library import library_for
from prep_app.errors import UserError
from prep_app.practice.mock import MINUTES, QUESTIONS, Terms
from prep_app.practice.mock_kept import history
from prep_app.practice.mock_report import Report
from prep_app.settings import read_settings
from prep_app.ui import phrases

MOST_MINUTES, MOST_QUESTIONS = 240, 100


def run(options: Namespace) -> int:
    if options.history:
        with opened(options) as shelf:
            past = history(shelf.memory)
        print(json.dumps([one.as_json for one in past], ensure_ascii=False) if options.json else table(past))
        return 0
    if options.json:
        raise UserError("--json goes with --history: prep mock --history --json")
    terms = Terms(
        _within("--minutes", options.minutes, MINUTES, MOST_MINUTES),
        _within("--questions", options.questions, QUESTIONS, MOST_QUESTIONS),
        _topic(options),
    )
    from prep_app.ui.app import PrepApp
    from prep_app.ui.terminal import require_screen

    require_screen()
    home = paths.home(options.home)
    app = PrepApp(home, read_settings(home.config))
    app.home_screen.mock_at_once = terms
    return int(app.run() or 0)


def table(past: Sequence[Report]) -> str:
    """One line a mock, oldest first."""
    if not past:
        return "No mock interview yet; begin one with: prep mock"
    lines = [f"{'when':<18}{'min':>4}{'questions':>11}{'score':>7}  by question"]
    for one in past:
        when = datetime.fromtimestamp(one.started / 1000)
        shares = ", ".join(f"{question} {phrases.percent(share)}" for question, share in one.by_question.items())
        counts = f"{one.terms.minutes:>4}{one.questions:>11}{phrases.percent(one.score):>7}"
        lines.append(f"{when:%Y-%m-%d %H:%M}  {counts}  {shares}")
    return "\n".join(lines)


def _within(option: str, given: int | None, default: int, most: int) -> int:
    if given is None:
        return default
    if not 1 <= given <= most:
        raise UserError(f"{option} must be from 1 to {most}, not {given}")
    return given


def _topic(options: Namespace) -> str:
    """The topic or question as the packs write it. Raises UserError where no card has it."""
    wanted = options.topic.casefold()
    if not wanted:
        return ""
    cards = library_for(paths.home(options.home)).cards.values()
    known = {name.casefold(): name for card in cards for name in (card.topic, str(card.question))}
    if wanted not in known:
        close = difflib.get_close_matches(wanted, known, 1, 0.5)
        hint = f'did you mean "{known[close[0]]}"?' if close else f"topics are {', '.join(sorted(known.values()))}"
        raise UserError(f'no card is about "{options.topic}"; {hint}')
    return known[wanted]
