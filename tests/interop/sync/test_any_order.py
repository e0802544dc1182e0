"""A journal is a set: in whatever order its entries arrive, they come to the same."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from prep_app.content.model import CardId
from prep_app.memory.journal import NewRow
from prep_app.memory.journal_file import entry_id
from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.settings import Settings

DAY = 86_400_000
CARDS = ("a", "b")
FIRST = (entry_id(0, "mark", "c", "{}"), 0, "mark", "c", "{}")


@st.composite
def journals(draw: st.DrawFn) -> list[NewRow]:
    """What several machines wrote, clocks off: undos may be earlier than what they take back."""
    rows: list[NewRow] = []
    for _ in range(draw(st.integers(2, 8))):
        kind = draw(st.sampled_from(["review", "review", "review", "undo", "reset", "bury", "mark", "suspend"]))
        card = draw(st.sampled_from(CARDS))
        data = "{}"
        if kind == "review":
            data = f'{{"rating": {draw(st.integers(1, 4))}, "revision": {draw(st.integers(1, 2))}, "offset": 0}}'
        elif kind == "undo":
            taken_back = draw(st.sampled_from([row for row in rows if row[3] == card] or [None]))
            if taken_back is None:
                continue
            data = f'{{"undone": "{taken_back[0]}"}}'
        at = draw(st.integers(0, 20)) * DAY
        rows.append((entry_id(at, kind, card, data), at, kind, card, data))
    return rows


def cards(memory: Memory) -> list[object]:
    named = [CardId(card) for card in CARDS]
    return [(memory.state(card), memory.state(card, 2), memory.flags(card), memory.answers(card)) for card in named]


@settings(max_examples=25, deadline=None)
@given(journals(), st.data())
def test_entries_in_any_order_and_in_any_parts_come_to_the_same(rows: list[NewRow], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    rows = [FIRST, *rows]  # so that what comes next is folded entry by entry
    with tempfile.TemporaryDirectory() as folder:
        homes = [Home(Path(folder, name)) for name in ("all", "parts")]
        for home in homes:
            home.root.mkdir()
        whole, parts = (Memory.open(home, Settings()) for home in homes)
        whole.add(rows)
        for part in ([FIRST], shuffled[:cut], shuffled[cut:], rows):  # and all of it once more, which changes nothing
            parts.add(part)
        expected = cards(whole)
        assert cards(parts) == expected
        for memory in (whole, parts):
            memory.close()
        homes[1].cache.unlink()
        anew = Memory.open(homes[1], Settings())
        assert cards(anew) == expected
        anew.close()


def test_an_undo_may_arrive_before_what_it_takes_back(memory: Memory) -> None:
    data = '{"rating": 3, "offset": 0}'
    early, late = ((entry_id(at, "review", "a", data), at, "review", "a", data) for at in (DAY, 9 * DAY))
    undone = f'{{"undone": "{late[0]}"}}'
    undo = (entry_id(2 * DAY, "undo", "a", undone), 2 * DAY, "undo", "a", undone)
    memory.add([early])
    before = memory.state(CardId("a"))
    memory.add([undo])
    memory.add([late])
    assert memory.state(CardId("a")) == before
