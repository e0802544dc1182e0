"""The wheel, installed where the source tree is not, gives a working prep."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the built wheel alone into an empty folder, as pip does."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    site = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def run(site: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run the installed prep from a folder of no meaning, with only the wheel ahead of the dependencies."""
    program = (
        f"import sys; sys.path = [{str(site)!r}, *[p for p in sys.path if p != {str(ROOT)!r} and 'editable' not in p]];"
        f"sys.meta_path = [f for f in sys.meta_path if 'editable' not in type(f).__module__];"
        f"import prep_app; assert prep_app.__file__.startswith({str(site)!r}), prep_app.__file__;"
        f"from prep_app.cli import run; sys.exit(run({list(arguments)!r}))"
    )
    environment = {**os.environ, "PREP_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-P", "-c", program], cwd=home, env=environment, capture_output=True, text=True, check=False
    )


def test_the_wheel_carries_questions_demos_and_styles(installed: Path) -> None:
    data = ("questions/*/*.yaml", "demos/data/*", "prep_app/content/starter/*.yaml", "prep_app/content/schemas/*.json")
    for pattern in (*data, "prep_app/ui/**/*.tcss", "prep_app/web/page/*", "prep_app/interop/anki/*.css"):
        assert list(installed.glob(pattern)), pattern
    in_tree = {path.relative_to(ROOT) for path in ROOT.glob("prep_app/**/*.tcss")}
    assert in_tree == {path.relative_to(installed) for path in installed.glob("prep_app/**/*.tcss")}


def test_the_installed_questions_are_sound(installed: Path, tmp_path: Path) -> None:
    done = run(installed, "check", "--json", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["questions"] >= 3


def test_the_installed_prep_asks_and_records(installed: Path, tmp_path: Path) -> None:
    card = json.loads(run(installed, "next", "--json", home=tmp_path).stdout)["card"]
    done = run(installed, "answer", card, "good", "--json", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["card"] == card


def test_the_installed_prep_starts_a_pack(installed: Path, tmp_path: Path) -> None:
    assert run(installed, "new-pack", "mine", home=tmp_path).returncode == 0
    assert run(installed, "check", "mine", home=tmp_path).returncode == 0


def test_the_installed_demos_are_listed(installed: Path, tmp_path: Path) -> None:
    done = run(installed, "demo", "--json", home=tmp_path)
    assert {"lora_merge", "nf4_quantize", "ewc_penalty", "adapter_forward"} <= {
        d["name"] for d in json.loads(done.stdout)
    }
