"""Compare cards: a table with blanks to type into."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import HorizontalGroup
from textual.content import Content
from textual.widgets import Static

from prep_app.answers.asked import Asked
from prep_app.content.body import Compare
from prep_app.ui.screens.study.answering.entry import Entry
from prep_app.ui.screens.study.answering.gaps import TypedAnswer


class CompareTable(TypedAnswer):
    """Aspects down, columns across; given cells as text, blanks as lines."""

    INVITATION = "Fill the blanks (tab moves on); enter reveals"
    DEFAULT_CSS = """
    CompareTable {
        HorizontalGroup { margin-bottom: 1; }
        HorizontalGroup > * { width: 1fr; height: auto; margin-right: 1; }
        .head { text-style: bold; color: $text-primary; }
        .aspect { color: $text-muted; }
        Entry Line { max-width: 100%; }
    }
    """

    def __init__(self, asked: Asked) -> None:
        super().__init__()
        body = asked.card.body
        assert isinstance(body, Compare)
        self.body = body
        self.entries = [Entry(placeholder="…") for _ in body.gaps]

    def compose(self) -> ComposeResult:
        entries = iter(self.entries)
        with HorizontalGroup():
            for heading in ("", *self.body.columns):
                yield Static(Content(heading), classes="head", markup=False)
        for row in self.body.rows:
            with HorizontalGroup():
                yield Static(Content(row.aspect), classes="aspect", markup=False)
                for cell in row.cells:
                    yield Static(Content(cell), markup=False) if isinstance(cell, str) else next(entries)
