"""Writing a pack from the command line: start one, look it over, try it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from prep_app.cli import run
from prep_app.content import yaml_text
from prep_app.content.body import KINDS
from prep_app.content.folder import pack_folders
from prep_app.content.library import builtin_folders, load_library
from prep_app.paths import Home
from prep_app.ui import app
from tests.test_cli import AT, Print, printed, refused


@pytest.fixture
def pack(tmp_path: Path, home: Home, capsys: Print) -> Path:
    """A pack as new-pack makes it."""
    assert run(["new-pack", str(tmp_path / "ml_ops"), "--title", "MLOps"]) == 0
    capsys.readouterr()
    return tmp_path / "ml_ops"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the app was opened with; it is not."""
    calls: list[dict[str, Any]] = []

    def note(home: Home, **options: Any) -> int:
        calls.append(options)
        return 0

    monkeypatch.setattr(app, "run", note)
    return calls


# A new pack


def test_a_new_pack_has_a_card_of_every_kind_and_no_problem(pack: Path, capsys: Print) -> None:
    body = printed(capsys, "check", str(pack))
    assert body["problems"] == []
    assert body["kinds"] == dict.fromkeys(KINDS, 1)
    [held] = load_library([pack]).packs
    assert (held.id, held.title) == ("ml_ops", "MLOps")


def test_its_files_name_schemas_that_lie_beside_and_satisfy_them(pack: Path) -> None:
    files = sorted(pack.glob("*.yaml"))
    assert len(files) == 2
    for file in files:
        text = file.read_text()
        named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
        assert named is not None
        validator = Draft202012Validator(json.loads((pack / named[1]).read_text()))
        assert not list(validator.iter_errors(yaml_text.parse(text.encode()).data))


def test_each_kind_of_card_is_introduced(pack: Path) -> None:
    text = (pack / "question_1.yaml").read_text()
    for kind in KINDS:
        assert re.search(rf"(?m)^  # {kind}: ", text)


def test_the_next_three_commands_are_printed_and_work(
    tmp_path: Path, home: Home, capsys: Print, opened: list[dict[str, Any]]
) -> None:
    folder = tmp_path / "with space"
    check, study, install = printed(capsys, "new-pack", str(folder))["next"]
    assert check == f"prep check '{folder}'"
    assert study == f"prep study --pack '{folder}'"
    assert install == f"mkdir -p {home.packs} && cp -r '{folder}' {home.packs}"
    assert run(["check", str(folder)]) == 0
    assert run(["study", "--pack", str(folder)]) == 0
    assert opened == [{"study": [], "packs": [folder]}]
    shutil.copytree(folder, home.packs / folder.name)
    capsys.readouterr()
    assert len(printed(capsys, "stats", *AT)["questions"]) == len(load_library(builtin_folders()).questions) + 1


def test_two_new_packs_do_not_clash(tmp_path: Path, home: Home, capsys: Print) -> None:
    for name in ("one", "two", "日本", "中国", "no", "2024", "1e5", "null", "Two words!"):
        assert run(["new-pack", str(tmp_path / name)]) == 0
    assert run(["check", str(tmp_path)]) == 0
    assert "9 packs, 9 questions, 63 cards: no problems" in capsys.readouterr().out


@pytest.mark.parametrize(
    "title", ["a: b # c", "\"quoted\" 'twice'", "[b]markup[/b]", "null", "2024", "\\n", "é – 日本"]
)
def test_a_title_is_text_whatever_it_is(tmp_path: Path, home: Home, title: str) -> None:
    assert run(["new-pack", str(tmp_path / "p"), "--title", title]) == 0
    assert load_library([tmp_path / "p"]).packs[0].title == title


@pytest.mark.parametrize("there", ["a file in it", "a file of its name"])
def test_what_is_there_is_never_written_over(tmp_path: Path, home: Home, capsys: Print, there: str) -> None:
    folder = tmp_path / "mine"
    if there == "a file in it":
        folder.mkdir()
        (folder / "notes.txt").write_text("precious")
    else:
        folder.write_text("precious")
    assert "not empty" in refused(capsys, "new-pack", str(folder))
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["precious"]


def test_an_empty_folder_will_do(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    assert run(["new-pack", "."]) == 0
    assert load_library([tmp_path / "mine"]).packs[0].id == "mine"


def test_where_nothing_can_be_written_it_says_so(home: Home, capsys: Print) -> None:
    assert "cannot be written" in refused(capsys, "new-pack", "/dev/null/pack")


# The schemas


@pytest.mark.parametrize(("words", "title"), [([], "question"), (["question"], "question"), (["pack"], "pack.yaml")])
def test_check_prints_the_schema_for_an_editor(home: Home, capsys: Print, words: list[str], title: str) -> None:
    assert run(["check", "--schema", *words]) == 0
    schema = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(schema)
    assert title in schema["title"]


# One pack alone


def test_a_pack_is_studied_alone_and_remembered_with_the_rest(pack: Path, home: Home, capsys: Print) -> None:
    card = printed(capsys, "next", "--pack", str(pack), *AT)
    assert card["question"] == "ml_ops-1"
    printed(capsys, "answer", card["card"], "good", "--pack", str(pack), *AT)
    assert printed(capsys, "next", "--pack", str(pack), *AT)["card"] != card["card"]
    assert printed(capsys, "stats", *AT)["reviews_total"] == 1


def test_a_question_is_sought_in_that_pack_alone(pack: Path, capsys: Print, opened: list[dict[str, Any]]) -> None:
    assert run(["study", "--pack", str(pack), "ML_OPS-1"]) == 0
    assert opened == [{"study": ["ml_ops-1"], "packs": [pack]}]
    assert "there are ml_ops-1" in refused(capsys, "study", "--pack", str(pack), "Q4")


def test_a_file_of_a_pack_stands_for_its_folder(pack: Path) -> None:
    assert pack_folders(pack / "question_1.yaml") == [pack]


def test_with_faults_it_says_each_and_opens_with_the_rest(
    pack: Path, capsys: Print, opened: list[dict[str, Any]]
) -> None:
    file = pack / "question_1.yaml"
    file.write_text(
        file.read_text().replace("prompt: Which factor", "promt: Which factor").replace("kind: order", "kind: odd")
    )
    assert run(["study", "--pack", str(pack)]) == 0
    said = capsys.readouterr().err.splitlines()
    assert run(["check", str(pack)]) == 1
    places = [line for line in capsys.readouterr().out.splitlines() if line.startswith(str(pack))]
    assert len(places) == 2
    assert said == [*places, "2 problems; opening with the rest, 5 cards"]
    assert opened == [{"study": [], "packs": [pack]}]


def test_with_no_card_left_it_does_not_open(pack: Path, capsys: Print, opened: list[dict[str, Any]]) -> None:
    (pack / "question_1.yaml").write_text("id: [\n")
    assert run(["study", "--pack", str(pack)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith(f"{pack}/question_1.yaml:2:1: ")
    assert said[1].startswith(f"prep: {pack}: no card can be asked")
    assert len(said) == 2
    assert not opened


def test_a_folder_that_is_no_pack_is_refused_in_one_line(tmp_path: Path, home: Home, capsys: Print) -> None:
    assert "no pack here" in refused(capsys, "study", "--pack", str(tmp_path))
    assert "no such file" in refused(capsys, "next", "--pack", "/nowhere")
