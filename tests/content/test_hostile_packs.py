"""Whatever the bytes of a pack, reading it ends in a library and in problems that point into the file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from good_pack import HEAD, PROGRAMS, QUESTION
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prep_app.content.folder import Held, Snapshot
from prep_app.content.loader import Taken, load_pack
from prep_app.content.model import Problem
from prep_app.content.report import show
from prep_app.content.yaml_text import BREAK
from prep_app.text import printable

# Pieces that mean something to YAML, to the loader, or to a terminal.
PIECES = [
    "\n", "  ", "\t", "- ", ": ", "? ", "[", "]", "{", "}", ",", "&a ", "*a", "|", ">", "'", '"', "#", "!!map ", "!x ",
    "%", "@", "`", "<<: ", "=", "---\n", "...\n", "~", "no", "1e-4", "1:30", ".nan", ".inf", "-0", "0x", "\\", "\x1b[31m",
    "\x00", "\x85", "\u2028", "\ufeff", "\u202e", "名", "😀", "id", "kind", "cards:", "options:", "choice", "\r", "\r\n",
    "{id: {id: [", "!!binary x", "claims", "answer:", "parameters: {int: 1}",
]  # fmt: skip
SPOT = st.floats(0, 1)


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A good question with a few pieces put in, taken out or moved about."""
    text = QUESTION
    for _ in range(draw(st.integers(1, 6))):
        start = int(draw(SPOT) * len(text))
        end = min(len(text), start + draw(st.integers(0, 30)))
        piece = draw(st.sampled_from(PIECES) | st.just(text[end : end + 20]) | st.text(max_size=3))
        text = text[:start] + piece + text[end:]
    return text.encode("utf-8", "surrogatepass")


def held(question: bytes, head: bytes = HEAD.encode()) -> Snapshot:
    folder = Path(tempfile.gettempdir())
    return Snapshot(folder, (Held(folder / "pack.yaml", head), Held(folder / "q1.yaml", question)))


def points_into(problem: Problem, raw: bytes) -> bool:
    lines = BREAK.split(raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))
    return 1 <= problem.line <= len(lines) and 1 <= problem.column <= len(lines[problem.line - 1]) + 1


def is_fit_to_print(text: str) -> bool:
    return text == printable(text) and "\n" not in text and text.strip() != ""


def judge(question: bytes) -> None:
    pack, problems = load_pack(held(question), PROGRAMS, Taken())
    assert pack is not None
    for problem in problems:
        assert points_into(problem, question), problem
        assert is_fit_to_print(problem.message)
        show(problem).encode()
    kept = [card for one in pack.questions for card in one.cards]
    assert problems or kept
    for question_kept in pack.questions:
        claims = {claim.id for claim in question_kept.claims}
        for card in question_kept.cards:
            assert set(card.claims) <= claims
            assert card.question == question_kept.id
            assert printable(card.prompt) == card.prompt != ""


@settings(max_examples=400, deadline=None)
@given(spoilt())
def test_a_spoilt_pack_is_read_as_far_as_it_goes(question: bytes) -> None:
    judge(question)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=30).map("".join).map(str.encode))
@example(b"\xef\xbb\xbf\xff")
@example(b"a: 1\r\xff")
@example(b"cards: [[]]")
@example(b"? id")
@example(b"id: !!null Q")
def test_any_bytes_at_all_are_read_as_far_as_they_go(question: bytes) -> None:
    _, problems = load_pack(held(question), PROGRAMS, Taken())
    assert problems
    assert all(points_into(problem, question) and is_fit_to_print(problem.message) for problem in problems)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_as_pack_yaml_leave_the_questions_to_be_checked(head: bytes) -> None:
    pack, problems = load_pack(held(b"id: [", head), PROGRAMS, Taken())
    assert pack is None
    assert {problem.file.name for problem in problems} == {"pack.yaml", "q1.yaml"}
