"""The answer: Markdown, key points to tick, claims with their checks, sources. Hidden until revealed."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from prep_app.answers.asked import Asked
from prep_app.content.body import Recall
from prep_app.content.model import Question, Source
from prep_app.memory.types import Proof
from prep_app.ui.screens.study.claims import Claims
from prep_app.ui.screens.study.key_points import KeyPoints


class Answer(Vertical):
    def __init__(
        self, asked: Asked, question: Question, proofs: Mapping[tuple[str, str], Proof], solution: str = ""
    ) -> None:
        """`solution` is the function as the demo's own program has it, for a code card."""
        super().__init__()
        self.solution = solution
        self.display = False
        self.asked = asked
        card = self.card = asked.card
        self.question = question
        wanted = set(card.claims)
        claims = [claim for claim in question.claims if claim.id in wanted]
        self.claims = Claims(claims, proofs, "Claims you can check (d):")
        self.all_claims = Claims(
            question.claims, proofs, "Every claim of this answer, and its program (l opens the lab):"
        )
        points = card.body.key_points if isinstance(card.body, Recall) else ()
        self.points = KeyPoints(tuple(point.text for point in points)) if points else None
        self.full_shown = False

    def compose(self) -> ComposeResult:
        from prep_app.ui.widgets.prose import Prose

        if self.asked.answer:
            yield Prose(self.asked.answer)
        if self.solution:
            yield Prose(f"The program's own:\n\n```python\n{self.solution}\n```")
        if self.points is not None:
            yield self.points
        yield self.claims
        sources = self.card.sources or self.question.sources
        if sources:
            yield Static(Content("Sources: " + "; ".join(map(cite, sources))), markup=False, id="sources")

    def prove(self, proofs: Mapping[tuple[str, str], Proof]) -> None:
        """Show how the checks came out by now."""
        for claims in (self.claims, self.all_claims):
            claims.prove(proofs)

    async def show_full(self) -> None:
        """Put the question's whole layered answer under the card's own."""
        if self.full_shown:
            return
        self.full_shown = True
        from prep_app.ui.widgets.prose import Prose

        prose = Prose(layered(self.question))
        await self.mount(prose, self.all_claims)
        prose.scroll_visible(top=True, animate=False)


def cite(source: Source) -> str:
    parts = [source.authors, str(source.year or ""), source.title, source.where]
    return ", ".join(part for part in parts if part)


def layered(question: Question) -> str:
    """The question's answer, mistakes and follow-ups as one Markdown text."""
    parts = [f"## {question.id}: {question.ask}", f"**In one sentence.** {question.short}", question.full]
    if question.mistakes:
        parts += ["### Common mistakes", "\n".join(f"- {mistake}" for mistake in question.mistakes)]
    if question.follow_ups:
        parts += ["### Follow-ups"]
        parts += [f"**{follow.ask}**\n\n{follow.answer}" for follow in question.follow_ups]
    return "\n\n".join(parts)
