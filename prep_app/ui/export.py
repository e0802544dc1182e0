"""Keep a run of a demo: its words as JSON, the screen as it stands as a picture."""

from __future__ import annotations

import asyncio

from textual.screen import Screen

from prep_app.errors import UserError
from prep_app.lab.export import keep
from prep_app.lab.record import RunRecord
from prep_app.memory.days import now
from prep_app.ui.desk import Desk


async def export(screen: Screen[None], desk: Desk, run: RunRecord) -> None:
    """Write both files to the learner's folder and say where, or why not."""
    picture = screen.app.export_screenshot(title=f"prep · {run.name}")
    try:
        kept = await asyncio.to_thread(keep, run, picture, desk.home.exports, now())
    except UserError as error:
        screen.notify(str(error), severity="error", markup=False)
    else:
        screen.notify(f"Kept as {kept} and .svg", markup=False)
