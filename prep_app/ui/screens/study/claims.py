"""The answer's claims, each beside the check that proves it and how it last came out here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content
from textual.widgets import Static

from prep_app.content.model import Claim


class Claims(Static):
    """✓ held here, ✗ did not, ○ not run yet; always with the word."""

    def __init__(self, claims: Sequence[Claim], proven: Mapping[tuple[str, str], bool]) -> None:
        super().__init__(markup=False, id="claims")
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
        parts: list[str | Content | tuple[str, str]] = [("Claims you can check (d):", "$foreground 60%")]
        for claim in self.claims:
            outcome = self.proven.get((claim.demo, claim.check))
            if outcome is None:
                mark, word, style = "○", f"not run yet: {claim.demo}", "$foreground 60%"
            elif outcome:
                mark, word, style = "✓", f"held here: {claim.demo}", "$text-success"
            else:
                mark, word, style = "✗", f"failed here: {claim.demo}", "$text-error"
            parts += [(f"\n {mark} ", f"bold {style}"), claim.text, (f"  ({word})", style)]
        self.update(Content.assemble(*parts))
