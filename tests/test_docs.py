"""What is written from the code is true: README's table of demos, the schemas for editors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_schemas_that_ship_are_those_of_the_models() -> None:
    told = subprocess.run([sys.executable, "docs/schemas.py", "--check"], cwd=ROOT, check=False)
    assert told.returncode == 0, "run: make docs"


def test_the_readme_lists_every_demo_as_it_declares_itself() -> None:
    told = subprocess.run([sys.executable, "docs/demo_table.py", "--check"], cwd=ROOT, check=False)
    assert told.returncode == 0, "run: make docs"
