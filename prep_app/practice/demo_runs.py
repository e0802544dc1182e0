"""What a demo's run leaves behind: proofs of claims, and predictions scored."""

from __future__ import annotations

from prep_app.answers.prediction import Foresight, Guess, Scored, foresight, score_guess
from prep_app.lab.catalogue import Prediction
from prep_app.lab.events import Cell, Result
from prep_app.lab.record import RunRecord
from prep_app.memory.store import Memory
from prep_app.memory.types import DemoNote


def keep_run(memory: Memory, run: RunRecord, at: int) -> bool:
    """Note how a run's checks came out; a run with a slip in it, or without a result, proves nothing."""
    if run.mistake or not isinstance(run.outcome, Result):
        return False
    result = run.outcome
    note = DemoNote(run.name, result.passed, run.values, result.figures, run.checks, result.device, result.seconds)
    memory.note_demo(note, at)
    return True


def outcome_of(prediction: Prediction, run: RunRecord) -> Cell:
    """The figure that settles a prediction; None where the run has none."""
    return run.figures.get(prediction.figure)


def keep_prediction(memory: Memory, prediction: Prediction, guess: Guess, run: RunRecord, at: int) -> Scored | None:
    """Score a guess against the run and keep it; None where the run does not settle it."""
    outcome = outcome_of(prediction, run)
    if outcome is None or isinstance(outcome, bool) or run.mistake:
        return None
    scored = score_guess(guess, outcome)
    memory.note_prediction(
        {
            "demo": run.name,
            "figure": prediction.figure,
            "values": dict(run.values),
            "guess": guess.word or ([guess.low, guess.high] if guess.is_range else guess.low),
            "outcome": outcome,
            "score": round(scored.score, 4),
            "held": scored.held,
        },
        at,
    )
    return scored


def foresight_so_far(memory: Memory) -> Foresight:
    """How well this learner has predicted until now."""
    return foresight([Scored(kept["score"], kept["held"], "") for kept in memory.predictions()])
