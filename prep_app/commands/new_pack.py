"""prep new-pack: a commented pack to start from."""

from __future__ import annotations

import json
import shlex
from argparse import Namespace
from pathlib import Path

from prep_app import paths
from prep_app.content.new_pack import SCHEMAS, write_starter


def run(options: Namespace) -> int:
    folder = Path(options.folder)
    if not folder.name:  # the folder one is in
        folder = folder.resolve()
    made = write_starter(folder, options.title)
    packs = paths.home(options.home).packs
    here, there = shlex.quote(str(folder)), shlex.quote(str(packs))
    steps = {
        "look it over": f"prep check {here}",
        "try it": f"prep study --pack {here}",
        "install it": f"mkdir -p {there} && cp -r {here} {there}",
    }
    if options.json:
        body = {"folder": str(folder), "files": [str(path) for path in made], "next": list(steps.values())}
        print(json.dumps(body, ensure_ascii=False))
        return 0
    print(f"Made {folder}: a question with a card of every kind. Edit it; {SCHEMAS} is for your editor.\n")
    for what, command in steps.items():
        print(f"  {what + ':':<14}{command}")
    return 0
