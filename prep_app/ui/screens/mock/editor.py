"""Where an answer is given in an interview: Study's own widgets, but code is not judged until later."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from prep_app.answers.asked import Asked
from prep_app.answers.response import Response
from prep_app.lab.judge import Verdict
from prep_app.ui.screens.study.answering.answering import Answering
from prep_app.ui.screens.study.answering.code import CodeEditor
from prep_app.ui.screens.study.answering.kinds import answering
from prep_app.ui.screens.study.answering.spoken import Spoken
from prep_app.ui.screens.study.code_card import to_mend
from prep_app.ui.widgets.hanging import Hanging

KEYS = "ctrl+z undoes · ctrl+t starts over · escape leaves; it is run after the interview"
NOTES = "Notes, as you would say it; escape, then space when done"
INVITATIONS = {
    "recall": "Say it aloud, or type notes (t); space when done",
    "choice": "Pick with 1–9; space when done",
    "order": "Put the steps in order; space when done",
    "code": "Edit it; escape, then space when done",
}
TYPED = "Type the answer; enter when done"


class SilentEditor(CodeEditor):
    """Takes the code and says nothing about it."""

    def __init__(self, asked: Asked, start: str) -> None:
        super().__init__(asked, start, never)

    def compose(self) -> ComposeResult:
        yield self.area
        yield Static(Content(KEYS), classes="keys", markup=False)
        yield Hanging(classes="verdict")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action not in ("run", "cancel")

    def given(self) -> bool:
        return self.area.text.strip() != self.start.strip()


async def never(text: str) -> Verdict:
    raise AssertionError("nothing is run during an interview")


async def widget_for(asked: Asked) -> Answering:
    """Where this question is answered."""
    if asked.card.body.kind == "code":
        return SilentEditor(asked, await to_mend(asked.card))
    return answering(asked, "", never)


def invitation(asked: Asked) -> str:
    return INVITATIONS.get(asked.card.body.kind, TYPED)


async def take_notes(widget: Spoken) -> None:
    await widget.type()
    if widget.area is not None:
        widget.area.placeholder = NOTES


def typed(widget: Answering) -> str:
    """Notes, or code."""
    area = widget.area if isinstance(widget, Spoken | CodeEditor) else None
    return area.text if area is not None else ""


def response(widget: Answering) -> Response | None:
    """The answer, but for code, which is still to be run."""
    return None if isinstance(widget, SilentEditor) else widget.response()
