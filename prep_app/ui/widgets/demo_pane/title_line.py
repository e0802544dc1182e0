"""The pane's first line or two: which demo, how it stands, for how long, on what device."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from prep_app.ui.themes import QUIET

State = Literal["idle", "changed", "warming", "running", "held", "failed", "cancelled", "error"]
TICK = 0.2  # seconds


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands. `seconds` is None while the clock runs."""

    state: State = "idle"
    passed: int = 0
    failed: int = 0
    declared: int = 0
    seconds: float | None = None
    device: str = ""


def phrase(standing: Standing, seconds: float) -> list[tuple[str, str]]:
    """The status in words, with a mark that needs no colour."""
    took = f"{seconds:.1f} s"
    total = standing.passed + standing.failed
    match standing.state:
        case "idle":
            return [("not run yet", QUIET)]
        case "changed":
            return [("changed: r runs it", "bold $text-warning")]
        case "warming":
            return [("◌ warming up…", "$text-warning"), (f" · {took}", QUIET)]
        case "running":
            of = f" · {total} of {max(total, standing.declared)} checks" if total else ""
            return [("▸ running", "$text-primary"), (f"{of} · {took}", QUIET)]
        case "held":
            words = f"✓ {standing.passed} of {total} checks hold" if total else "✓ done"
            return [(words, "bold $text-success"), (f" · {took} · {standing.device}", QUIET)]
        case "failed":
            words = f"✗ {standing.failed} of {total} checks failed"
            return [(words, "bold $text-error"), (f" · {took} · {standing.device}", QUIET)]
        case "cancelled":
            return [("■ cancelled", "bold $text-warning"), (f" · {took}", QUIET)]
        case "error":
            return [("✗ error", "bold $text-error"), (f" · {took}", QUIET)]


class TitleLine(Widget):
    """Ticks five times a second while a run goes, and not at all otherwise."""

    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.standing = Standing()
        self._start = 0.0

    def on_mount(self) -> None:
        self._ticker = self.set_interval(TICK, self.refresh, pause=True)

    def stand(self, standing: Standing) -> None:
        """Show how the run stands; its clock starts when it leaves rest."""
        was, self.standing = self.standing, standing
        if standing.seconds is None and standing.state != "idle":
            if was.seconds is not None or was.state == "idle":
                self._start = time.monotonic()
            self._ticker.resume()
        else:
            self._ticker.pause()
        self.refresh()

    @property
    def elapsed(self) -> float:
        if self.standing.seconds is not None:
            return self.standing.seconds
        return time.monotonic() - self._start

    def render(self) -> Content:
        parts = phrase(self.standing, self.elapsed)
        width, height = self.size
        title = Content.styled(self.title, "bold $text-primary")
        length = sum(cell_len(text) for text, _ in parts)
        if height > 1:
            status = Content.assemble(*parts).truncate(width, ellipsis=True)
            return Content.assemble(title.truncate(width, ellipsis=True), "\n", status)
        room = max(0, width - length - 2)
        return Content.assemble(title.truncate(room, ellipsis=True, pad=True), "  ", *parts)
