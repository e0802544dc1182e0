"""Text, checks, failures and captured output as styled text. What a demo says is never read as markup."""

from __future__ import annotations

import re

from textual.content import Content

from prep_app.lab.events import Check, Failure, Output, Text
from prep_app.ui.themes import QUIET
from prep_app.ui.widgets.demo_pane.figures import figure
from prep_app.ui.widgets.hanging import hang

Part = str | Content | tuple[str, str]
_HEADING = re.compile(r"#{1,6} +(.*)")
_BULLET = re.compile(r"( *)[-*] +(.*)")
_SPAN = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*|`([^`\n]+)`")


def draw_text(text: Text) -> Content:
    """Markdown's headings, bullets, bold and code; everything else stands as it was written."""
    parts: list[Part] = []
    for number, line in enumerate(text.markdown.strip("\n").split("\n")):
        parts += ["\n"] if number else []
        if heading := _HEADING.fullmatch(line):
            parts += [(part, "bold $text-primary") for part in [_plain(heading[1])]]
        elif bullet := _BULLET.fullmatch(line):
            parts += [f"{bullet[1]}• ", *_spans(bullet[2])]
        else:
            parts += _spans(line)
    return Content.assemble(*parts)


def draw_check(check: Check, width: int) -> Content:
    """One claim: its mark, the word, the claim, and what was measured against what was expected."""
    mark, word, style = ("✓", "holds", "$text-success") if check.passed else ("✗", "fails", "$text-error")
    figures = f" — measured {figure(check.measured)}, expected {figure(check.expected)}"
    return hang(
        Content.styled(f"{mark} {word}  ", f"bold {style}"), Content.assemble(check.claim, (figures, QUIET)), width
    )


def draw_failure(failure: Failure) -> Content:
    return Content.assemble(("✗ error  ", "bold $text-error"), failure.message)


def draw_output(output: Output) -> Content:
    """What the demo printed by itself: dim, behind a bar."""
    lines = output.text.strip("\n").split("\n")
    return Content("\n".join(f"│ {line}" for line in lines)).stylize(QUIET)


OUTPUT_HEADING = Content.styled("output", f"italic {QUIET}")


def _spans(line: str) -> list[Part]:
    parts: list[Part] = []
    end = 0
    for found in _SPAN.finditer(line):
        parts.append(line[end : found.start()])
        parts.append((found[1], "bold") if found[1] is not None else (found[2], "$text-accent"))
        end = found.end()
    return [*parts, line[end:]]


def _plain(line: str) -> str:
    return _SPAN.sub(lambda found: found[1] or found[2], line)
