"""What the bench says beside the results: the prediction and what came, and what was set otherwise."""

from __future__ import annotations

from textual.content import Content

from prep_app.answers.prediction import RANGE_SHOULD_HOLD, Foresight, Guess, Scored
from prep_app.lab.catalogue import Prediction
from prep_app.lab.events import Cell
from prep_app.lab.record import RunRecord, differences
from prep_app.ui import phrases
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.demo_pane.figures import figure
from prep_app.ui.widgets.hanging import Row

CLOSE = 0.7  # a score that deserves the mark ✓: within a factor of two


def said_and_came(prediction: Prediction, guess: Guess, outcome: Cell, scored: Scored, seen: Foresight) -> list[Row]:
    """The question, what was predicted, what came, why, and how well the learner predicts altogether."""
    close = scored.score >= CLOSE
    mark, style = ("✓ ", "$text-success") if close else ("✗ ", "$text-error")
    unit = f" {prediction.unit}" if prediction.unit else ""
    held = "" if scored.held is None else "; your range held" if scored.held else "; outside your range"
    rows = [
        (Content("  "), Content.styled(prediction.ask, "bold")),
        (
            Content.styled(mark, f"bold {style}"),
            Content.assemble(
                f"You said {words(guess)}{unit}; it came to {figure(outcome)}{unit}: ",
                (f"{scored.said}{held}", style),
                f" (score {scored.score:.2f}).",
            ),
        ),
        (Content("  "), Content(prediction.why)),
    ]
    kept = f"{phrases.plural(seen.predictions, 'prediction')} so far, mean score {seen.mean_score:.2f}"
    if seen.ranges:
        kept += f"; {seen.ranges_held} of {phrases.plural(seen.ranges, 'range')} held"
        kept += f" ({RANGE_SHOULD_HOLD:.0%} would be right)"
    return [*rows, (Content("  "), Content.styled(f"{kept}.", QUIET))]


def what_changed(run: RunRecord, before: RunRecord | None, against: RunRecord | None) -> list[Row]:
    """What this run set otherwise than the one it is compared with."""
    earlier = against or before
    if earlier is None:
        return []
    changed = differences(run, earlier)
    said = ", ".join(f"{name} {figure(then)} → {figure(now)}" for name, then, now in changed) or "nothing"
    laid = " (laid over)" if against is not None else ""
    return [(Content("  "), Content.styled(f"Changed since run {earlier.number}{laid}: {said}.", QUIET))]


def words(guess: Guess) -> str:
    if guess.word:
        return guess.word
    return f"{figure(guess.low)} to {figure(guess.high)}" if guess.is_range else figure(guess.low)
