"""The answer's claims, each beside the check that proves it and how it last came out here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from prep_app.content.model import Claim
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.hanging import Hanging


class Claims(Hanging):
    """✓ held here, ✗ did not, ○ not run yet; always with the word."""

    def __init__(self, claims: Sequence[Claim], proven: Mapping[tuple[str, str], bool]) -> None:
        super().__init__(id="claims")
        self.claims = tuple(claims)
        self.proven = dict(proven)

    def on_mount(self) -> None:
        self._draw()

    def prove(self, demo: str, checks: Mapping[str, bool]) -> None:
        self.proven.update({(demo, check): passed for check, passed in checks.items()})
        self._draw()

    def _draw(self) -> None:
        if not self.claims:
            self.display = False
            return
        rows = [(Content(), Content.styled("Claims you can check (d):", QUIET))]
        for claim in self.claims:
            outcome = self.proven.get((claim.demo, claim.check))
            if outcome is None:
                mark, word, style = "○", f"not run yet: {claim.demo}", QUIET
            elif outcome:
                mark, word, style = "✓", f"held here: {claim.demo}", "$text-success"
            else:
                mark, word, style = "✗", f"failed here: {claim.demo}", "$text-error"
            text = Content.assemble(claim.text, (f"  ({word})", style))
            rows.append((Content.styled(f" {mark}  ", f"bold {style}"), text))
        self.show(rows)
