"""Shell completion in real shells, and --help that is good enough to be the manual."""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from demos.catalogue import catalogue
from prep_app import cli
from prep_app.commands.manual import EXAMPLES, GROUPS
from prep_app.paths import Home

BASH = """
source SCRIPT
complete -p prep >/dev/null || exit 3
while read -r line; do
    COMP_WORDS=($line)
    [[ $line == *" ." ]] && COMP_WORDS[${#COMP_WORDS[@]}-1]=""  # a dot stands for nothing typed yet
    COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
    _shtab_prep prep "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
    echo "${COMPREPLY[*]}"
done
"""


def commands() -> dict[str, argparse.ArgumentParser]:
    parser = cli._parser()
    return next(dict(action.choices) for action in parser._actions if action.dest == "command")  # type: ignore[arg-type]


def script(shell: str, capsys: pytest.CaptureFixture[str], folder: Path) -> Path:
    assert cli.run(["completion", shell]) == 0
    path = folder / f"prep.{shell}"
    path.write_text(capsys.readouterr().out)
    return path


@pytest.fixture
def on_path(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `prep` for the shell to call."""
    program = tmp_path / "bin" / "prep"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m prep_app "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


@pytest.mark.usefixtures("on_path")
@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_bash_completes_commands_options_demos_files_and_what_the_packs_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "reviews.csv").touch()
    typed = {
        "prep .": " ".join(commands()),
        "prep doctor --re": "--rebuild --restore",
        "prep demo lora_m": "lora_merge",
        "prep demo .": " ".join(catalogue()),
        "prep answer q4-zero-i": "q4-zero-init",
        "prep answer q4-zero-init h": "hard",
        "prep study Q1": "Q14",
        "prep import rev": "reviews.csv",
        "prep completion z": "zsh",
    }
    whole = BASH.replace("SCRIPT", shlex.quote(str(script("bash", capsys, tmp_path))))
    done = subprocess.run(
        ["bash", "--norc", "-c", whole], input="\n".join(typed) + "\n", capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stderr == ""
    assert dict(zip(typed, done.stdout.splitlines(), strict=True)) == typed


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_take_their_script(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], home: Home
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    path = script(shell, capsys, tmp_path)
    done = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_command_is_in_one_group_with_examples_that_can_be_typed() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(commands())
    assert set(EXAMPLES) == {"", *grouped}
    parser = cli._parser()
    for name, examples in EXAMPLES.items():
        for line in examples:
            words = shlex.split(line.partition(" > ")[0].replace('eval "$(', "").replace(')"', ""))
            assert words[0] == "prep"
            if words[1:2] == ["demo"] and len(words) > 2:
                assert words[2] in catalogue()  # whose options are its own
                continue
            options = parser.parse_args(words[1:])
            assert not name or options.command == name


def test_help_is_a_page(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for words in ([], *([name] for name in commands())):
        with pytest.raises(SystemExit) as exit:
            cli.run([*words, "--help"])
        assert exit.value.code == 0
        said = capsys.readouterr().out
        assert "0 done" in said, words
        assert "prep " + " ".join(words) in said
        assert max(map(len, said.splitlines())) <= 80, words


def test_a_command_pays_for_none_of_it(home: Home) -> None:
    program = "import sys; from prep_app.cli import run; run(['undo']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"shtab", "prep_app.commands.manual", "prep_app.commands.completion"} & set(done.stdout.split())
