"""The list of cards found: question, kind, the first line of the prompt, and how each stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets.option_list import Option

from prep_app.content.body import Kind, Numeric
from prep_app.content.model import Card, CardId
from prep_app.content.variant import in_letters
from prep_app.memory.days import now
from prep_app.memory.types import New
from prep_app.practice.browse import Standing
from prep_app.ui import keys, phrases
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.steady_list import SteadyList

MARKS: Mapping[Kind, str] = {
    "recall": "¶",
    "choice": "◉",
    "cloze": "_",
    "numeric": "#",
    "order": "↕",
    "code": "λ",
    "compare": "≠",
}
STYLES = {"new": "$text-primary", "learning": "$text-warning", "due": "$text-warning"}
NARROWEST = 20  # columns of a row, however little room there is
_FENCE = re.compile(r"^```.*$", re.MULTILINE)


class CardList(SteadyList, inherit_bindings=False):
    """Posts `Left` when the cursor goes up from the first card, and `Chosen` on a double click."""

    BINDINGS = keys.BROWSE_LIST

    class Left(Message):
        pass

    class Chosen(Message):
        pass

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.cards: tuple[Card, ...] = ()
        self.standings: dict[CardId, Standing] = {}

    @property
    def card(self) -> Card | None:
        """The card under the cursor."""
        return None if self.highlighted is None or not self.cards else self.cards[self.highlighted]

    def show(self, cards: Sequence[Card], standings: Mapping[CardId, Standing], *, keep: bool) -> None:
        """List `cards`; with `keep` the cursor stays on its card where that is still there."""
        at = self.card if keep else None
        self.cards, self.standings = tuple(cards), dict(standings)
        self.draw()
        if self.cards:
            places = {card.id: place for place, card in enumerate(self.cards)}
            self.highlighted = places.get(at.id, 0) if at is not None else 0

    def draw(self) -> None:
        """Write every row at the width there is."""
        at = self.highlighted
        rows = Rows(self.cards, self.standings, max(NARROWEST, self.scrollable_content_region.width))
        self.clear_options()
        self.add_options([Option(rows.row(card)) for card in self.cards])
        self.highlighted = at if at is not None and at < len(self.cards) else None

    def change(self, card: Card, standing: Standing) -> None:
        """Show how one card stands now."""
        self.standings[card.id] = standing
        self.draw()

    def action_cursor_up(self) -> None:
        if self.highlighted:
            super().action_cursor_up()
        else:
            self.post_message(self.Left())

    def action_cursor_down(self) -> None:
        if self.highlighted is None or self.highlighted + 1 < len(self.cards):
            super().action_cursor_down()

    def on_click(self, event: events.Click) -> None:
        """A click reads a card; OptionList's own would practise it at once."""
        event.prevent_default()
        index = event.style.meta.get("option")
        if index is not None:
            self.highlighted = index
            if event.chain == 2:
                self.post_message(self.Chosen())


class Rows:
    """Rows of one width, their columns no wider than what stands in them."""

    def __init__(self, cards: Sequence[Card], standings: Mapping[CardId, Standing], width: int) -> None:
        self.width = width
        self.question = max((len(card.question) for card in cards), default=0)
        self.said = {card: said(standing) for card, standing in standings.items()}
        self.standing = max((len(word) for word, _ in self.said.values()), default=0)

    def row(self, card: Card) -> Content:
        word, style = self.said[card.id]
        left = Content.assemble(
            (f"{card.question:<{self.question}} ", QUIET), (f"{MARKS[card.body.kind]} ", "$text-accent")
        )
        room = max(4, self.width - left.cell_length - self.standing - 1)
        prompt = Content(first_line(card)).truncate(room, ellipsis=True, pad=True)
        return Content.assemble(left, prompt, (f" {word:>{self.standing}}", style))


def said(standing: Standing) -> tuple[str, str]:
    """How a card stands, in a word or as the time until it is due; and the style of that."""
    memory, star = standing.memory, "★ " if standing.marked else ""
    if standing.state == "known" and not isinstance(memory, New):
        return star + phrases.interval(memory.due_ms - now()), QUIET
    return star + standing.state, STYLES.get(standing.state, QUIET)


def first_line(card: Card) -> str:
    """The beginning of the prompt; where numbers are drawn, the names of the numbers."""
    prompt = in_letters(card.prompt) if isinstance(card.body, Numeric) else card.prompt
    return next((line.strip() for line in _FENCE.sub("", prompt).splitlines() if line.strip()), "")
