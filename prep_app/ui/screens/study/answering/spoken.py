"""Recall cards: said aloud, or typed; what was typed ticks the key points it makes."""

from __future__ import annotations

from textual.app import ComposeResult

from prep_app.answers.asked import Asked
from prep_app.answers.mark import Mark
from prep_app.answers.recall import heard
from prep_app.answers.response import Picked
from prep_app.content.body import Recall
from prep_app.ui import keys
from prep_app.ui.screens.study.answering.answering import Answering
from prep_app.ui.widgets.text_box import TextBox


class Spoken(Answering):
    """Nothing to see until the learner wants to type."""

    BINDINGS = keys.TYPING
    INVITATION = "Say it aloud, or type it (t); space reveals the answer"
    DEFAULT_CSS = """
    Spoken TextBox { height: auto; min-height: 3; max-height: 10; display: none; }
    Spoken.-typing TextBox { display: block; }
    """

    def __init__(self, asked: Asked) -> None:
        super().__init__()
        assert isinstance(asked.card.body, Recall)
        self.points = asked.card.body.key_points
        self.area: TextBox | None = None

    def compose(self) -> ComposeResult:
        return iter(())

    def response(self) -> Picked:
        return Picked(heard(self.points, self.area.text) if self.area is not None else frozenset())

    def given(self) -> bool:
        return self.area is not None and bool(self.area.text.strip())

    async def type(self) -> None:
        """Open the box to type into."""
        if self.area is None:
            self.area = TextBox(compact=True, placeholder="Type what you would say; escape, then space reveals")
            await self.mount(self.area)
            self.add_class("-typing")
        self.area.focus()

    def reveal(self, mark: Mark) -> None:
        if self.area is not None:
            self.area.read_only = True
            self.area.can_focus = False

    def action_leave(self) -> None:
        self.screen.set_focus(None)

    def action_step(self, step: int) -> None:
        self.action_leave()
