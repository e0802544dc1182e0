"""prep optimize: FSRS parameters that fit the person."""

from __future__ import annotations

import json
import sys
from argparse import Namespace

from prep_app.commands.shelf import moment, opened
from prep_app.memory.parameters import LEAST, Fit, optimise
from prep_app.memory.store import Memory


def run(options: Namespace) -> int:
    with opened(options) as shelf:
        fit = _fitted(shelf.memory)
    if options.json:
        print(json.dumps(fit.as_json()))
    elif fit.log_loss_after is not None:
        print(as_text(fit))
    if fit.log_loss_after is None:
        print(f"prep: too few reviews to fit to: {LEAST - fit.reviews} of {LEAST} are missing", file=sys.stderr)
        return 1
    return 0


def _fitted(memory: Memory) -> Fit:
    """Fit, saying on a terminal what is being done. Nothing is kept when it is interrupted."""
    shown = sys.stderr.isatty()

    def on_stage(stage: str) -> None:
        if shown:
            print(f"\r\x1b[K{stage} …", end="", file=sys.stderr, flush=True)

    try:
        return optimise(memory, moment(None), on_stage)
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def as_text(fit: Fit) -> str:
    lines = [f"{fit.reviews} reviews, of which the last fifth was held out:", "", f"{'':<12}{'before':>9}{'fitted':>9}"]
    for name, before, after in (
        ("log loss", fit.log_loss_before, fit.log_loss_after),
        ("RMSE(bins)", fit.rmse_before, fit.rmse_after),
    ):
        lines.append(f"{name:<12}{before:>9.4f}{after:>9.4f}")
    outcome = (
        "The fitted parameters hold from now on." if fit.kept else "They predict no better, so the present ones stay."
    )
    return "\n".join([*lines, "", outcome])
