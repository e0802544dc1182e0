"""Where the output has no Unicode, the commands still say all of it."""

from __future__ import annotations

import io

import pytest

from prep_app.plain_letters import speak_plainly


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("ascii", "yes holds: alpha/r <= 1 - naive... ?"),
        ("latin-1", "yes holds: alpha/r <= 1 · naïve... ?"),
        ("utf-8", "✓ holds: α/r ≤ 1 · naïve… 中"),
    ],
)
def test_what_an_encoding_lacks_is_written_in_letters_it_has(encoding: str, told: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    speak_plainly(stream)
    print("✓ holds: α/r ≤ 1 · naïve… 中", end="", file=stream, flush=True)
    assert raw.getvalue().decode(encoding) == told
