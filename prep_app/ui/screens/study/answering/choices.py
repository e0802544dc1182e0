"""The options of a choice card: picked before the reveal, explained after it."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from prep_app.answers.asked import Asked
from prep_app.answers.mark import Mark
from prep_app.answers.response import Picked
from prep_app.content.body import Option
from prep_app.ui.screens.study.answering.answering import Answering
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.hanging import Hanging


class OptionLine(Hanging):
    """One option. A click picks it."""

    class Picked(Message):
        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, index: int, option: Option) -> None:
        super().__init__(classes="option")
        self.index = index
        self.option = option

    def draw(self, *, chosen: bool, cursor: bool, revealed: bool) -> None:
        number = f"{self.index + 1}"
        self.set_class(cursor and not revealed, "-cursor")
        if not revealed:
            mark = "●" if chosen else "○"
            self.show([(Content.styled(f"{mark} {number}  ", "bold" if chosen else ""), Content(self.option.text))])
            return
        if self.option.correct:
            mark, word, style = "✓", "right", "bold $text-success"
        elif chosen:
            mark, word, style = "✗", "wrong", "bold $text-error"
        else:
            mark, word, style = "·", "", QUIET
        verdict = f"  {word}{', your choice' if chosen else ''}" if word else ""
        text = Content.assemble((self.option.text, "bold" if self.option.correct else ""), (verdict, style))
        why = Content.styled(self.option.why, QUIET)
        self.show([(Content.styled(f"{mark} {number}  ", style), text), (Content(" " * 5), why)])

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Picked(self.index))


class Choices(Answering):
    """All options of the card, in the order the session shuffled them."""

    INVITATION = "Pick with 1–9, then space reveals the answer"

    def __init__(self, asked: Asked) -> None:
        super().__init__()
        self.options = asked.options
        self.several = sum(option.correct for option in asked.options) > 1
        self.chosen: set[int] = set()
        self.cursor: int | None = None
        self.revealed = False

    def compose(self) -> ComposeResult:
        if self.several:
            yield Static("Several are right.", classes="dim", markup=False)
        for index, option in enumerate(self.options):
            yield OptionLine(index, option)

    def on_mount(self) -> None:
        self._draw()

    def response(self) -> Picked:
        return Picked(frozenset(self.chosen))

    def given(self) -> bool:
        return bool(self.chosen)

    def choose(self, index: int) -> None:
        """Pick option `index`; where several are right, a second press takes it back."""
        if self.revealed or index >= len(self.options):
            return
        if not self.several:
            self.chosen = {index}
        else:
            self.chosen ^= {index}
        self.cursor = index
        self._draw()

    def move(self, step: int) -> None:
        if not self.revealed:
            start = self.cursor if self.cursor is not None else (-1 if step > 0 else len(self.options))
            self.cursor = (start + step) % len(self.options)
            self._draw()

    def toggle(self) -> None:
        if self.cursor is not None:
            self.choose(self.cursor)

    def reveal(self, mark: Mark) -> None:
        self.revealed = True
        self._draw()

    def on_option_line_picked(self, message: OptionLine.Picked) -> None:
        message.stop()
        self.choose(message.index)

    def _draw(self) -> None:
        for line in self.query(OptionLine):
            line.draw(chosen=line.index in self.chosen, cursor=line.index == self.cursor, revealed=self.revealed)
