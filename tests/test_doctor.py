"""prep doctor: each thing it looks at, and for each that is wrong what to do."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import termios
import time
from argparse import Namespace

import pytest

from prep_app.cli import run
from prep_app.commands.doctor import examine, files
from prep_app.content.model import CardId
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.conftest import DAY

NOW = time.time_ns() // 1_000_000


def answered(home: Home, at: int) -> None:
    memory = Memory.open(home, Settings())
    memory.answer(CardId("q4-zero-init"), Rating.GOOD, at=at)
    memory.backup_if_due(at)
    memory.close()


def test_every_problem_is_found_at_once_with_its_remedy(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    answered(home, NOW + 3 * DAY)
    home.root.chmod(0o755)
    home.config.write_text('sync_url = "postgresql://me:secret@example.org/prep"\n')
    home.config.chmod(0o644)
    pack = home.packs / "broken"
    pack.mkdir(parents=True)
    (pack / "pack.yaml").write_text("id: broken\n")
    (copy,) = home.backups.glob("*.db")
    copy.write_bytes(copy.read_bytes()[:5000])
    assert run(["doctor", "--json"]) == 1
    found = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert all(finding.keys() == {"name", "ok", "found", "remedy"} for finding in found.values())
    assert {name for name, finding in found.items() if not finding["ok"]} == {"privacy", "clock", "packs", "backups"}
    assert found["privacy"]["remedy"] == f"chmod -R go= {home.root}"
    assert "config.toml" in found["privacy"]["found"]
    assert "set this machine's clock" in found["clock"]["remedy"]
    assert str(copy) in found["backups"]["remedy"]
    assert "secret" not in str(found)
    assert {"prep", "textual", "torch", "numpy", "extras", "devices", "sandbox", "files", "disk"} <= found.keys()
    assert {"terminal", "colours", "letters", "pixels", "settings", "journal", "cache", "sync"} <= found.keys()


def test_settings_that_cannot_be_read_are_named_and_nothing_after_them_is_guessed(home: Home) -> None:
    home.config.write_text("new_per_day = -1\n")
    *_, last = examine(Namespace(home=None, rebuild=False, restore=False))
    assert (last.name, last.ok) == ("settings", False)
    assert "new_per_day" in last.found


def test_a_folder_that_others_may_enter_matters_only_when_the_journal_is_open_too(home: Home) -> None:
    answered(home, NOW)
    home.root.chmod(0o711)
    assert files.privacy(home).ok
    home.journal.chmod(0o640)
    assert not files.privacy(home).ok
    home.root.chmod(0o700)
    assert files.privacy(home).ok


def test_a_clock_a_little_apart_is_no_fault() -> None:
    assert files.clock(0).ok
    assert files.clock(files.now() + 60_000).ok
    assert not files.clock(files.now() + 3_600_000).ok


@pytest.mark.parametrize(
    ("variables", "says", "fine"),
    [
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "16.7 million", True),
        ({"TERM": "xterm-256color"}, "256", True),
        ({"TERM": "xterm"}, "8", False),
        ({"TERM": "vt100"}, "0", False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "NO_COLOR", True),
        ({"TERM": "nobody-knows-it"}, "unknown", True),
    ],
)
def test_colours_are_those_of_the_terminal(variables: dict[str, str], says: str, fine: bool) -> None:
    held, found = on_a_terminal("colours", variables)
    assert held == fine
    assert says in found


def test_a_terminal_in_tmux_and_one_that_cannot_be_drawn_on_are_told_apart() -> None:
    fine, found = on_a_terminal("terminal", {"TERM": "tmux-256color", "TMUX": "here", "SSH_CONNECTION": "there"})
    assert fine
    assert found == "tmux-256color, 80 × 24, in tmux, over ssh"
    assert not on_a_terminal("terminal", {"TERM": "dumb"})[0]


def on_a_terminal(check: str, variables: dict[str, str]) -> tuple[bool, str]:
    """What a check says in a terminal of 80 × 24: whether it is fine, and what was found."""
    program = (
        f"from prep_app.commands.doctor.terminal import {check} as look; finding = look();"
        "import sys; print(finding.ok, finding.found, sep='|')"
    )
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(ours, (24, 80))
    dropped = {"TERM", "COLORTERM", "NO_COLOR", "TMUX", "SSH_CONNECTION", "COLUMNS", "LINES"}
    environment = {name: value for name, value in os.environ.items() if name not in dropped} | variables
    subprocess.run([sys.executable, "-c", program], stdin=theirs, stdout=theirs, env=environment, check=True)
    told = os.read(ours, 4096).decode().strip()
    os.close(ours)
    os.close(theirs)
    fine, found = told.split("|")
    return fine == "True", found
