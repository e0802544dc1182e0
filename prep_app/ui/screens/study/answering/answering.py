"""What Study asks of a widget that takes an answer."""

from __future__ import annotations

from textual.containers import VerticalGroup
from textual.message import Message

from prep_app.answers.mark import Mark
from prep_app.answers.response import Response


class Answering(VerticalGroup):
    """Takes an answer before the reveal; shows how it was marked after it.

    While something in it has the focus, keys go into the answer; escape gives them back to Study.
    """

    INVITATION = ""  # what the bar says before the reveal
    OWN_PROMPT = False  # it shows the prompt itself

    class Changed(Message):
        """The answer changed."""

    class Submitted(Message):
        """The answer is complete: reveal."""

    def response(self) -> Response:
        """The answer as it stands."""
        raise NotImplementedError

    def given(self) -> bool:
        """Whether there is any answer yet; without one no grade is suggested."""
        raise NotImplementedError

    def reveal(self, mark: Mark) -> None:
        """Take no more; show what was right and what was not."""
        raise NotImplementedError

    def enter(self) -> None:
        """Put the cursor where the answer goes, for kinds that are typed or moved."""

    def choose(self, index: int) -> None:
        """The key of option `index` was pressed."""

    def move(self, step: int) -> None:
        """Down or up was pressed while this had not the focus."""

    def toggle(self) -> None:
        """The key that ticks was pressed."""
