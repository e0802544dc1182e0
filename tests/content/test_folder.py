"""What is found on a disk: links in circles, pipes, folders named as files. Nothing raises and nothing waits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from good_pack import QUESTION, load, write

from prep_app.content.folder import MAX_BYTES, folders_in


def test_a_folder_without_a_pack_yaml_says_what_a_pack_is(tmp_path: Path) -> None:
    (tmp_path / "q1.yaml").write_text(QUESTION)
    pack, [problem] = load(tmp_path)
    assert pack is None
    assert str(problem).startswith(f"{tmp_path}:1:1: pack.yaml is missing; a pack is a folder with a pack.yaml")


def test_a_folder_that_is_not_there_is_one_problem(tmp_path: Path) -> None:
    assert [str(problem) for problem in load(tmp_path / "gone")[1]] == [
        f"{tmp_path}/gone:1:1: cannot be read: No such file or directory"
    ]


def test_links_in_circles_pipes_and_folders_cost_only_themselves(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "circle.yaml").symlink_to("circle.yaml")
    (folder / "nowhere.yaml").symlink_to("gone")
    (folder / "endless.yaml").symlink_to("/dev/zero")
    (folder / "folder.yaml").mkdir()
    os.mkfifo(folder / "pipe.yaml")
    pack, problems = load(folder)
    assert pack is not None
    assert len(pack.questions) == 1
    assert {problem.file.name: problem.message for problem in problems} == {
        "circle.yaml": "cannot be read: Too many levels of symbolic links",
        "nowhere.yaml": "cannot be read: No such file or directory",
        "endless.yaml": "not a file",
        "folder.yaml": "not a file",
        "pipe.yaml": "not a file",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_says_so(tmp_path: Path) -> None:
    folder = write(tmp_path, q1=QUESTION, secret="id: Q2\n")
    (folder / "secret.yaml").chmod(0)
    assert [problem.message for problem in load(folder)[1]] == ["cannot be read: Permission denied"]


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    pack, [problem] = load(write(tmp_path, q1=QUESTION, huge="a: b\n" * MAX_BYTES))
    assert pack is not None
    assert problem.message == "larger than 1024 KiB; split it into one file a question"


def test_a_name_that_is_not_text_is_a_name_like_any_other(tmp_path: Path) -> None:
    folder = write(tmp_path)
    with open(os.fsencode(folder) + b"/caf\xe9.yaml", "wb") as file:
        file.write(b"a: [\n")
    assert len(load(folder)[1]) == 1


def test_packs_are_the_folders_in_a_folder_and_links_that_lead_nowhere(tmp_path: Path) -> None:
    for name in ("b", "a", "__pycache__", ".git"):
        (tmp_path / name).mkdir()
    (tmp_path / "readme.txt").write_text("no pack")
    (tmp_path / "broken").symlink_to("gone")
    assert [path.name for path in folders_in(tmp_path)] == ["a", "b", "broken"]
    assert folders_in(tmp_path / "gone") == []
