"""One card as it stands in its pack: prompt, answer, what is right, and how well it is known."""

from __future__ import annotations

import re

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Markdown, Static

from prep_app.answers.asked import Asked
from prep_app.content.model import Card, DemoLink
from prep_app.memory.days import now
from prep_app.memory.types import New
from prep_app.practice.browse import Standing
from prep_app.ui import phrases
from prep_app.ui.screens.browse.card_list import MARKS, STYLES
from prep_app.ui.screens.browse.right import example, right
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.hanging import Hanging

PAUSE = 0.15  # seconds on one card before its Markdown is laid out, which takes longer than a key may
FENCE_LINE = re.compile(r"^```.*\n?", re.MULTILINE)
NARROW = 72  # columns below which the answer stays plain text


class Preview(VerticalScroll, can_focus=False):
    def __init__(self) -> None:
        super().__init__()
        self._asked: Asked | None = None
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="name", markup=False)
        yield Static(id="prompt", markup=False)
        yield Static(id="plain", markup=False)
        yield Hanging(id="right")

    def show(self, card: Card, standing: Standing, demo: DemoLink | None) -> None:
        """Show a card: its words at once, its Markdown when the cursor rests on it."""
        if self._asked is None or self._asked.card is not card:
            self._asked = asked = example(card)
            self.remove_class("-prose")
            self.query_one("#prompt", Static).update(Content(FENCE_LINE.sub("", asked.prompt)))
            plain = self.query_one("#plain", Static)
            plain.set_class(not asked.answer, "-empty")
            plain.update(Content(asked.answer))
            self.query_one("#right", Hanging).show(list(right(asked)))
            self.scroll_home(animate=False)
            self._rest()
        self.query_one("#name", Static).update(name(card, standing, demo))

    def clear(self) -> None:
        self._asked = None
        self.remove_class("-prose")
        for part in ("#name", "#prompt", "#plain"):
            self.query_one(part, Static).update(Content())
        self.query_one("#right", Hanging).show([])

    def page(self, step: int) -> None:
        self.scroll_relative(y=step * max(1, self.size.height - 2), animate=False)

    def on_resize(self) -> None:
        if self.has_class("-prose") == (self.app.size.width < NARROW):
            self.remove_class("-prose")
            self._rest()

    def _rest(self) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, lambda: self.run_worker(self._lay_out(), exclusive=True))

    async def _lay_out(self) -> None:
        asked = self._asked
        if asked is None or self.app.size.width < NARROW:
            return
        # A prompt is plain text but where it holds a program or a table.
        fenced = FENCE_LINE.search(asked.prompt) is not None
        text = f"{asked.prompt}\n\n---\n\n{asked.answer}" if fenced else asked.answer
        if not text:
            return
        from prep_app.ui.widgets.prose import Prose

        held = self.query(Markdown)
        if held:
            await held.first().update(text)
        else:
            await self.mount(Prose(text), before="#right")
        if self._asked is asked:
            self.set_class(fenced, "-fenced")
            self.add_class("-prose")


def name(card: Card, standing: Standing, demo: DemoLink | None) -> Content:
    """What a card is, how well it is known, and what proves it."""
    kind = card.body.kind
    about = [card.question, card.topic, *(f"#{tag}" for tag in card.tags)]
    proof = f" · demo {demo.name} (d)" if demo is not None else ""
    return Content.assemble(
        (f"{MARKS[kind]} {kind}  ", "$text-accent"),
        (card.id, "bold $text-primary"),
        (f" · {' · '.join(part for part in about if part)}\n", QUIET),
        known(standing),
        (proof, QUIET),
    )


def known(standing: Standing) -> Content:
    memory, state = standing.memory, standing.state
    style = STYLES.get(state, QUIET)
    if isinstance(memory, New):
        parts = [state, "never answered"]
    else:
        due = f"due {phrases.away(memory.due_ms, now())}"
        parts = [*([state] if state in ("learning", "suspended", "buried") else []), due]
        parts += [f"stability {memory.stability:.1f} d", phrases.plural(memory.reviews, "review")]
        parts.append(phrases.plural(memory.lapses, "lapse"))
    parts += ["★ marked"] * standing.marked + ["leech"] * standing.leech
    return Content.styled(" · ".join(parts), style)
