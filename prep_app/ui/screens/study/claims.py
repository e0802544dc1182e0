"""The answer's claims, each beside the check that proves it and how it last came out here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from prep_app.content.model import Claim
from prep_app.memory.types import Proof
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.hanging import Hanging


class Claims(Hanging):
    """✓ checked here, ✗ failed here, ○ not run yet; always with the word."""

    def __init__(self, claims: Sequence[Claim], proofs: Mapping[tuple[str, str], Proof], heading: str) -> None:
        super().__init__()
        self.claims = tuple(claims)
        self.heading = heading
        self.proofs = proofs

    def on_mount(self) -> None:
        self._draw()

    def prove(self, proofs: Mapping[tuple[str, str], Proof]) -> None:
        """Show how the checks came out by now."""
        self.proofs = proofs
        self._draw()

    def _draw(self) -> None:
        if not self.claims:
            self.display = False
            return
        rows = [(Content(), Content.styled(self.heading, QUIET))]
        for claim in self.claims:
            proof = self.proofs.get((claim.demo, claim.check))
            if proof is None:
                mark, word, style = "○", f"not run yet: {claim.demo}", QUIET
            else:
                mark, style = ("✓", "$text-success") if proof.held else ("✗", "$text-error")
                word = f"{'checked' if proof.held else 'failed'} on this machine{where(proof)}: {claim.demo}"
            text = Content.assemble(claim.text, (f"  ({word})", style))
            rows.append((Content.styled(f" {mark}  ", f"bold {style}"), text))
        self.show(rows)


def where(proof: Proof) -> str:
    """On which device a proof ran, and how long its demo took; nothing for proofs kept before that was noted."""
    if not proof.device:
        return ""
    took = f"{proof.seconds * 1000:.0f} ms" if proof.seconds < 1 else f"{proof.seconds:.1f} s"
    return f", {proof.device}, {took}"
