"""FSRS parameters that fit the person: fitted by fsrs-rs to the journal, tried on reviews held out, kept if better.

What they are fitted to: every review that stands, practice left out, given on a later day than the one before it and
since the card was last reset or revised; FSRS predicts its outcome from the answers before it. (An answer on the same
day as the one before moves the state, but its outcome is not predicted.)

How they are tried: these reviews are put in the order of time. The first four fifths are fitted to; the last fifth is
held out, and both the present parameters and the fitted ones predict it, each review from all of its card's history.
The fitted ones are kept if their log loss on it is lower. They are kept as they were tried, not fitted anew to all.
Present parameters that were fitted earlier may have seen reviews that are held out now, which speaks for them a little.

Log loss is the mean of −ln(probability given to what came). RMSE(bins) is fsrs-rs's: the root mean square of predicted
minus actual recall over bins of interval, number of reviews and lapses, weighted by reviews.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from fsrs_rs_python import FSRS, FSRSItem, FSRSReview

from prep_app.memory.days import study_day
from prep_app.memory.fold import standing
from prep_app.memory.journal import Entry
from prep_app.memory.schedule import PARAMETERS, Parameters
from prep_app.settings import Settings

if TYPE_CHECKING:
    from prep_app.memory.store import Memory

LEAST = 400  # reviews; fewer say little that the averages of many people do not
GROWTH = 1.5  # times the reviews of the last fit: when another is worth its while
HELD_OUT = 0.2  # of the reviews
LONGEST = 256  # reviews of one card that fsrs-rs trains on


@dataclass(frozen=True, slots=True)
class Fit:
    """How present and fitted parameters predict the reviews held out, and the `parameters` that hold from now on.

    `reviews` counts all that could be used; where they are too few, nothing was fitted and the figures are None.
    """

    reviews: int
    log_loss_before: float | None
    log_loss_after: float | None
    rmse_before: float | None
    rmse_after: float | None
    kept: bool
    parameters: Parameters

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Parameters that hold, and the entry that says so."""

    at: int
    id: str
    parameters: Parameters


BEFORE_ANY = Chosen(-(1 << 63), "", PARAMETERS)


def worth_fitting(memory: Memory) -> bool:
    """Whether there are enough reviews, and enough of them new since the last fit."""
    last = memory.last_fit()
    return memory.spaced_reviews() >= max(LEAST, GROWTH * last.get("reviews", 0) if last else 0)


def optimise(memory: Memory, at: int, on_stage: Callable[[str], None] = lambda stage: None) -> Fit:
    """Fit parameters to the journal, keep the better, and note the choice in the journal; not with fewer than LEAST.

    `on_stage` is told what is being done; what it raises ends it, and nothing is kept.
    """
    if memory.spaced_reviews() < LEAST:
        return Fit(memory.spaced_reviews(), None, None, None, None, False, memory.parameters)
    on_stage("reading the journal")
    items = _items(memory.history(), memory.settings)
    cut = len(items) - max(1, round(HELD_OUT * len(items)))
    on_stage(f"fitting to {cut} reviews")
    fitted = tuple(FSRS(list(PARAMETERS)).compute_parameters(items[:cut]))
    on_stage(f"predicting the {len(items) - cut} held out")
    before = FSRS(list(memory.parameters)).evaluate(items[cut:])
    after = FSRS(list(fitted)).evaluate(items[cut:])
    kept = valid(fitted) and after.log_loss < before.log_loss
    on_stage("noting the choice")
    body = {
        "parameters": list(fitted),
        "log_loss": after.log_loss,
        "rmse_bins": after.rmse_bins,
        "reviews": len(items),
        "kept": kept,
    }
    memory.note_fit(body, at)
    return Fit(len(items), before.log_loss, after.log_loss, before.rmse_bins, after.rmse_bins, kept, memory.parameters)


def newest_kept(entries: Iterable[Entry], before: Chosen) -> Chosen:
    """Return the newest parameters that were kept, of those in `entries` and those that held `before`."""
    newest = before
    for entry in entries:
        if entry.kind == "parameters" and (entry.at, entry.id) > (newest.at, newest.id) and entry.data.get("kept"):
            values: Any = entry.data.get("parameters")
            if valid(values):
                newest = Chosen(entry.at, entry.id, tuple(map(float, values)))
    return newest


def valid(parameters: Any) -> bool:
    """Whether fsrs-rs takes these."""
    try:
        values = [float(value) for value in parameters]
        FSRS(values)
    except (TypeError, ValueError):
        return False
    return len(values) == len(PARAMETERS) and all(map(math.isfinite, values))


def _items(entries: Iterable[Entry], settings: Settings) -> list[FSRSItem]:
    """One item for each review whose outcome can be predicted, in the order of time: its card's answers up to it."""
    cards: dict[str | None, list[Entry]] = {}
    for entry in entries:
        cards.setdefault(entry.card, []).append(entry)
    items: list[tuple[int, str, FSRSItem]] = []
    made: dict[tuple[int, int], FSRSReview] = {}
    for held in cards.values():
        revision, day = 1, 0
        answers: list[FSRSReview] = []
        for entry in standing(held):
            data = entry.data
            if entry.kind == "reset":
                answers = []
            if entry.kind != "review" or data.get("practice") or data.get("revision", 1) < revision:
                continue
            if data.get("revision", 1) > revision:
                revision, answers = data["revision"], []
            before, day = day, study_day(entry.at, settings.rollover_hour, data.get("offset"))
            key = (data["rating"], max(0, day - before) if answers else 0)
            answers.append(made.setdefault(key, FSRSReview(*key)))
            if key[1] and len(answers) <= LONGEST:
                items.append((entry.at, entry.id, FSRSItem(answers)))
    items.sort(key=lambda item: item[:2])
    return [item for _, _, item in items]
