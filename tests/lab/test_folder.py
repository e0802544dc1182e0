"""The folder of a learner's code is removed, whatever was left in it."""

from __future__ import annotations

import os
from pathlib import Path

from prep_app.lab.folder import folder_name, sweep


def test_no_two_runs_share_a_folder() -> None:
    assert folder_name() != folder_name()
    assert not os.path.exists(folder_name())


def test_a_folder_is_swept_with_what_may_not_be_entered_and_not_what_links_lead_to(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(0o500)
    folder = tmp_path / "folder"
    (folder / "locked" / "in it").mkdir(parents=True)
    (folder / "link").symlink_to(outside)
    os.chmod(folder / "locked", 0)
    sweep(str(folder))
    sweep(str(folder))
    assert not folder.exists()
    assert outside.stat().st_mode & 0o777 == 0o500
