"""What prep is built on: bounded above and below, pinned in the lock files, listed with its licence."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-torch.lock")


def declared() -> list[Requirement]:
    """Every requirement of pyproject.toml, those of all extras and of the build too."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = table["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return [Requirement(line) for line in [*project["dependencies"], *extras, *table["build-system"]["requires"]]]


@pytest.fixture(scope="module")
def locked() -> dict[str, list[Requirement]]:
    """The pins of each package: more than one where platforms or Pythons need different versions."""
    pins = defaultdict(list)
    for name in LOCKS:
        for block in re.split(r"\n(?=\S)", (ROOT / name).read_text()):
            if not block.startswith("#"):
                pinned, *hashes = (part.strip(" \\\n") for part in block.split("--hash="))
                assert hashes, f"{pinned} has no hash"
                assert all(re.fullmatch("sha256:[0-9a-f]{64}", digest) for digest in hashes)
                requirement = Requirement(pinned)
                pins[canonicalize_name(requirement.name)].append(requirement)
    return pins


def pin_here(pins: list[Requirement]) -> str:
    (pin,) = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    return next(iter(pin.specifier)).version


def test_every_dependency_is_bounded_below_and_above() -> None:
    loose = [
        str(requirement)
        for requirement in declared()
        if not ({">=", "=="} & (signs := {one.operator for one in requirement.specifier}) and {"<", "=="} & signs)
    ]
    assert loose == []


def test_the_lock_pins_every_dependency_within_its_bounds(locked: dict[str, list[Requirement]]) -> None:
    for requirement in declared():
        pins = locked[canonicalize_name(requirement.name)]
        assert pins, f"{requirement.name} is not pinned; run: make lock"
        for pin in pins:
            (pinned,) = pin.specifier
            assert pinned.operator == "=="
            assert pinned.version in requirement.specifier, f"{pin} is not within {requirement}; run: make lock"


def test_the_lock_pins_what_the_dependencies_need_in_turn(locked: dict[str, list[Requirement]]) -> None:
    """Wherever the version that is pinned is the one that is installed here, so are its own requirements."""
    followed = 0
    for name, pins in locked.items():
        try:
            if version(name) != pin_here(pins):
                continue
        except (PackageNotFoundError, ValueError):
            continue  # for another platform
        followed += 1
        for needed in map(Requirement, requires(name) or []):
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                here = pin_here(locked[canonicalize_name(needed.name)])
                assert here in needed.specifier, f"{name} needs {needed}, pinned is {here}"
    assert followed > 20


def test_the_lock_names_no_place_to_get_packages_from() -> None:
    for name in LOCKS:
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert not re.search(r"^\s*(-i|-f|--index|--extra-index|--find-links|--trusted)", text, re.M)


def test_the_licences_of_all_dependencies_are_listed() -> None:
    told = subprocess.run([sys.executable, "docs/licences.py", "--check"], cwd=ROOT, check=False)
    assert told.returncode == 0, "run: make licences"
