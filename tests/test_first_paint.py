"""What the first paint may cost, said in modules: the same on every machine, unlike a clock."""

from __future__ import annotations

import json
import subprocess
import sys

from prep_app.paths import Home

FORBIDDEN = ("torch", "numpy", "yaml", "pydantic", "textual_plot", "markdown_it", "textual.widgets._markdown")
PROGRAM = """
import asyncio, json, sys
from prep_app import paths
from prep_app.settings import read_settings
from prep_app.ui import app as wiring
from prep_app.ui.app import PrepApp

wiring.LAB_WARM_UP_DELAY = 3600  # what is imported after the paint, while Home is read, is not looked at here

async def main():
    home = paths.home()
    app = PrepApp(home, read_settings(home.config))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        loaded = sorted(sys.modules)
        await asyncio.wait_for(app.opened.wait(), 30)
        print(json.dumps({"painted": loaded, "opened": sorted(sys.modules)}))

asyncio.run(main())
"""


def loaded(home: Home) -> dict[str, list[str]]:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    body: dict[str, list[str]] = json.loads(done.stdout)
    return body


def test_the_first_paint_imports_nothing_heavy_and_a_second_start_reads_no_yaml(home: Home) -> None:
    loaded(home)  # compiles the packs
    second = loaded(home)
    for moment in ("painted", "opened"):
        heavy = [name for name in second[moment] if name.startswith(FORBIDDEN)]
        assert heavy == [], moment
