"""Code cards: a function to mend or to write, and what the demo's own checks say of it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static, TextArea
from textual.worker import Worker

from prep_app.answers.asked import Asked
from prep_app.answers.code import Checked
from prep_app.answers.mark import Mark
from prep_app.answers.response import Ran
from prep_app.lab.catalogue import DemoInputError
from prep_app.lab.judge import NOT_REACHED, Verdict
from prep_app.practice.code_run import ran
from prep_app.ui import keys
from prep_app.ui.screens.study.answering.answering import Answering
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.hanging import Hanging, Row
from prep_app.ui.widgets.python_area import PythonArea

TICK = 0.4  # seconds
MOST_LINES = 20  # of what the code printed
NOT_RUN = "not run"
KEYS = "ctrl+r runs the checks · ctrl+z undoes · ctrl+t starts over · escape leaves"


class CodeEditor(Answering):
    """The text, and the verdict on the text that ran last. `run` judges a text; it may be cancelled."""

    BINDINGS = keys.CODE
    INVITATION = "Edit it; ctrl+r runs the checks; escape, space reveals"
    DEFAULT_CSS = """
    CodeEditor {
        PythonArea { height: auto; }
        .keys { color: $text-muted; display: none; }
        .verdict { margin-top: 1; }
        &.-editing { PythonArea { min-height: 6; max-height: 50vh; } .keys { display: block; } }
    }
    """

    def __init__(self, asked: Asked, start: str, run: Callable[[str], Awaitable[Verdict]]) -> None:
        super().__init__()
        self.add_class("-editing")
        self.start = start.rstrip("\n")
        self.judge = run
        self.area = PythonArea(self.start)
        self.verdict: Verdict | None = None  # on `judged`
        self.judged: str | None = None  # the text that ran last
        self.revealed = False
        self._going: Worker[None] | None = None
        self._since = 0.0
        self._cancelled = False

    def compose(self) -> ComposeResult:
        yield self.area
        yield Static(Content(KEYS), classes="keys", markup=False)
        yield Hanging(classes="verdict")

    def on_mount(self) -> None:
        self._ticker = self.set_interval(TICK, self._draw, pause=True)
        self.area.select_placeholder()

    @property
    def fresh(self) -> bool:
        """Whether the verdict is on the text as it stands."""
        return self.verdict is not None and self.judged == self.area.text

    def response(self) -> Ran:
        return ran(self.verdict) if self.verdict is not None and self.fresh else Ran(failure=NOT_RUN)

    def given(self) -> bool:
        return self.verdict is not None

    def enter(self) -> None:
        if not self.revealed:
            self.area.focus(scroll_visible=False)  # the question comes first

    def reveal(self, mark: Mark) -> None:
        self._stop()
        self._cancelled = False
        self.revealed = True
        self.area.read_only = True
        self.area.show_cursor = False
        self.area.can_focus = False
        self.remove_class("-editing")
        self._draw()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "cancel":
                return self._going is not None
            case "leave":
                return self._going is None
            case "run" | "start_over":
                return not self.revealed
        return True

    def action_run(self) -> None:
        self.verdict = self.judged = None
        self._cancelled = False
        self._since = time.monotonic()
        self._going = self.run_worker(self._run(self.area.text), group="judge", exclusive=True)
        self._ticker.resume()
        self._draw(in_sight=True)
        self.refresh_bindings()

    def action_cancel(self) -> None:
        self._cancelled = True
        self._stop()
        self._draw(in_sight=True)

    def action_start_over(self) -> None:
        self.area.start_over(self.start)
        self.area.select_placeholder()

    def action_leave(self) -> None:
        self.screen.set_focus(None)

    # A run

    async def _run(self, text: str) -> None:
        try:
            verdict = await self.judge(text)
        except DemoInputError as error:
            verdict = Verdict(False, (), str(error), "")
        self.verdict, self.judged = verdict, text
        self._over()
        if verdict.passed and self.fresh and self.area.has_focus:
            self.action_leave()  # so that space reveals
        self._draw(in_sight=True)
        self.post_message(self.Changed())

    def _stop(self) -> None:
        if self._going is not None:
            self._going.cancel()
            self._over()

    def _over(self) -> None:
        self._going = None
        self._ticker.pause()
        self.refresh_bindings()

    # Messages from below

    @on(TextArea.Changed)
    def _edited(self, message: TextArea.Changed) -> None:
        message.stop()
        self._draw()
        self.post_message(self.Changed())

    @on(TextArea.SelectionChanged)
    def _cursor_moved(self, message: TextArea.SelectionChanged) -> None:
        message.stop()
        self.call_after_refresh(self._keep_cursor_in_sight)

    def _keep_cursor_in_sight(self) -> None:
        """Scroll the page to the cursor; the editor itself can only scroll within its own bounds."""
        y = self.area.cursor_screen_offset.y
        pages = [node for node in self.ancestors if isinstance(node, Widget) and node.allow_vertical_scroll]
        if pages and self.area.has_focus:
            region = pages[0].scrollable_content_region
            beyond = max(0, y - region.bottom + 1) or min(0, y - region.y)
            pages[0].scroll_relative(y=beyond, animate=False)

    def _draw(self, *, in_sight: bool = False) -> None:
        said = self.query_one(".verdict", Hanging)
        if self._going is not None:
            said.show(running(time.monotonic() - self._since))
        elif self._cancelled:
            said.show([(Content.styled("■ ", "bold $text-warning"), Content("cancelled; ctrl+r runs the checks"))])
        elif self.verdict is not None:
            said.show(verdict_rows(self.verdict, fresh=self.fresh, revealed=self.revealed))
        elif self.revealed:
            said.show([(Content("○ "), Content.styled("the checks were not run", QUIET))])
        if in_sight:
            self.call_after_refresh(said.scroll_visible, animate=False)


def running(seconds: float) -> list[Row]:
    """That a run is going, for how long, and how to stop it."""
    dots = "." * (1 + int(seconds / TICK) % 3)
    words = Content.assemble(
        (f"running the checks{dots:<3}", "$text-primary"), (f" {seconds:.0f} s · escape cancels", QUIET)
    )
    return [(Content.styled("▸ ", "$text-primary"), words)]


def verdict_rows(verdict: Verdict, *, fresh: bool, revealed: bool) -> list[Row]:
    """Whether the code passed, check by check, what stopped it, and what it printed."""
    rows: list[Row] = []
    if not fresh:
        again = "" if revealed else "; ctrl+r runs the checks again"
        rows.append((Content.styled("! ", "bold $text-warning"), Content(f"the text has changed since{again}")))
    elif verdict.passed:
        words = "all checks hold" + ("" if revealed else "; space reveals")
        rows.append((Content.styled("✓ ", "bold $text-success"), Content.styled(words, "bold $text-success")))
    if verdict.failure:
        rows.append((Content.styled("✗ ", "bold $text-error"), Content.styled(verdict.failure, "$text-error")))
    rows += [check_row(check) for check in ran(verdict).checks]
    return rows + printed_rows(verdict.output)


def check_row(check: Checked) -> Row:
    mark, style = ("✓ ", "bold $text-success") if check.held else ("✗ ", "bold $text-error")
    figures = f"measured {check.measured}" + (f", expected {check.expected}" if check.expected else "")
    if check.measured == NOT_REACHED:
        figures = NOT_REACHED
    return Content.styled(mark, style), Content.assemble(check.claim, (f"  {figures}", QUIET))


def printed_rows(output: str) -> list[Row]:
    """What the code printed, behind a bar."""
    lines = output.strip("\n").expandtabs(4).split("\n") if output.strip() else []
    kept = lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        kept.append(f"… and {len(lines) - MOST_LINES} lines more")
    bar = Content.styled("│ ", QUIET)
    heading = [(Content("  "), Content.styled("your code printed", f"italic {QUIET}"))] if kept else []
    return heading + [(bar, Content.styled(line, QUIET)) for line in kept]
