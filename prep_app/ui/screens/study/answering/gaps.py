"""Cloze and numeric cards: lines to type into, the sentence filling as they are typed."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from prep_app.answers.asked import Asked
from prep_app.answers.mark import Mark
from prep_app.answers.response import Typed
from prep_app.content.body import GAP, Cloze, Numeric
from prep_app.ui import keys
from prep_app.ui.screens.study.answering.answering import Answering
from prep_app.ui.screens.study.answering.entry import VERDICTS, Entry


class TypedAnswer(Answering):
    """Some lines to type into; enter goes to the next, and from the last reveals."""

    BINDINGS = keys.TYPING
    INVITATION = "Type the answer; enter reveals it"

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self.revealed = False

    def response(self) -> Typed:
        return Typed(tuple(entry.text for entry in self.entries))

    def given(self) -> bool:
        return any(entry.text.strip() for entry in self.entries)

    def enter(self) -> None:
        if not self.revealed:
            empty = (entry for entry in self.entries if not entry.text)
            next(empty, self.entries[0]).line.focus()

    def reveal(self, mark: Mark) -> None:
        self.revealed = True
        for entry, part in zip(self.entries, mark.parts, strict=True):
            entry.show(part)

    def action_leave(self) -> None:
        self.screen.set_focus(None)

    def action_step(self, step: int) -> None:
        """To the next or the previous line."""
        at = next((index for index, entry in enumerate(self.entries) if entry.line.has_focus), 0)
        self.entries[(at + step) % len(self.entries)].line.focus()

    @on(Input.Changed)
    def _changed(self, message: Input.Changed) -> None:
        message.stop()
        self.post_message(self.Changed())

    @on(Input.Submitted)
    def _next_or_done(self, message: Input.Submitted) -> None:
        message.stop()
        if message.input is self.entries[-1].line:
            self.post_message(self.Submitted())
        else:
            self.action_step(1)


class ClozeGaps(TypedAnswer):
    """The sentence with its gaps, and a line for each."""

    OWN_PROMPT = True

    def __init__(self, asked: Asked) -> None:
        super().__init__()
        body = asked.card.body
        assert isinstance(body, Cloze)
        self.pieces = asked.prompt.split(GAP)
        several = len(body.gaps) > 1
        self.entries = [Entry(f"{index}  " if several else "") for index, _ in enumerate(body.gaps, 1)]
        self.sentence = Static(markup=False, classes="sentence")

    def compose(self) -> ComposeResult:
        yield self.sentence
        yield from self.entries

    def on_mount(self) -> None:
        self._fill(None)

    @on(Answering.Changed)
    def _typed(self) -> None:
        if not self.revealed:
            self._fill(None)

    def reveal(self, mark: Mark) -> None:
        super().reveal(mark)
        self._fill(mark)

    def _fill(self, mark: Mark | None) -> None:
        parts: list[tuple[str, str]] = [(self.pieces[0], "bold")]
        for index, piece in enumerate(self.pieces[1:]):
            if mark is not None:
                part = mark.parts[index]
                parts.append((part.right, f"underline {VERDICTS[part.verdict][1]}"))
            else:
                number = f"{index + 1}:" if len(self.entries) > 1 else ""
                text = self.entries[index].text.strip() if self.entries else ""
                parts.append((text or f"{number}______", "bold underline $text-accent"))
            parts.append((piece, "bold"))
        self.sentence.update(Content.assemble(*parts))


class NumberLine(TypedAnswer):
    """A line for a number, its unit behind it."""

    INVITATION = "Type a number (16.8M and 1e7 are read); enter reveals"

    def __init__(self, asked: Asked) -> None:
        super().__init__()
        body = asked.card.body
        assert isinstance(body, Numeric)
        self.entries = [Entry("= ", body.unit)]

    def compose(self) -> ComposeResult:
        yield from self.entries
