"""The commands other programs rely on: their JSON, their exit statuses, one-line errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from demos.catalogue import catalogue
from prep_app.cli import run
from prep_app.content.library import builtin_folders
from prep_app.paths import Home

Print = pytest.CaptureFixture[str]
AT = ["--at", "2026-03-02T10:00"]


def printed(capsys: Print, *words: str, status: int = 0) -> Any:
    assert run([*words, "--json"]) == status
    out = capsys.readouterr().out
    return json.loads(out)


def refused(capsys: Print, *words: str) -> str:
    """Run what must be refused; return the one line on stderr."""
    try:
        status = run(words)
    except SystemExit as exit:
        status = int(exit.code or 0)
    captured = capsys.readouterr()
    assert status == 2
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    return captured.err


def test_next_answer_undo_and_stats_tell_one_story(home: Home, capsys: Print) -> None:
    card = printed(capsys, "next", *AT)
    assert {"card", "question", "kind", "prompt", "due", "new"} <= card.keys()
    assert (card["new"], card["due"]) == (True, None)
    done = printed(capsys, "answer", card["card"], "good", *AT, "--seconds", "12")
    assert done.keys() == {"card", "stability", "difficulty", "interval_days", "due"}
    assert done["stability"] == pytest.approx(2.3065, abs=1e-4)
    assert isinstance(done["due"], int)
    assert printed(capsys, "next", *AT)["card"] != card["card"]
    assert printed(capsys, "stats", *AT)["reviews_total"] == 1
    assert printed(capsys, "undo")["card"] == card["card"]
    assert printed(capsys, "undo", status=1) is None
    assert printed(capsys, "stats", *AT)["reviews_total"] == 0


def test_next_is_null_when_nothing_is_due(home: Home, capsys: Print) -> None:
    home.config.write_text("new_per_day = 0\n")
    assert printed(capsys, "next") is None


def test_the_demos_are_listed_by_contract(home: Home, capsys: Print) -> None:
    for demo in printed(capsys, "demo"):
        assert demo.keys() == {"name", "title", "questions", "parameters", "checks"}
        assert all(check.keys() == {"id", "claim"} for check in demo["checks"])
        for parameter in demo["parameters"]:
            assert parameter.keys() == {"name", "type", "default", "min", "max", "choices", "help"}


def test_a_demo_prints_one_event_a_line_and_ends_with_its_result(home: Home, capsys: Print) -> None:
    assert run(["demo", "lora_merge", "--r", "4", "--steps", "30", "--json", "--device", "cpu"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-1]["event"] == "result"
    assert events[-1].keys() == {"event", "figures", "device", "seconds", "passed"}
    assert {event["id"] for event in events if event["event"] == "check"} >= {"zero_start", "merged_cost"}


def test_a_failed_check_is_exit_status_1(home: Home, capsys: Print) -> None:
    mistake = catalogue()["nf4_quantize"].mistakes[0].name
    assert run(["demo", "nf4_quantize", "--mistake", mistake, "--json"]) == 1


def test_the_built_in_pack_is_sound(home: Home, capsys: Print) -> None:
    body = printed(capsys, "check")
    assert body["problems"] == []
    assert body["questions"] >= 3
    assert all(body["cards_by_question"][question] >= 8 for question in ("Q4", "Q14", "Q35"))
    assert {"recall", "choice"} <= body["kinds"].keys()


def test_a_broken_pack_is_reported_by_place_with_the_line_itself(home: Home, tmp_path: Path, capsys: Print) -> None:
    source = next(builtin_folders()[0].glob("q04*.yaml")).read_text()
    pack = tmp_path / "mine"
    pack.mkdir()
    (pack / "pack.yaml").write_text("id: mine\ntitle: Mine\n")
    broken = source.replace("    prompt:", "    promt:", 1)
    (pack / "q.yaml").write_text(broken)
    assert run(["check", str(pack)]) == 1
    out = capsys.readouterr().out
    line = broken.splitlines().index(next(text for text in broken.splitlines() if "promt:" in text)) + 1
    assert f"q.yaml:{line}:5: " in out
    assert 'did you mean "prompt"?' in out
    assert "^" in out
    body = printed(capsys, "check", str(pack), status=1)
    assert body["cards"] > 8  # only the card at fault is left out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["answer", "q4-zero-inti", "good"], 'did you mean "q4-zero-init"'),
        (["answer", "q4-zero-init", "perfect"], "invalid choice"),
        (["answer", "q4-zero-init", "good", "--at", "tomorrow"], "write a time as"),
        (["answer", "q4-zero-init", "good", "--seconds", "nan"], "--seconds"),
        (["study", "Q99"], "no question Q99"),
        (["demo", "lora_murge"], 'did you mean "lora_merge"'),
        (["demo", "lora_merge", "--r", "0"], "r must be a whole number from 1 to 64"),
        (["check", "/nowhere/at/all"], "no such file or folder"),
        (["frobnicate"], "invalid choice"),
        (["stats", "--home", "/dev/null/x"], "set PREP_HOME"),
    ],
)
def test_misuse_is_one_line_that_says_what_to_do(home: Home, capsys: Print, words: list[str], says: str) -> None:
    assert says in refused(capsys, *words)


@pytest.mark.parametrize("config", ["new_per_day = 'many'", "[keys", "speed = 3", "desired_retention = 2"])
def test_a_bad_setting_is_named(home: Home, capsys: Print, config: str) -> None:
    home.config.write_text(config)
    assert "config.toml" in refused(capsys, "next")


@pytest.mark.parametrize("where", ["before", "after"])
def test_home_may_stand_before_or_after_the_command(tmp_path: Path, capsys: Print, where: str) -> None:
    option = ["--home", str(tmp_path / "elsewhere")]
    assert run([*option, "stats", "--json"] if where == "before" else ["stats", "--json", *option]) == 0
    assert (tmp_path / "elsewhere" / "journal.db").exists()


def test_doctor_finds_everything_in_order_and_rebuilds_the_cache(home: Home, capsys: Print) -> None:
    findings = {finding["name"]: finding for finding in printed(capsys, "doctor", "--rebuild")}
    assert findings["journal"]["ok"]
    assert "cpu" in findings["devices"]["found"]


def test_doctor_says_what_to_do_about_a_damaged_journal(home: Home, capsys: Print) -> None:
    home.journal.write_bytes(b"garbage" * 500)
    findings = {finding["name"]: finding for finding in printed(capsys, "doctor", status=1)}
    assert not findings["journal"]["ok"]
    assert findings["journal"]["remedy"]
