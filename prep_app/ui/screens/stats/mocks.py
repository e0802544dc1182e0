"""Past mocks in Stats: how the scores went, a line each to open again, and what changed by topic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalGroup
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from prep_app.practice.mock_kept import Data
from prep_app.practice.mock_report import Report, changes
from prep_app.ui import keys, phrases
from prep_app.ui.screens.mock.past import ARROWS, change_rows, used, when
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.hanging import Hanging
from prep_app.ui.widgets.steady_list import SteadyList

LEVELS = "▁▂▃▄▅▆▇█"  # of a score, from 0 to 100 %
FEWEST = 3  # mocks that make a course
MOST = 60  # mocks in the course
WIDE = 72  # columns from which a line has room for everything
DATE = len("2026-03-02")


@dataclass(frozen=True, slots=True)
class Mocks:
    """Those that were marked and those that wait for it, each in the order they began."""

    marked: tuple[Report, ...] = ()
    waiting: tuple[Data, ...] = ()

    def __len__(self) -> int:
        return len(self.marked) + len(self.waiting)


class MockList(SteadyList):
    """Takes the keys while a mock is being picked."""

    BINDINGS = keys.STATS_MOCKS

    class Left(Message):
        pass

    def action_leave(self) -> None:
        self.post_message(self.Left())


class MockHistory(VerticalGroup):
    """Posts `Reopened` for the mock that was picked."""

    DEFAULT_CSS = """
    MockHistory {
        MockList, MockList:focus { border: none; background: transparent; }
        MockList { height: auto; max-height: 8; padding: 0; scrollbar-size-vertical: 1; }
        MockList > .option-list--option { padding: 0; text-wrap: nowrap; }
        MockList > .option-list--option-highlighted { background: transparent; color: $foreground; text-style: none; }
        MockList:focus > .option-list--option-highlighted { background: $primary 30%; text-style: bold; }
        #changed { margin: 1 0; }
    }
    """

    class Reopened(Message):
        def __init__(self, mock: Report | Data) -> None:
            super().__init__()
            self.mock = mock

    def __init__(self) -> None:
        super().__init__()
        self.mocks = Mocks()
        self.rows: list[tuple[int, Report | Data]] = []  # when each began, newest first

    def compose(self) -> ComposeResult:
        yield Static(id="course", markup=False)
        yield MockList(markup=False)
        yield Hanging(id="changed")

    def show(self, mocks: Mocks, width: int) -> None:
        """Draw for `width` columns; the cursor stays on its mock."""
        listed = self.query_one(MockList)
        at = self.rows[listed.highlighted][0] if listed.highlighted is not None else None
        self.mocks = mocks
        marked = [(one.started, one) for one in mocks.marked]
        waiting = [(data["started"], data) for data in mocks.waiting]
        self.rows = sorted([*marked, *waiting], key=lambda row: row[0], reverse=True)
        self.query_one("#course", Static).update(course(mocks.marked))
        listed.clear_options()
        listed.add_options([Option(self._line(mock, width)) for _, mock in self.rows])
        if self.rows:
            newest = next((place for place, (_, mock) in enumerate(self.rows) if isinstance(mock, Report)), 0)
            starts = [started for started, _ in self.rows]
            listed.highlighted = starts.index(at) if at in starts else newest
        self._draw_changes()

    def _line(self, mock: Report | Data, width: int) -> Content:
        if not isinstance(mock, Report):
            return waiting_line(mock)
        place = self.mocks.marked.index(mock)
        return line(mock, self.mocks.marked[place - 1] if place else None, width)

    @on(OptionList.OptionHighlighted)
    def _draw_changes(self) -> None:
        """What changed in the mock under the cursor."""
        place = self.query_one(MockList).highlighted
        mock = self.rows[place][1] if place is not None else None
        until = self.mocks.marked[: self.mocks.marked.index(mock) + 1] if isinstance(mock, Report) else ()
        changed = self.query_one("#changed", Hanging)
        changed.display = bool(until)
        if until:
            heading = f"By topic, {when(until[-1].started)[:DATE]} against the time before"
            changed.show([(Content(), Content.styled(heading, QUIET)), *change_rows(changes(until))])

    @on(OptionList.OptionSelected)
    def _picked(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self.post_message(self.Reopened(self.rows[message.option_index][1]))


def course(past: Sequence[Report]) -> Content:
    """How the scores went, oldest first."""
    scores = [one.score for one in past[-MOST:]]
    if not past:
        return Content.styled("None yet: i in Home begins one, against the clock.", QUIET)
    if len(scores) < FEWEST:
        return Content.styled("enter opens a report", QUIET)
    marks = "".join(LEVELS[min(len(LEVELS) - 1, int(score * len(LEVELS)))] for score in scores)
    ends = f"  {scores[0] * 100:.0f} → {phrases.percent(scores[-1])}, best {phrases.percent(max(scores))}"
    return Content.assemble((marks, "$primary"), (f"{ends}; enter opens a report", QUIET))


def line(one: Report, before: Report | None, width: int) -> Content:
    """The score, when it was, the time it took, and how it compares with the mock before."""
    wide = width >= WIDE
    points = 0 if before is None else round((one.score - before.score) * 100)
    mark, style = ARROWS[points > 0] if points else (" ", "")
    began = when(one.started) if wide else when(one.started)[:DATE]
    asked = f"  {one.questions:>2} asked" if wide else ""
    return Content.assemble(
        f"{phrases.percent(one.score):>5}  ",
        (phrases.bar(one.score, 16 if wide else 8), "$primary"),
        (f"  {began}  {used(one):>14}{asked}", QUIET),
        (f"  {mark} {abs(points)}" if points else "", style),
    )


def waiting_line(data: Data) -> Content:
    return Content.assemble(
        ("    !  ", "bold $text-warning"), (f"{when(data['started'])}  not marked yet: enter", QUIET)
    )
