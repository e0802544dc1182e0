"""The demo pane: what a run says, shown as it says it, at the sizes it is given."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Footer

from prep_app.content.model import DemoLink
from prep_app.lab.catalogue import catalogue
from prep_app.lab.client import LabClient
from prep_app.lab.events import Check, Failure, Output, Plot, Progress, Result, Series, Table, Text
from prep_app.ui.themes import DARK
from prep_app.ui.widgets.demo_pane import DemoPane
from prep_app.ui.widgets.demo_pane.dial import Dial
from prep_app.ui.widgets.demo_pane.figures import figure
from prep_app.ui.widgets.demo_pane.plot_view import PlotView, has_axes
from prep_app.ui.widgets.demo_pane.result_view import MOST_PIECES, ResultView
from prep_app.ui.widgets.demo_pane.source_screen import SourceScreen
from prep_app.ui.widgets.demo_pane.tables import draw_table
from prep_app.ui.widgets.demo_pane.text_plot import draw_text_plot
from prep_app.ui.widgets.demo_pane.title_line import TitleLine
from prep_app.ui.widgets.demo_pane.transcript import Transcript

LOSS = Plot("Loss", "step", "loss", (Series("naive", (0.0, 1.0, 2.0), (1.0, 0.5, 0.25), "line"),))


class Bench(App[None]):
    """The pane on a screen of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.finished: list[DemoPane.Finished] = []
        self.closed = 0

    def compose(self) -> ComposeResult:
        yield DemoPane()
        yield Footer()

    def on_demo_pane_finished(self, message: DemoPane.Finished) -> None:
        self.finished.append(message)

    def on_demo_pane_closed(self) -> None:
        self.closed += 1


