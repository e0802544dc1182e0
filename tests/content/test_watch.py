"""An edit of a pack is noticed, whatever kind of edit it is; and nothing else is taken for one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from good_pack import HEAD, write
from test_library import PLAIN

from prep_app.content.folder import folders_in, stamp
from prep_app.content.watch import Watch

EDITS: dict[str, Callable[[Path], object]] = {
    "a file is edited": lambda packs: (packs / "small" / "q1.yaml").write_text(PLAIN.replace("LoRA", "QLoRA")),
    "a file is put in another's place": lambda packs: os.replace(packs / "small" / "new", packs / "small" / "q1.yaml"),
    "a file is added": lambda packs: (packs / "small" / "q2.yaml").write_text("id: [\n"),
    "a file is taken away": lambda packs: (packs / "small" / "q1.yaml").unlink(),
    "a pack is installed": lambda packs: write(packs, "other", head=HEAD.replace("small", "other"), q="id: [\n"),
    "a pack is taken away": lambda packs: (packs / "small").rename(packs / "_small"),
}


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    folder = write(tmp_path / "packs", q1=PLAIN)
    (folder / "new").write_text(PLAIN.replace("zero", "nought"))
    return folder.parent


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_seen_once(packs: Path, edit: str) -> None:
    watch = Watch(lambda: folders_in(packs), None)
    first = watch.read()
    assert len(first.cards) == 2
    assert watch.reread() is None
    EDITS[edit](packs)
    second = watch.reread()
    assert second is not None
    assert second != first
    assert watch.reread() is None


def test_what_changes_no_card_is_not_passed_on(packs: Path) -> None:
    watch = Watch(lambda: folders_in(packs), None)
    watch.read()
    (packs / "small" / "q1.yaml").write_text(PLAIN + "# a comment at the end\n")
    (packs / "small" / ".q1.yaml.swp").write_text("an editor's own file")
    assert watch.reread() is None


def test_an_edit_while_the_packs_are_read_is_seen_next_time(packs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from prep_app.content import watch as module

    opened = module.open_library

    def interrupted(folders: list[Path], cache: Path | None) -> object:
        library = opened(folders, cache)
        (packs / "small" / "q1.yaml").write_text(PLAIN.replace("zero", "nought"))
        return library

    watch = Watch(lambda: folders_in(packs), None)
    monkeypatch.setattr(module, "open_library", interrupted)
    watch.read()
    monkeypatch.setattr(module, "open_library", opened)
    assert watch.reread() is not None


def test_a_look_opens_no_file(packs: Path) -> None:
    (packs / "small" / "q1.yaml").chmod(0)
    assert stamp([packs / "small", packs / "nowhere"]) == stamp([packs / "small", packs / "nowhere"])
