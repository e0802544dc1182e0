"""What prep knows of one card: its memory, its flags, its reviews."""

from __future__ import annotations

from datetime import datetime

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from prep_app.content.model import Card
from prep_app.memory.days import now
from prep_app.memory.types import New, Rating
from prep_app.ui import keys, phrases
from prep_app.ui.desk import Desk
from prep_app.ui.screens.closes_once import ClosesOnce
from prep_app.ui.widgets.key_line import KeyLine

REVIEWS_SHOWN = 12


class CardInfoScreen(ClosesOnce, ModalScreen[None]):
    CSS_PATH = "../modal.tcss"
    DEFAULT_CLASSES = "modal"
    BINDINGS = keys.CLOSE

    def __init__(self, desk: Desk, card: Card) -> None:
        super().__init__()
        self.desk = desk
        self.card = card

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box"):
            yield Static(Content("\n".join(facts(self.desk, self.card, now()))), markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        keys.remap(self, self.desk.settings.keys)

    def action_close(self) -> None:
        self.dismiss()


def facts(desk: Desk, card: Card, at: int) -> list[str]:
    state = desk.memory.state(card.id, card.revision)
    flags = desk.memory.flags(card.id)
    lines = [
        f"Card        {card.id} (revision {card.revision})",
        f"Question    {card.question} · {card.topic}",
        f"Difficulty  {'▪' * card.difficulty}{'▫' * (3 - card.difficulty)} (1 easy to 3 hard, the author's)",
    ]
    if isinstance(state, New):
        lines.append("Memory      new: never answered")
    else:
        lines += [
            f"Stability   {state.stability:.2f} days until recall falls to 90 %",
            f"FSRS diff.  {state.difficulty:.2f} of 10",
            f"Due         {phrases.away(state.due_ms, at)}",
        ]
    words = [name for name in ("marked", "buried", "suspended") if getattr(flags, name)]
    if words:
        lines.append(f"Flags       {', '.join(words)}")
    reviews = [review for review in desk.memory.reviews() if review.card == card.id]
    lines.append(f"Reviews     {len(reviews)}")
    for review in reviews[-REVIEWS_SHOWN:]:
        when = datetime.fromtimestamp(review.at / 1000).strftime("%Y-%m-%d %H:%M")
        took = "" if review.seconds is None else f"  {review.seconds:.0f} s"
        lines.append(f"  {when}  {Rating(review.rating).name.lower():<6}{took}")
    return lines