class Watcher:
    """Reads what the pane shows, as text."""

    def __init__(self, app: Bench, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot
        self.pane = app.query_one(DemoPane)

    async def show(self, *events: object) -> None:
        for event in events:
            self.pane.show(event)  # type: ignore[arg-type]
        await self.until(lambda: self.pane.query_one(ResultView).backlog == 0)
        await self.pilot.pause()

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something is so; the time is a limit, never a measure."""
        async with asyncio.timeout(30):
            while not holds():
                await self.pilot.pause(0.02)

    @property
    def page(self) -> str:
        lines = []
        for transcript in self.pane.query(Transcript):
            lines += [transcript.render_line(y).text.rstrip() for y in range(transcript.size.height)]
        return "\n".join(lines)

    @property
    def title(self) -> str:
        line = self.pane.query_one(TitleLine)
        return "\n".join(line.render_line(y).text.rstrip() for y in range(line.size.height))

    def words(self) -> str:
        """The page with its lines joined, for sentences that wrapped."""
        return " ".join(self.page.split())


@asynccontextmanager
async def bench(width: int = 58, height: int = 12) -> AsyncIterator[Watcher]:
    app = Bench()
    async with app.run_test(size=(width, height)) as pilot:
        app.query_one(DemoPane).focus()
        await pilot.pause()
        yield Watcher(app, pilot)


@pytest.mark.parametrize("size", [(58, 10), (50, 30), (120, 40)])
async def test_a_check_says_what_was_claimed_measured_and_expected_in_words(size: tuple[int, int]) -> None:
    async with bench(*size) as watcher:
        await watcher.show(
            Check("zero_start", "At B = 0 the output is the base's", True, 0.0, 0.0),
            Check("packing", "Two codes take a byte", False, 4096, 2048),
        )
        assert "✓ holds At B = 0 the output is the base's — measured 0, expected 0" in watcher.words()
        assert "✗ fails Two codes take a byte — measured 4,096, expected 2,048" in watcher.words()


async def test_what_a_demo_says_is_text_and_never_markup() -> None:
    hostile = "softmax[dim] [/nope] [@click=app.quit]x[/] $text-error"
    async with bench(120, 40) as watcher:
        plot = Plot(hostile, hostile, hostile, (Series(hostile, (0.0, 1.0), (0.0, 1.0), "line"),))
        await watcher.show(
            Text(hostile),
            Table(hostile, (hostile,), ((hostile,),)),
            Check("a", hostile, True, hostile, hostile),
            Output(hostile),
            plot,
            Failure(hostile),
        )
        await watcher.until(lambda: watcher.pane.query("Chart"))
        await watcher.pilot.pause()
        assert watcher.words().count(hostile) >= 5
        assert str(watcher.pane.query_one(".plot-title").render()).startswith(hostile)
        assert hostile in str(watcher.pane.query_one(".plot-legend").render())


async def test_headings_and_bold_lose_their_marks_and_nothing_else() -> None:
    async with bench() as watcher:
        await watcher.show(Text("## Merging\nW' = W + **BA** * `scaling`, 2 * 3 ** 4\n- a point"))
        assert watcher.page == "Merging\nW' = W + BA * scaling, 2 * 3 ** 4\n• a point"


async def test_events_show_in_the_order_they_come() -> None:
    async with bench(80, 60) as watcher:
        await watcher.show(Text("first"), LOSS, Text("second"), Table("third", ("n",), ((1,),)), Output("fourth\n"))
        kinds = [type(child) for child in watcher.pane.query_one(ResultView).children]
        assert kinds == [Transcript, PlotView, Transcript]
        places = [watcher.page.index(word) for word in ("first", "second", "third", "output", "│ fourth")]
        assert places == sorted(places)


async def test_a_plot_has_axes_where_they_can_be_read_and_sparklines_where_not() -> None:
    async with bench(60, 30) as watcher:
        await watcher.show(LOSS)
        await watcher.until(lambda: watcher.pane.query("Chart"))
    async with bench(33, 30) as watcher:
        await watcher.show(LOSS)
        assert not watcher.pane.query(PlotView)
        assert "Loss" in watcher.page
        assert "1 → 0.25" in watcher.page
        assert "█" in watcher.page


async def test_without_colour_a_plot_is_sparklines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with bench(80, 30) as watcher:
        assert watcher.app.no_color
        await watcher.show(LOSS)
        assert not watcher.pane.query(PlotView)
        assert "1 → 0.25" in watcher.page


async def test_a_flood_is_cut_short_but_no_check_is_lost() -> None:
    async with bench() as watcher:
        flood = [Output(f"line {n}\n") for n in range(MOST_PIECES + 50)]
        await watcher.show(*flood, Check("a", "still here", True, 1, 1))
        assert f"line {MOST_PIECES - 1}\n" in watcher.page
        assert f"line {MOST_PIECES}\n" not in watcher.page
        assert "more was sent; not shown" in watcher.page
        assert "✓ holds  still here" in watcher.page


async def test_a_narrower_pane_wraps_what_it_already_showed() -> None:
    async with bench(100, 20) as watcher:
        await watcher.show(Text("word " * 30))
        await watcher.pilot.resize_terminal(50, 20)
        await watcher.until(lambda: watcher.pane.size.width == 50)
        await watcher.pilot.pause()
        assert max(map(cell_len, watcher.page.splitlines())) <= 48
        assert watcher.page.split() == ["word"] * 30


async def test_the_title_says_how_the_run_stands() -> None:
    async with bench() as watcher:
        assert "not run yet" in watcher.title
        await watcher.show(Check("a", "one", True, 1, 1), Check("b", "two", False, 1, 2))
        assert "▸ running · 2 of 2 checks" in watcher.title
        await watcher.show(Result({}, "cpu", 0.84, False))
        assert "✗ 1 of 2 checks failed · 0.8 s · cpu" in watcher.title
        await watcher.show(Failure("the demo stopped: it took too much memory; choose smaller parameters"))
        assert "✗ error" in watcher.title
        assert "choose smaller parameters" in watcher.words()


async def test_progress_shows_while_running_and_goes_with_the_result() -> None:
    async with bench() as watcher:
        await watcher.show(Progress(30, 60, "learning A"))
        bar = watcher.pane.query_one("#progress")
        assert "30 of 60  learning A" in bar.render_line(0).text
        assert bar.display
        await watcher.show(Result({}, "cpu", 1.0, True))
        assert not bar.display


async def test_a_demo_runs_in_the_lab_and_can_be_changed_read_and_closed() -> None:
    lab = LabClient()
    demo = catalogue()["lora_merge"]
    try:
        async with bench(80, 24) as watcher:
            pane = watcher.pane
            await pane.open(DemoLink("lora_merge", {"steps": 20}), demo, lab)
            await watcher.until(lambda: "warming up…" in watcher.title)
            await watcher.until(lambda: watcher.app.finished)
            finished = watcher.app.finished.pop().run
            assert finished.name == "lora_merge"
            assert finished.values["steps"] == 20
            assert isinstance(finished.outcome, Result)
            assert set(finished.checks) == set(demo.checks)
            assert "checks" in watcher.title

            # A value out of range is refused on its line; a good one runs at once, and so does each step of a dial.
            await watcher.pilot.press("p", "9", "9")
            assert isinstance(watcher.app.focused, Dial)
            await watcher.pilot.press("enter")
            assert "✗ must be a whole number from 1 to 64, not '99'" in str(watcher.app.focused.render())
            assert not pane.running
            await watcher.pilot.press("4", "enter")
            assert pane.values["r"] == 4
            await watcher.until(lambda: watcher.app.finished)
            assert "(run 1: " in str(pane.figures.render())  # what it was before stands beside what it is
            watcher.app.finished.clear()
            await watcher.pilot.press("right")
            assert pane.values["r"] == 8
            await watcher.until(lambda: watcher.app.finished)
            watcher.app.finished.clear()
            await watcher.pilot.press("escape")

            await watcher.pilot.press("s")
            await watcher.until(lambda: isinstance(watcher.app.screen, SourceScreen))
            code = watcher.app.screen.query_one("#source-code")
            await watcher.until(lambda: "class LoRALinear" in str(code.render()))
            await watcher.pilot.press("escape")
            await watcher.until(lambda: not isinstance(watcher.app.screen, SourceScreen))

            await watcher.pilot.press("escape")
            await watcher.until(lambda: watcher.app.closed)
    finally:
        await lab.close()


async def test_a_cancelled_run_says_so_and_leaves_the_lab_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    lab = LabClient(package="tests.lab.misbehaving")  # «spins» never ends by itself
    try:
        async with bench(80, 24) as watcher:
            await watcher.pane.open(DemoLink("spins"), catalogue()["lora_merge"], lab)
            await watcher.until(lambda: lab.state == "running")
            await watcher.pilot.press("escape")
            assert "■ cancelled" in watcher.title
            assert not watcher.pane.running
            await watcher.until(lambda: lab.state == "ready")
            assert watcher.app.finished == []
    finally:
        await lab.close()


CELLS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30).filter(str.isprintable))


@given(
    st.lists(st.text(max_size=20).filter(str.isprintable), min_size=1, max_size=6),
    st.lists(st.lists(CELLS, max_size=7), max_size=5),
    st.integers(20, 80),
)
def test_a_table_never_is_wider_than_the_pane(columns: list[str], rows: list[list[object]], width: int) -> None:
    table = Table("", tuple(columns), tuple(map(tuple, rows)))  # type: ignore[arg-type]
    lines = draw_table(table, width).plain.split("\n")
    assert max(map(cell_len, lines)) <= width


def test_numbers_stand_to_the_right_and_words_to_the_left() -> None:
    table = Table("", ("method", "error"), (("NF4", 0.5), ("INT4", 12)))
    assert draw_table(table, 40).plain.split("\n") == [
        "method │ error",
        "───────┼──────",
        "NF4    │   0.5",
        "INT4   │    12",
    ]


FINITE = st.floats(-1e9, 1e9)


@given(st.lists(st.tuples(FINITE, FINITE), max_size=50), st.sampled_from(["line", "scatter", "bar"]))
def test_a_text_plot_takes_any_points(points: list[tuple[float, float]], style: str) -> None:
    series = Series("s", tuple(x for x, _ in points), tuple(y for _, y in points), style)
    assert draw_text_plot(Plot("title", "x", "y", (series,)), 34).plain.startswith("title")


@pytest.mark.parametrize("y", [(1e300, 0.0), (1.0, 1.0 + 1e-13), ()])
def test_axes_are_not_drawn_for_what_their_ticks_cannot_tell_apart(y: tuple[float, ...]) -> None:
    series = Series("s", tuple(map(float, range(len(y)))), y, "line")
    assert not has_axes(Plot("", "", "", (series,)), 80, no_color=False)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (True, "yes"), (0.1 + 0.2, "0.3"), (3.254e-07, "3.254e-07"), (1048576, "1,048,576"), (2.0, "2")],
)
def test_a_figure_reads_as_a_person_would_write_it(value: object, shown: str) -> None:
    assert figure(value) == shown  # type: ignore[arg-type]


def test_infinities_are_written_out() -> None:
    assert figure(math.inf) == "inf"
