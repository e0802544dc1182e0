"""Packs broken in several places at once: every fault is told, at its line; everything else stays usable."""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from prep_app.content.library import builtin_folders, load_library
from prep_app.content.model import Library
from prep_app.content.report import show
from prep_app.text import printable

PACKS = 50
MUTATIONS = int(os.environ.get("PREP_MUTATIONS", "400"))  # `make thorough` makes 10 000
BUILTIN = builtin_folders()[0]
Break = Callable[[str], str | None]


def spoil(pattern: str, put: str) -> Break:
    """What stands in a line instead of what; None for a line that it does not fit."""
    found = re.compile(pattern)
    return lambda line: found.sub(put, line, count=1) if found.search(line) else None


BREAKS: dict[str, Break] = {
    "a misspelt key": spoil(r"^    prompt:", "    promtp:"),
    "a misspelt topic": spoil(r"^    topic:", "    topik:"),
    "an unknown kind": spoil(r"^    kind: \w+$", "    kind: essay"),
    "a difficulty out of range": spoil(r"^    difficulty: \d$", "    difficulty: 9"),
    "an unknown demo": spoil(r"^    demo: \{name: (\w+)(.*)\}$", r"    demo: {name: \1x\2}"),
    "an unknown claim": spoil(r"^    claims: \[[\w-]+", "    claims: [no-such-claim"),
    "an unknown prerequisite": spoil(r"^    needs: \[[\w-]+", "    needs: [no-such-card"),
    "a broken formula": spoil(r"^    formula: .*$", '    formula: "2 * ("'),
    "an unknown name in a formula": spoil(r"^    formula: .*$", '    formula: "2 * nothing"'),
    "code for a formula": spoil(r"^    formula: .*$", "    formula: \"__import__('os').getpid()\""),
    "a strange tolerance": spoil(r"^    tolerance: .*$", "    tolerance: about 1"),
    "an unknown function": spoil(r"^    function: .*$", "    function: nothing_here"),
    "an unknown slip": spoil(r"^    mistake: .*$", "    mistake: nothing_here"),
    "an id with a space": spoil(r"^  - id: ([\w-]+)$", r"  - id: \1 again"),
    "a list for a text": spoil(r"^    topic: .*$", "    topic: [a, b]"),
}


@pytest.fixture(scope="module")
def whole() -> Library:
    return load_library([BUILTIN])


def card_at(lines: list[str], number: int) -> str:
    """The id of the card that line `number` belongs to."""
    return next(found[1] for line in reversed(lines[: number + 1]) if (found := re.match(r"  - id: ([\w-]+)", line)))


@pytest.mark.parametrize("seed", range(PACKS))
def test_every_fault_is_told_at_its_line_and_only_its_card_is_lost(tmp_path: Path, whole: Library, seed: int) -> None:
    source = random.Random(seed)
    file = source.choice(sorted(BUILTIN.glob("*[0-9]_*.yaml")))
    lines = file.read_text().split("\n")
    start = lines.index("cards:")
    broken: dict[int, str] = {}
    hurt: dict[str, str] = {}
    for name in source.sample(sorted(BREAKS), source.randint(2, 5)):
        fits = [
            number
            for number in range(start, len(lines))
            if BREAKS[name](lines[number]) not in (None, lines[number]) and card_at(lines, number) not in hurt
        ]
        if fits:
            number = source.choice(fits)
            hurt[card_at(lines, number)] = name
            lines[number] = BREAKS[name](lines[number]) or ""
            broken[number + 1] = name
    assert len(broken) >= 2
    shutil.copy(BUILTIN / "pack.yaml", tmp_path)
    (tmp_path / file.name).write_text("\n".join(lines))
    spoilt = load_library([tmp_path])
    (question,) = spoilt.questions.values()
    # Others may need a card whose id is spoilt: that is told where they say so.
    told = [one for one in spoilt.problems if one.line in broken or "is no card of this pack" not in one.message]
    assert {problem.line for problem in told} == broken.keys(), [str(problem) for problem in told]
    assert {problem.file.name for problem in told} == {file.name}
    kept = {card for card, name in hurt.items() if name == "an unknown prerequisite"}  # it can be asked without
    of_the_file = {card.id for card in whole.questions[question.id].cards}
    assert of_the_file - spoilt.cards.keys() == hurt.keys() - kept


def test_random_bytes_put_into_the_packs_never_raise(whole: Library) -> None:
    from prep_app.content.folder import Held, Snapshot
    from prep_app.content.library import _compiled

    source = random.Random(20261124)
    files = {path: path.read_bytes() for path in sorted(BUILTIN.glob("*.yaml"))}
    small = Path(__file__).parent / "every_kind.yaml"
    for number in range(MUTATIONS):
        # Most on a small file, for speed; every tenth on the real ones.
        path = source.choice(list(files)) if number % 10 == 0 else small
        raw = bytearray(files.get(path) or small.read_bytes())
        for _ in range(source.randint(1, 4)):
            at = source.randrange(len(raw))
            match source.randrange(4):
                case 0:
                    raw[at] = source.randrange(256)
                case 1:
                    del raw[at : at + source.randint(1, 40)]
                case 2:
                    raw[at:at] = source.randbytes(source.randint(1, 8))
                case 3:
                    other = source.randrange(len(raw))
                    raw[at:at] = raw[other : other + source.randint(1, 60)]
        held = [Held(path, bytes(raw))]
        if path.name != "pack.yaml":
            held.append(Held(path.parent / "pack.yaml", b"id: p\ntitle: P\n"))
        library = _compiled([Snapshot(path.parent, tuple(held))])
        for problem in library.problems:
            assert problem.line >= 1
            assert problem.column >= 1
            assert printable(problem.message) == problem.message
            show(problem).encode()
