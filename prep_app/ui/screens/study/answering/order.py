"""Order cards: steps carried to their places before the reveal, the right order beside theirs after it."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from prep_app.answers.asked import Asked
from prep_app.answers.mark import Mark
from prep_app.answers.order import first_wrong
from prep_app.answers.response import Arranged
from prep_app.ui import keys
from prep_app.ui.screens.study.answering.answering import Answering
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.hanging import Hanging, Row

CHOOSING = "↑↓ choose · enter picks up · shift+↑↓ carry · 1–9 put it there"
CARRYING = "↑↓ carry it · enter puts it down"
LONGEST_QUOTE = 48  # characters of a step that stands elsewhere in full


class StepLine(Hanging):
    """The step that stands at one place. A click says so."""

    class Clicked(Message):
        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def __init__(self, place: int) -> None:
        super().__init__(classes="step")
        self.place = place

    def draw(self, number: str, text: str, *, cursor: bool, carried: bool) -> None:
        self.set_class(cursor, "-cursor")
        self.set_class(carried, "-carried")
        mark = "⇅" if carried else "▸" if cursor else " "
        self.show([(Content.styled(f"{mark} {number}  ", "bold $text-accent" if cursor else QUIET), Content(text))])

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Clicked(self.place))


class OrderSteps(Answering, can_focus=True):
    """All steps of the card, in the order the session shuffled them; the learner's order is `order`."""

    BINDINGS = keys.ORDER
    INVITATION = "Put the steps in order, then space reveals"
    DEFAULT_CSS = """
    OrderSteps {
        .keys { color: $text-muted; margin-top: 1; }
        &:focus .step.-cursor { background: $panel; }
        .step.-carried { text-style: bold; background: $primary 25%; }
        .outcome { display: none; }
        &.-revealed { .step, .keys { display: none; } .outcome { display: block; } }
    }
    """

    def __init__(self, asked: Asked) -> None:
        super().__init__()
        self.texts = tuple(step.text for step in asked.steps)
        self.order = list(range(len(self.texts)))
        self.cursor = 0
        self.carrying = False
        self.moved = False
        self.revealed = False

    def compose(self) -> ComposeResult:
        for place in range(len(self.order)):
            yield StepLine(place)
        yield Static(classes="keys", markup=False)
        yield Hanging(classes="outcome")

    def on_mount(self) -> None:
        self._draw()

    def response(self) -> Arranged:
        return Arranged(tuple(self.order))

    def given(self) -> bool:
        return self.moved

    def enter(self) -> None:
        if not self.revealed:
            self.focus(scroll_visible=False)

    def move(self, step: int) -> None:
        if not self.revealed:
            self.enter()
            self.action_step(step)

    def reveal(self, mark: Mark) -> None:
        self.revealed = True
        self.carrying = False
        self.can_focus = False
        self.add_class("-revealed")
        self.query_one(".outcome", Hanging).show(outcome(mark))

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "pick_up":
                return not self.revealed and not self.carrying
            case "put_down":
                return not self.revealed and self.carrying
            case "step" | "carry" | "place":
                return not self.revealed
        return True

    def action_step(self, step: int) -> None:
        """To the next step or the one before; with one picked up, carry it there."""
        if self.carrying:
            self.action_carry(step)
        else:
            self._go((self.cursor + step) % len(self.order))

    def action_carry(self, step: int) -> None:
        self._put(self.cursor + step)

    def action_place(self, number: int) -> None:
        self._put(number - 1)
        self._hold(False)

    def action_pick_up(self) -> None:
        self._hold(True)

    def action_put_down(self) -> None:
        self._hold(False)

    # Mouse and focus

    def on_step_line_clicked(self, message: StepLine.Clicked) -> None:
        message.stop()
        if self.revealed:
            return
        if self.carrying:
            self._put(message.place)
            self._hold(False)
        else:
            self._go(message.place)

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        if self.is_mounted:
            self._hold(self.carrying and has_focus)

    # What they share

    def _go(self, place: int) -> None:
        self.cursor = place
        self._draw()

    def _put(self, place: int) -> None:
        """Move the step under the cursor to `place`, and the cursor with it; what lies between moves up."""
        if place != self.cursor and 0 <= place < len(self.order):
            self.order.insert(place, self.order.pop(self.cursor))
            self.moved = True
            self._go(place)
            self.post_message(self.Changed())

    def _hold(self, carrying: bool) -> None:
        self.carrying = carrying
        self._draw()
        self.refresh_bindings()

    def _draw(self) -> None:
        width = len(str(len(self.order)))
        for line in self.query(StepLine):
            cursor = self.has_focus and line.place == self.cursor
            text = self.texts[self.order[line.place]]
            line.draw(f"{line.place + 1:>{width}}", text, cursor=cursor, carried=cursor and self.carrying)
            if cursor:
                line.scroll_visible(animate=False)
        self.query_one(".keys", Static).update(Content(CARRYING if self.carrying else CHOOSING))


def outcome(mark: Mark) -> list[Row]:
    """What went wrong first, then the right order: each step ✓ or ✗, what stood there instead, and why."""
    wrong = first_wrong(mark)
    if wrong is None:
        rows = [(Content.styled("✓ ", "bold $text-success"), Content.styled("all in order", "bold $text-success"))]
    else:
        part = mark.parts[wrong]
        said = f"First wrong at {wrong + 1}: you put {quoted(part.said)}; here comes {quoted(part.right)}"
        rows = [(Content.styled("✗ ", "bold $text-error"), Content.styled(said, "$text-error"))]
    width = len(str(len(mark.parts)))
    for number, part in enumerate(mark.parts, 1):
        sign, style = ("✓", "bold $text-success") if part.counts else ("✗", "bold $text-error")
        had = "" if part.counts else f"  you had {quoted(part.said)}"
        text = Content.assemble((part.right, "bold"), (had, "$text-error"))
        rows.append((Content.styled(f"{sign} {number:>{width}}  ", style), text))
        if part.why:
            rows.append((Content(" " * (width + 4)), Content.styled(part.why, QUIET)))
    return rows


def quoted(text: str) -> str:
    return f"“{text}”" if len(text) <= LONGEST_QUOTE else f"“{text[: LONGEST_QUOTE - 1].rstrip()}…”"
