"""Runs compared: plots laid over each other, settings told apart, everything kept as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prep_app.errors import UserError
from prep_app.lab.events import Check, Failure, Plot, Result, Series, Table
from prep_app.lab.export import keep
from prep_app.lab.record import RunRecord, differences, overlaid


def plot(title: str, y: float, axes: str = "step") -> Plot:
    return Plot(title, axes, "loss", (Series("loss", (0.0, 1.0), (y, y), "line"),))


def run(number: int, *events: object, mistake: str = "", **values: int) -> RunRecord:
    outcome = Result({"loss": 0.5, "by_task": '{"a": 1, "b": 2, "c": 3, "d": 4}'}, "cpu", 0.1, True)
    return RunRecord(number, "trial", values, "auto", mistake, tuple(events), outcome)  # type: ignore[arg-type]


def test_a_plot_is_laid_over_the_one_of_the_same_title() -> None:
    earlier = run(1, plot("Loss", 2.0), plot("Other", 3.0))
    laid = overlaid(plot("Other", 1.0), 0, earlier)
    assert [series.name for series in laid.series] == ["loss", "loss (run 1)"]
    assert laid.series[1].y == (3.0, 3.0)


def test_where_titles_differ_the_place_decides_if_the_axes_agree() -> None:
    earlier = run(1, plot("Rank 4", 2.0), plot("Bits", 3.0, axes="bits"))
    assert len(overlaid(plot("Rank 8", 1.0), 0, earlier).series) == 2
    assert len(overlaid(plot("Rank 8", 1.0), 1, earlier).series) == 1
    assert overlaid(plot("Rank 8", 1.0), 0, None) == plot("Rank 8", 1.0)


def test_what_was_set_otherwise_is_told() -> None:
    assert differences(run(2, r=8, steps=50), run(1, r=4, steps=50)) == [("r", 4, 8)]
    assert differences(run(2, r=4, mistake="no_half"), run(1, r=4)) == [("slip", "none", "no_half")]


def test_figures_in_sight_are_single_numbers_and_words() -> None:
    assert run(1).figures == {"loss": 0.5}
    failed = RunRecord(1, "trial", {}, "auto", "", (), Failure("torch is missing"))
    assert failed.figures == {}


def test_a_run_is_kept_whole(tmp_path: Path) -> None:
    kept = keep(run(3, Table("t", ("a",), ((1,),)), Check("one", "1 is 1", True, 1, 1), r=8), "<svg/>", tmp_path, 0)
    body = json.loads(kept.read_text(encoding="utf-8"))
    assert (body["name"], body["values"], body["passed"]) == ("trial", {"r": 8}, True)
    assert [event["event"] for event in body["events"]] == ["table", "check"]
    assert kept.with_suffix(".svg").read_text(encoding="utf-8") == "<svg/>"


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "exports").write_text("")
    with pytest.raises(UserError, match="the run was not kept"):
        keep(run(1), "<svg/>", tmp_path / "exports", 0)
