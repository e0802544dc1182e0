"""The lab's list: the demos by question, what each claims, and what has been proven here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from prep_app.content.model import DemoLink
from prep_app.lab.catalogue import Demo, catalogue
from prep_app.memory.types import Proof
from prep_app.practice.demo_runs import foresight_so_far
from prep_app.ui import keys, phrases
from prep_app.ui.desk import Desk
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.hanging import Hanging, Row
from prep_app.ui.widgets.key_line import KeyLine
from prep_app.ui.widgets.steady_list import SteadyList

if TYPE_CHECKING:
    from prep_app.ui.app import PrepApp

Proofs = Mapping[tuple[str, str], Proof]
COUNTS_FROM = 44  # columns of the list from which counts stand beside the titles


class LabScreen(ClosesOnce, Screen[None]):
    CSS_PATH = "lab.tcss"
    BINDINGS = keys.LAB
    AUTO_FOCUS = "#demos"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.demos: dict[str, Demo] = {}
        self.proofs: Proofs = {}

    def compose(self) -> ComposeResult:
        with Horizontal(classes="top"):
            yield Static("lab", classes="name", markup=False)
            yield Static(id="tally", classes="said", markup=False)
        with Horizontal(id="body"):
            yield SteadyList(id="demos", markup=False)
            with VerticalScroll(id="about", can_focus=False):
                yield Static(id="summary", markup=False)
                yield Hanging(id="claims")
        yield KeyLine()

    async def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)
        self.demos = await asyncio.to_thread(catalogue)
        await self._look()

    async def on_screen_resume(self) -> None:
        if self.demos:
            await self._look()

    async def _look(self) -> None:
        self.proofs = self.desk.memory.proofs()
        seen = await asyncio.to_thread(foresight_so_far, self.desk.memory)
        if self.gone:
            return
        self.query_one("#tally", Static).update(tally(self.demos, self.proofs, seen.predictions, seen.mean_score))
        self.call_after_refresh(self._list)

    def on_resize(self) -> None:
        if self.demos:
            self.call_after_refresh(self._list)  # once the list knows its new width

    def _list(self) -> None:
        if self.gone:
            return
        options = self.query_one("#demos", OptionList)
        at = options.highlighted
        options.clear_options()
        width = max(20, options.scrollable_content_region.width - 1)
        for question, held in by_question(self.demos).items():
            title = self.desk.library.questions[question].title if question in self.desk.library.questions else ""  # type: ignore[index]
            options.add_option(Option(Content.styled(f"{question}  {title}", f"bold {QUIET}"), disabled=True))
            for name in held:
                line = listed(name, self.demos[name], self.proofs, width)
                options.add_option(Option(line, id=name))
        first = next((i for i in range(options.option_count) if not options.get_option_at_index(i).disabled), None)
        options.highlighted = first if at is None else min(at, options.option_count - 1)

    @on(OptionList.OptionHighlighted)
    def _show(self, message: OptionList.OptionHighlighted) -> None:
        name = message.option.id
        if name in self.demos:
            demo = self.demos[name]
            self.query_one("#summary", Static).update(
                Content.assemble((demo.title, "bold $text-primary"), (f"\n{name}.py\n\n", QUIET), demo.summary, "\n")
            )
            self.query_one("#claims", Hanging).show(claims(name, demo, self.proofs))

    @on(OptionList.OptionSelected)
    def _open(self, message: OptionList.OptionSelected) -> None:
        from prep_app.ui.screens.bench.screen import BenchScreen

        name = message.option.id
        if name in self.demos:
            app = cast("PrepApp", self.app)
            self.app.push_screen(BenchScreen(self.desk, DemoLink(name), self.demos[name], app.lab))

    def action_close(self) -> None:
        self.dismiss()


def by_question(demos: Mapping[str, Demo]) -> dict[str, list[str]]:
    """Each demo under the first question it belongs to."""
    order = sorted({demo.questions[0] for demo in demos.values() if demo.questions}, key=lambda id: (len(id), id))
    return {question: [name for name, demo in demos.items() if demo.questions[:1] == [question]] for question in order}


def standing(name: str, demo: Demo, proofs: Proofs) -> tuple[str, str, str]:
    """How a demo's checks last came out here: a mark, words, a style."""
    known = [proofs[name, check] for check in demo.checks if (name, check) in proofs]
    held = sum(proof.held for proof in known)
    if not known:
        return "○", f"{len(demo.checks)} to check", QUIET
    if held == len(demo.checks):
        return "✓", f"{held} of {len(demo.checks)} hold", "$text-success"
    return "✗", f"{held} of {len(demo.checks)} hold", "$text-error"


def listed(name: str, demo: Demo, proofs: Proofs, width: int) -> Content:
    mark, words, style = standing(name, demo, proofs)
    right = f" {words}" if width >= COUNTS_FROM else ""
    title = Content(demo.title).truncate(max(4, width - 3 - len(right)), ellipsis=True, pad=True)
    return Content.assemble((f" {mark} ", f"bold {style}"), title, (right, QUIET))


def claims(name: str, demo: Demo, proofs: Proofs) -> list[Row]:
    rows: list[Row] = []
    for check, claim in demo.checks.items():
        proof = proofs.get((name, check))
        mark, style = ("○", QUIET) if proof is None else ("✓", "$text-success") if proof.held else ("✗", "$text-error")
        rows.append((Content.styled(f"{mark} ", f"bold {style}"), Content(claim)))
    dials = ", ".join(parameter.name for parameter in demo.parameters)
    rows += [(Content(), Content()), (Content(), Content.styled(f"Turn: {dials}", QUIET))]
    return rows


def tally(demos: Mapping[str, Demo], proofs: Proofs, predictions: int, score: float) -> str:
    checks = [(name, check) for name, demo in demos.items() for check in demo.checks]
    held = sum(proofs[key].held for key in checks if key in proofs)
    foreseen = f" · {phrases.plural(predictions, 'prediction')}, {phrases.percent(score)}" if predictions else ""
    return f"{len(demos)} demos · {held} of {len(checks)} checks held here{foreseen}"
