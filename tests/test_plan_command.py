"""prep plan by contract."""

from __future__ import annotations

import pytest

from prep_app.cli import run
from prep_app.paths import Home
from tests.test_cli import AT, Print, printed, refused


def test_a_plan_is_set_shown_changed_and_cleared(home: Home, capsys: Print) -> None:
    assert printed(capsys, "plan", *AT) is None
    made = printed(capsys, "plan", "--date", "2026-03-12", *AT)
    assert made.keys() == {
        "date",
        "days",
        "minutes_per_day",
        "reviews_per_day",
        "new_per_day",
        "expected_recall",
        "expected_recall_without",
        "interval",
        "cards",
    }
    assert (made["date"], made["days"], made["minutes_per_day"]) == ("2026-03-12", 10, 25)
    assert len(made["reviews_per_day"]) == len(made["new_per_day"]) == 10
    assert made["interval"][0] < made["expected_recall"] < made["interval"][1]
    assert printed(capsys, "plan", *AT) == made
    assert printed(capsys, "plan", "--minutes", "40", *AT)["minutes_per_day"] == 40
    assert printed(capsys, "plan", "--date", "2026-03-20", *AT)["minutes_per_day"] == 40
    assert printed(capsys, "plan", "--at", "2026-03-20T10:00")["days"] == 0
    assert printed(capsys, "plan", "--at", "2026-03-21T10:00") is None  # over
    assert printed(capsys, "plan", "--clear") is None
    assert printed(capsys, "plan", *AT) is None


def test_people_read_what_it_comes_to(home: Home, capsys: Print) -> None:
    run(["plan", *AT])
    assert "prep plan --date" in capsys.readouterr().out
    run(["plan", "--date", "2026-03-03", "--minutes", "10", *AT])
    out = capsys.readouterr().out
    assert "2026-03-03, 1 day from today, 10 minutes a day" in out
    assert "Without" in out
    run(["plan", "--at", "2026-04-01T10:00"])
    assert "since then plain FSRS decides" in capsys.readouterr().out
    run(["plan", "--clear"])
    assert "plain FSRS decides" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--date", "tomorrow"], "write a day as 2026-12-15"),
        (["--date", "2026-03-01"], "give a day from 2026-03-02 on"),
        (["--date", "2028-03-01"], "within a year"),
        (["--date", "2026-03-09", "--minutes", "0"], "1 to 1440"),
        (["--minutes", "30"], "--date too"),
        (["--clear", "--minutes", "30"], "alone"),
    ],
)
def test_what_cannot_be_planned_is_refused(home: Home, capsys: Print, words: list[str], says: str) -> None:
    assert says in refused(capsys, "plan", *words, *AT)
    assert printed(capsys, "plan", *AT) is None
