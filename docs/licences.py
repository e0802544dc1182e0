"""Write docs/licences.md: what prep is built on, in which versions, under which licences. `--check` only compares.

make licences

The versions are pyproject.toml's; the licences are what the installed packages say of themselves.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "licences.md"
NEEDED = "prep"  # what the dependencies of no extra are for
CLASSIFIER = "License :: OSI Approved :: "
LONGEST = 60  # characters of a licence's name; longer than this and it is the text itself
UNSAID = {"fsrs-rs-python": "none stated; fsrs-rs, the engine in it, is BSD-3-Clause"}
HEAD = """\
# Licences

prep is under the MIT licence. What it is built on, and what each of its extras brings, in the versions that it is
tested with. Made by `make licences` from pyproject.toml and from what the installed packages say of themselves.

| package | versions | for | licence |
| --- | --- | --- | --- |
"""
NOTES = """
What stands for `test` alone is never part of an installed prep. `anki` is under the AGPL: it comes only with the extra
of that name, in its own package, and prep works without it.

## What these bring in turn

{brought}

## The same versions everywhere

`requirements.lock` and `requirements-torch.lock` pin every package, those of all extras and of the tests too, with the
hashes of its files, for Python 3.11 and newer on every platform that the packages have files for. They were resolved
for all of these at once by uv; what has been installed from them is Linux with Python 3.11.

```console
$ make LOCKED=1 run   # or by hand, in an environment of your own:
$ pip install --require-hashes --no-deps -r requirements.lock -r requirements-torch.lock
$ pip install --no-deps .
$ make lock           # made anew, after a change of pyproject.toml
```

torch has a file of its own because its build depends on the machine: PyPI's for Linux brings CUDA, some gigabytes. For
the CPU alone leave `requirements-torch.lock` out and take the same version from PyTorch's own index, which the hashes
do not cover: `pip install torch=={torch} --index-url https://download.pytorch.org/whl/cpu`.
"""


def declared() -> dict[str, tuple[Requirement, list[str]]]:
    """Each dependency of pyproject.toml and what it is for, those of prep itself first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {NEEDED: project["dependencies"], **project["optional-dependencies"]}
    found: dict[str, tuple[Requirement, list[str]]] = {}
    for group, lines in groups.items():
        for requirement in map(Requirement, lines):
            found.setdefault(canonicalize_name(requirement.name), (requirement, []))[1].append(group)
    return found


def licence(held: Distribution) -> str:
    """What a package says its licence is, in the words of its metadata."""
    told = held.metadata
    classifiers = [line for line in told.get_all("Classifier", []) if line.startswith(CLASSIFIER)]
    named = told["License-Expression"] or ", ".join(line.removeprefix(CLASSIFIER) for line in classifiers)
    if not named and len(told["License"] or "") <= LONGEST:
        named = told["License"]
    return named or UNSAID.get(told["Name"], "see the package")


def rows() -> list[tuple[str, str, str, str]]:
    """Name, versions, what for, licence."""
    return [
        (requirement.name, ", ".join(sorted(map(str, requirement.specifier), reverse=True)), ", ".join(groups), name)
        for requirement, groups in declared().values()
        for name in [licence(distribution(requirement.name))]
    ]


def brought() -> dict[str, list[str]]:
    """The packages that those of prep and its extras need in turn, as installed here, by licence."""
    roots = [requirement for requirement, groups in declared().values() if groups != ["test"]]
    waiting = list(roots)
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop()
        for extra in ("", *requirement.extras):
            asked = (canonicalize_name(requirement.name), extra)
            if asked not in seen:
                seen.add(asked)
                waiting += needs(distribution(requirement.name), extra)
    by: dict[str, list[str]] = {}
    for name in sorted({name for name, _ in seen} - {canonicalize_name(root.name) for root in roots}):
        by.setdefault(licence(distribution(name)), []).append(name)
    return by


def needs(held: Distribution, extra: str) -> Iterable[Requirement]:
    for requirement in map(Requirement, held.requires or []):
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            try:
                distribution(requirement.name)
            except PackageNotFoundError:
                continue  # such as the CUDA libraries of another build of torch
            yield requirement


def page() -> str:
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows())
    lines = [f"* {name}: {', '.join(packages)}" for name, packages in sorted(brought().items())]
    pinned = re.search(r"^torch==(\S+)", (ROOT / "requirements-torch.lock").read_text(encoding="utf-8"), re.M)
    return HEAD + table + NOTES.format(brought="\n".join(lines), torch=pinned[1] if pinned else "")


def main() -> int:
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    # What a package says of itself may change with its version; names and versions are ours.
    listed = re.findall(r"^\| (\S+) \| ([^|]+) \| ([^|]+) \|", PAGE.read_text(encoding="utf-8"), re.M)[2:]
    return int([tuple(cell.strip() for cell in row) for row in listed] != [row[:3] for row in rows()])


if __name__ == "__main__":
    sys.exit(main())
