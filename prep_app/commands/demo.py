"""prep demo: list the demos. Running one is the demo's own command line (demos.kit.main)."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import asdict
from typing import Any

from prep_app.lab.catalogue import Demo, catalogue


def run(options: Namespace) -> int:
    demos = catalogue()
    if options.json:
        print(json.dumps([described(name, demo) for name, demo in demos.items()], ensure_ascii=False))
        return 0
    width = max(map(len, demos), default=0)
    for name, demo in demos.items():
        print(f"{name:<{width}}  {', '.join(demo.questions):<8}  {demo.title}")
    print("\nRun one with: prep demo NAME    its parameters: prep demo NAME --help")
    return 0


def described(name: str, demo: Demo) -> dict[str, Any]:
    return {
        "name": name,
        "title": demo.title,
        "questions": list(demo.questions),
        "parameters": [asdict(parameter) for parameter in demo.parameters],
        "checks": [{"id": check, "claim": claim} for check, claim in demo.checks.items()],
    }
