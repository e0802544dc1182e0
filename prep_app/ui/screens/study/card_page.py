"""The card in hand: its question, where it is answered, and the answer once it is revealed."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from textual._styles_cache import StylesCache

from prep_app.answers.asked import Asked
from prep_app.answers.mark import Mark
from prep_app.answers.response import Picked, Response
from prep_app.content.model import Question
from prep_app.memory.types import Proof
from prep_app.ui import keys
from prep_app.ui.screens.study.answer import Answer
from prep_app.ui.screens.study.answering.answering import Answering
from prep_app.ui.screens.study.answering.kinds import answering
from prep_app.ui.screens.study.answering.spoken import Spoken
from prep_app.ui.screens.study.code_card import solution, to_mend
from prep_app.ui.screens.study.key_points import KeyPoints
from prep_app.ui.screens.study.page import Page

if TYPE_CHECKING:
    from prep_app.lab.judge import Verdict


class CardPage(Page):
    """`take` a card, `show` its question, `prepare` the answer behind it, `reveal` it."""

    def __init__(self) -> None:
        super().__init__(id="page")
        self.asked: Asked | None = None
        self.answering: Answering | None = None
        self.answer: Answer | None = None
        self.revealed = False
        self._solution = ""  # of a code card

    async def take(
        self, asked: Asked, judge: Callable[[str], Awaitable[Verdict]], wanted_keys: Mapping[str, str]
    ) -> None:
        """Read what the card needs; nothing is drawn yet. `judge` runs a function that the learner wrote."""
        self._solution = await solution(asked.card)
        self.answering = answering(asked, await to_mend(asked.card), judge)
        keys.remap(self.answering, wanted_keys)
        self.asked, self.answer, self.revealed = asked, None, False

    async def show(self) -> None:
        if self.asked is not None and self.answering is not None:
            await self.ask(self.asked.prompt, self.answering)

    async def prepare(self, question: Question, proofs: Mapping[tuple[str, str], Proof]) -> Answer | None:
        """Lay the answer out behind the question while it is being read, so that the reveal is instant."""
        if self.answer is None and self.asked is not None:
            self.answer = Answer(self.asked, question, proofs, self._solution)
            await self.mount(self.answer)
            # Textual keeps the lines of up to 1,024 removed widgets in this cache, for the collector to wade through.
            StylesCache.get_inner_outer.cache_clear()
            gc.collect()  # now, while the question is being read, rather than between a key and its frame
        return self.answer

    def reveal(self, mark: Callable[[Response], Mark]) -> None:
        """Show the prepared answer, and how what was answered is marked; what was typed ticks the points it makes."""
        if self.answer is None or self.answering is None:
            return
        response = self.answering.response()
        self.answering.reveal(mark(response))
        if self.points is not None and isinstance(response, Picked):
            self.points.tick_all(response.indices)
        self.revealed = True
        self.answer.display = True

    # What was answered

    @property
    def points(self) -> KeyPoints | None:
        """A recall card's points to tick, once the answer is there."""
        return self.answer.points if self.answer is not None else None

    def given(self) -> bool:
        """Whether there is an answer to suggest a grade from."""
        if self.points is not None:
            return bool(self.points.ticked)
        return self.answering is not None and self.answering.given()

    def response(self) -> Response:
        """What was answered; for a recall card the points ticked, once there are any to tick."""
        if self.revealed and self.points is not None:
            return Picked(frozenset(self.points.ticked))
        assert self.answering is not None
        return self.answering.response()

    # Keys

    def choose(self, number: int) -> None:
        if self.answering is not None:
            self.answering.choose(number - 1)

    async def type(self) -> None:
        if isinstance(self.answering, Spoken):
            await self.answering.type()
        elif self.answering is not None:
            self.answering.enter()

    def step(self, by: int) -> None:
        """Down or up: among points or options, or through the text where there are none."""
        if self.revealed and self.points is not None:
            self.points.move(by)
        elif not self.revealed and self.answering is not None and self.asked is not None and self.asked.options:
            self.answering.move(by)
        else:
            self.scroll_relative(y=by, animate=False)

    def tick(self) -> None:
        if not self.revealed and self.answering is not None:
            self.answering.toggle()
        elif self.points is not None:
            self.points.tick()

    def turn(self, by: int) -> None:
        """A page down or up."""
        self.scroll_relative(y=by * max(1, self.size.height - 2), animate=False)
