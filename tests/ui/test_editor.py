"""From a card in Browse into the learner's editor, at the card's line, and back."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from prep_app.content.folder import snapshot
from prep_app.content.library import builtin_folders
from prep_app.content.model import Library
from prep_app.content.place import place_of
from prep_app.errors import UserError
from prep_app.paths import Home
from prep_app.ui.editor import editor_command
from tests.test_terminal import Start, start
from tests.ui.browsing import browse
from tests.ui.conftest import Opened
from tests.ui.one_card import CLOZE, RECALL, install

__all__ = ["start"]  # a fixture

EDITOR = """\
import json, sys
from pathlib import Path
path = Path(sys.argv[2])
path.write_text(path.read_text().replace("What does QLoRA change?", "What does a QLoRA change?"))
Path("TOLD.part").write_text(json.dumps([sys.argv[1:], sys.stdin.isatty(), sys.stdout.isatty()]))
Path("TOLD.part").rename("TOLD")
"""


def test_every_card_is_found_at_its_own_line(library: Library) -> None:
    lines = {
        held.path: held.raw.decode().splitlines() for folder in builtin_folders() for held in snapshot(folder).files
    }
    for card in list(library.cards.values())[::7]:
        place = place_of(card, builtin_folders())
        assert place is not None
        assert any(f"id: {card.id}" in line for line in lines[place.path][place.line - 1 : place.line + 2])


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        ("vi", ["vi", "+7", "q.yaml"]),
        ("emacs -nw", ["emacs", "-nw", "+7", "q.yaml"]),
        ("'my tools/nano' --softwrap", ["my tools/nano", "--softwrap", "+7", "q.yaml"]),
        ("hx", ["hx", "q.yaml:7"]),
        ("code", ["code", "-w", "-g", "q.yaml:7"]),
        ("code --wait -n", ["code", "--wait", "-n", "-g", "q.yaml:7"]),
        ("ed", ["ed", "q.yaml"]),
        ("vi; touch hacked #", ["vi;"]),
    ],
)
def test_each_editor_is_told_the_line_in_its_own_way_and_no_shell_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, editor: str, words: list[str]
) -> None:
    for name in ("vi", "emacs", "my tools/nano", "hx", "code", "ed"):
        program = tmp_path / name
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    asked = {"EDITOR": "missing", "VISUAL": editor}
    if words == ["vi;"]:
        with pytest.raises(UserError, match="VISUAL names no program: vi; touch"):
            editor_command(Path("q.yaml"), 7, asked)
    else:
        assert editor_command(Path("q.yaml"), 7, asked) == words


@pytest.mark.usefixtures("only_installed")
async def test_without_an_editor_a_line_says_which_variable_to_set(
    opened: Opened, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(home, RECALL)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    async with opened() as learner:
        await browse(learner, "qlora", "down", "e")
        await learner.until(lambda: any("variable EDITOR" in note.message for note in learner.app._notifications))
        # And where the terminal cannot be left to it, as in a browser, where the card stands.
        monkeypatch.setenv("EDITOR", sys.executable)
        await learner.press("e")
        await learner.until(lambda: any("t1.yaml:7" in note.message for note in learner.app._notifications))


def test_e_in_browse_opens_it_at_the_line_and_the_edit_shows(start: Start, home: Home, tmp_path: Path) -> None:
    install(home, CLOZE, RECALL)
    told = tmp_path / "told.json"
    program = tmp_path / "vi"
    program.write_text(f"#!{sys.executable}\n{EDITOR.replace('TOLD', str(told))}")
    program.chmod(0o755)
    app = start(VISUAL=str(program))
    app.wait_for("Enter:")
    app.press("/")
    app.wait_for("kind:numeric")
    app.press("question:T1 change")
    app.wait_for("What does QLoRA change?")
    app.press("\r")
    app.wait_for("e Edit")
    app.press("e")
    app.until(told.exists, "the editor")
    app.wait_for("What does a QLoRA change?")  # Browse is back, with what was written
    words, reads, writes = json.loads(told.read_text())
    path = home.packs / "one" / "t1.yaml"
    line = path.read_text().splitlines().index("  - id: recall") + 1
    assert (words, reads, writes) == ([f"+{line}", str(path)], True, True)
