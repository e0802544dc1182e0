"""What README says of the demos is what the demos say of themselves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_readme_lists_every_demo_as_it_declares_itself() -> None:
    told = subprocess.run([sys.executable, "docs/demo_table.py", "--check"], cwd=ROOT, check=False)
    assert told.returncode == 0, "run: make docs"
