"""What a cohort shares: packs, which are checked before they are kept, and a board of those who chose to be on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from prep_app.interop.sync.packs import digest_of
from tests.interop.sync.conftest import Database, Machine

NewMachine = Callable[[str], Machine]
HEAD = "id: {name}\ntitle: {name}\n"
QUESTION = """id: {name}-q
title: A question
ask: What is it?
answer: {{short: It is one., full: It is one., key_points: [one]}}
cards:
  - id: {name}-card
    kind: recall
    topic: Ones
    prompt: What is it?
    answer: {answer}
    key_points: [one]
"""


def write_pack(folder: Path, name: str, answer: str = "One.") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "pack.yaml").write_text(HEAD.format(name=name))
    (folder / "q.yaml").write_text(QUESTION.format(name=name, answer=answer))
    return folder


def cards(machine: Machine) -> int:
    return machine.prep("stats")["cards"]


def test_a_shared_pack_comes_to_everybody_and_is_renewed_where_nobody_touched_it(
    cohort: Database, machine: NewMachine, tmp_path: Path
) -> None:
    author, reader = machine(cohort.url(cohort.learner())), machine(cohort.url(cohort.learner()))
    before = cards(reader)
    pack = write_pack(tmp_path / "draft", "ones")
    assert author.sync("--share", str(pack))["packs"]["shared"] == "ones"
    assert reader.sync()["packs"]["packs"] == ["ones"]
    assert cards(reader) == before + 1
    assert reader.sync()["packs"]["packs"] == []
    write_pack(pack, "ones", "Exactly one.")
    author.sync("--share", str(pack))
    assert reader.sync()["packs"]["packs"] == ["ones"]
    installed = reader.home.packs / "ones" / "q.yaml"
    assert "Exactly one." in installed.read_text()
    installed.write_text(installed.read_text() + "# mine\n")
    write_pack(pack, "ones", "Just one.")
    author.sync("--share", str(pack))
    left = reader.sync(status=1)["packs"]["left"]
    assert len(left) == 1
    assert "was edited" in left[0]
    assert installed.read_text().endswith("# mine\n")
    author.sync("--unshare", "ones")
    assert reader.sync()["packs"] == {"shared": None, "packs": [], "left": []}
    author.sync("--unshare", "ones", status=2)
    assert "you share no pack" in author.said
    assert sorted(path.name for path in author.home.packs.iterdir()) == ["ones"]


def test_a_pack_with_faults_or_of_somebody_else_s_name_is_not_shared(
    cohort: Database, machine: NewMachine, tmp_path: Path
) -> None:
    one, other = machine(cohort.url(cohort.learner())), machine(cohort.url(cohort.learner()))
    one.sync("--share", str(write_pack(tmp_path / "a", "ones")))
    other.sync("--share", str(write_pack(tmp_path / "b", "ones")), status=2)
    assert "somebody else" in other.said
    faulty = write_pack(tmp_path / "c", "twos")
    (faulty / "q.yaml").write_text("id: [")
    other.sync("--share", str(faulty), status=2)
    assert "prep check" in other.said
    other.sync("--share", str(tmp_path), status=2)
    assert "no pack here" in other.said


@pytest.mark.parametrize(
    ("name", "files", "why"),
    [
        ("../../evil", {"pack.yaml": HEAD.format(name="evil")}, "lead anywhere"),
        (".hidden", {"pack.yaml": HEAD.format(name="hidden")}, "lead anywhere"),
        ("con", {"pack.yaml": HEAD.format(name="con")}, "lead anywhere"),
        ("p", {"pack.yaml": HEAD.format(name="p"), "../q.yaml": ""}, "something else than YAML"),
        ("p", {"pack.yaml": HEAD.format(name="p"), "run.py": "print()"}, "something else than YAML"),
        ("p", {"pack.yaml": HEAD.format(name="p"), "Q.yaml": "", "q.yaml": ""}, "the same name"),
        ("p", {"pack.yaml": HEAD.format(name="other")}, "another pack"),
        ("p", {"pack.yaml": HEAD.format(name="p"), "q.yaml": "id: ["}, "q.yaml:1:"),
        ("p", {"pack.yaml": HEAD.format(name="p"), "q.yaml": "#" * (2 << 20)}, "larger than"),
        ("p", {"pack.yaml": 3}, "no sense"),
    ],
)
def test_a_hostile_pack_is_left_out_in_one_line_and_writes_nothing(
    database: Database, machine: NewMachine, name: str, files: dict[str, str], why: str
) -> None:
    victim = machine(database.url(database.learner()))
    with database.admin() as admin:
        admin.execute("DELETE FROM prep.pack")
        admin.execute(
            "INSERT INTO prep.pack (learner, name, digest, files) VALUES ('x', %s, %s, %s)",
            [name, digest_of(files), json.dumps(files)],
        )
    (line,) = victim.sync(status=1)["packs"]["left"]
    assert why in line
    assert not victim.home.packs.exists() or list(victim.home.packs.iterdir()) == []
    assert not (victim.home.root.parent / "evil").exists()


def test_a_pack_of_the_learner_s_own_is_never_written_over(database: Database, machine: NewMachine) -> None:
    victim = machine(database.url(database.learner()))
    files = {"pack.yaml": HEAD.format(name="mine"), "q.yaml": QUESTION.format(name="mine", answer="Theirs.")}
    with database.admin() as admin:
        admin.execute("DELETE FROM prep.pack")
        admin.execute(
            "INSERT INTO prep.pack (learner, name, digest, files) VALUES ('x', 'mine', %s, %s)",
            [digest_of(files), json.dumps(files)],
        )
    victim.home.packs.mkdir()
    own = write_pack(victim.home.packs / "mine", "mine")
    assert "your own" in victim.sync(status=1)["packs"]["left"][0]
    assert "One." in (own / "q.yaml").read_text()


def test_the_board_shows_those_who_chose_to_be_on_it(cohort: Database, machine: NewMachine) -> None:
    ada, emmy, shy = (machine(cohort.url(cohort.learner())) for _ in range(3))
    for one in (emmy, shy):
        one.prep("answer", "q4-zero-init", "easy")
        one.sync()
    assert ada.prep("scores") == []
    assert ada.sync("--board", "Ada")["board"] == "Ada"
    emmy.sync("--board", "  Emmy\x1b[31m \n N. ")
    board = shy.prep("scores")
    assert [(line["name"], line["reviews"], line["you"]) for line in board] == [
        ("Emmy N.", 1, False),
        ("Ada", 0, False),
    ]
    assert board[0]["readiness"] > 0
    assert [line["you"] for line in ada.prep("scores")] == [False, True]
    ada.prep("answer", "q4-zero-init", "good")
    ada.sync()  # figures are renewed by every sync
    assert {line["name"]: line["reviews"] for line in shy.prep("scores")} == {"Emmy N.": 1, "Ada": 1}
    shy.sync("--board", "ADA", status=2)
    assert "already" in shy.said
    shy.sync("--board", "x" * 41, status=2)
    assert ada.sync("--no-board")["board"] is None
    assert [line["name"] for line in shy.prep("scores")] == ["Emmy N."]
    assert cohort.one("SELECT count(*) FROM prep.board WHERE reviews > 0") == 1
