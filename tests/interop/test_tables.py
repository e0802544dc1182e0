"""Reviews and cards as CSV and JSON: nothing lost on the way out and back, nothing doubled, nothing run."""

from __future__ import annotations

import csv
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from prep_app.content.model import CardId, Library
from prep_app.errors import UserError
from prep_app.interop.review_rows import COLUMNS
from prep_app.interop.tables import CARD_COLUMNS, Imported, export_csv, export_json, import_csv, import_json
from prep_app.memory.store import Memory
from prep_app.memory.types import DemoNote, New, Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.conftest import Clock

DOCS = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)


@pytest.fixture
def studied(memory: Memory, library: Library, clock: Clock) -> Memory:
    """A learner with every kind of entry: reviews of every grade, an undo, practice, flags, a plan, a proof."""
    cards = list(library.cards.values())[:6]
    for day in range(4):
        for number, card in enumerate(cards):
            clock.pass_seconds(41)
            rating = Rating(1 + (day + number) % 4)
            memory.answer(card.id, rating, at=clock(), seconds=12.5 + number, revision=card.revision)
        clock.pass_days(1)
    memory.undo(clock())
    memory.answer(cards[0].id, Rating.GOOD, at=clock() + 1, seconds=12, practice=True)
    memory.answer(cards[1].id, Rating.EASY, at=clock() + 2)
    memory.answer(CardId("=gone()"), Rating.GOOD, at=clock() + 3)  # of a pack that is not here any more
    memory.mark(cards[2].id, clock())
    memory.suspend(cards[3].id, clock())
    memory.bury(cards[4].id, clock())
    memory.reset(cards[5].id, clock())
    memory.note_plan(date(2026, 12, 15), 30, clock())
    memory.note_demo(DemoNote("lora_merge", True, {"r": 4}, {"x": 1.5}, {"zero_start": True}, "cpu", 0.2), clock())
    memory.note_session({"waiting": [cards[0].id], "done": 1}, clock())
    return memory


@pytest.fixture
def elsewhere(tmp_path: Path, settings: Settings) -> Any:
    """An empty home on another machine."""
    root = tmp_path / "elsewhere"
    root.mkdir()
    opened = Memory.open(Home(root), settings)
    yield opened
    opened.close()


def stands(memory: Memory, library: Library) -> dict[str, Any]:
    """What a learner has, as the program sees it."""
    return {
        "cards": {
            card.id: (memory.state(card.id, card.revision), memory.flags(card.id)) for card in library.cards.values()
        },
        "reviews": memory.reviews(),
        "rest": (memory.plan(), memory.proofs(), memory.last_session()),
    }


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rewrite(path: Path, held: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(held[0]))
        writer.writeheader()
        writer.writerows(held)
    return path


def test_json_carries_everything_and_the_second_time_adds_nothing(
    studied: Memory, elsewhere: Memory, library: Library, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "all.json"
    count = export_json(library, studied, settings, path)
    body = json.loads(path.read_text())
    assert [row["id"] for row in body["journal"]] == [entry.id for entry in studied.entries()]
    assert import_json(library, elsewhere, settings, path) == Imported(added=count)
    assert stands(elsewhere, library) == stands(studied, library)
    assert [entry.id for entry in elsewhere.entries()] == [entry.id for entry in studied.entries()]
    assert import_json(library, elsewhere, settings, path) == Imported(known=count)
    # Rewritten by another program, with its own spacing and order of keys, it is the same.
    path.write_text(json.dumps(body, sort_keys=True, indent=4))
    assert import_json(library, elsewhere, settings, path) == Imported(known=count)


def test_reviews_go_out_and_come_back_as_the_same_entries(
    studied: Memory, elsewhere: Memory, library: Library, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "reviews.csv"
    count = export_csv(library, studied, settings, path, "reviews")
    assert count == len(studied.reviews())
    assert import_csv(library, elsewhere, settings, path) == Imported(added=count)
    assert elsewhere.reviews() == studied.reviews()
    for memory in (elsewhere, studied):
        assert import_csv(library, memory, settings, path) == Imported(known=count)
    written = rows(path)
    assert tuple(written[0]) == COLUMNS
    last = {row["card"]: row for row in written}
    card = list(library.cards.values())[2]
    state = studied.state(card.id, card.revision)
    assert not isinstance(state, New)
    assert float(last[card.id]["stability"]) == pytest.approx(state.stability, abs=1e-4)
    # Another program made 12 into 12.0, dropped the milliseconds' zeros, and wrote a capital letter.
    for row in written:
        row["seconds"] = str(float(row["seconds"])) if row["seconds"] else ""
        row["practice"] = row["practice"].title()
        row["time"] = row["time"].replace("T", " ").replace("Z", "+00:00")
    assert import_csv(library, elsewhere, settings, rewrite(path, written)) == Imported(known=count)


def test_cards_say_how_well_each_is_known(
    studied: Memory, library: Library, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "cards.csv"
    assert export_csv(library, studied, settings, path, "cards") == len(library.cards)
    written = {row["card"]: row for row in rows(path)}
    assert tuple(next(iter(written.values()))) == CARD_COLUMNS
    cards = list(library.cards.values())
    assert written[cards[2].id]["marked"] == written[cards[3].id]["suspended"] == "true"
    assert (written[cards[5].id]["state"], written[cards[5].id]["due"]) == ("new", "")
    assert written[cards[0].id]["prompt"] == cards[0].headline
    with pytest.raises(UserError, match=r"no column time, rating; .*cards come from packs"):
        import_csv(library, studied, settings, path)


def test_reviews_of_ones_own_are_taken_once(
    memory: Memory, library: Library, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "\ufefftime;card;rating;note\n2025-03-01T09:00:00+01:00;q4-zero-init;Good;from paper\n\n2025-03-04 08:00;q4-zero-init;2;\n".replace(
            ";2;", ";hard;"
        ),
        encoding="utf-8",
    )
    assert import_csv(library, memory, settings, path) == Imported(added=2)
    assert [(review.at, review.rating) for review in memory.reviews()] == [
        (1740816000000, Rating.GOOD),
        (1741075200000, Rating.HARD),
    ]
    assert import_csv(library, memory, settings, path) == Imported(known=2)
    # The same reviews as JSON, as pandas writes a table, are known too.
    table = tmp_path / "mine.json"
    table.write_text(json.dumps([{"time": 1740816000000, "card": "q4-zero-init", "grade": 3.0, "seconds": None}]))
    assert import_json(library, memory, settings, table) == Imported(known=1)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("2025-03-01T09:00:00Z,q4-zero-inti,good,3", 'there is no card "q4-zero-inti"; did you mean "q4-zero-init"?'),
        ("yesterday,q4-zero-init,good,3", 'time "yesterday" is not like'),
        ("2225-03-01T09:00:00Z,q4-zero-init,good,3", "2225-03-01T09:00:00.000Z is no time for a review"),
        ("2025-03-01T09:00:00Z,q4-zero-init,great,3", 'rating "great" is none of again, hard, good, easy'),
        ("2025-03-01T09:00:00Z,q4-zero-init,,", "rating is empty"),
        ("2025-03-01T09:00:00Z,q4-zero-init,good,-3", "seconds must be from 0 to 86400"),
        ("2025-03-01T09:00:00Z,,good,3", "card is empty"),
        ("2025-03-01T09:00:00Z,q4-zero-init", "has not as many cells"),
        ("2025-03-02T09:00:00Z,q4-merge,good,3", "the journal has this review as q4-merge hard"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_by_its_line_and_then_nothing_is_imported(
    memory: Memory, library: Library, settings: Settings, tmp_path: Path, row: str, says: str
) -> None:
    card = next(iter(library.cards))
    row = row.replace("q4-merge", card)
    path = tmp_path / "bad.csv"
    head = "time,card,rating,seconds\n"
    path.write_text(f"{head}2025-03-02T09:00:00Z,{card},hard,3\n")
    assert import_csv(library, memory, settings, path).added == 1
    path.write_text(f'{head}2025-03-03T09:00:00Z,"q4-zero-init",good,1\n{row}\n')
    done = import_csv(library, memory, settings, path)
    assert (done.added, len(done.problems), len(memory.reviews())) == (0, 1, 1)
    assert done.problems[0].startswith(f"{path}:3: ")
    assert says.replace("q4-merge", card) in done.problems[0]


def test_what_was_tampered_with_is_refused_by_its_line(
    studied: Memory, elsewhere: Memory, library: Library, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "all.json"
    export_json(library, studied, settings, path)
    text = path.read_text()
    line = next(number for number, each in enumerate(text.splitlines(), 1) if '"kind": "review"' in each)
    path.write_text(text.replace('{\\"rating\\": 1', '{\\"rating\\": 4', 1))
    assert [p.partition(": ")[0] for p in import_json(library, elsewhere, settings, path).problems] == [
        f"{path}:{line}"
    ]
    table = tmp_path / "reviews.csv"
    export_csv(library, studied, settings, table, "reviews")
    table.write_text(table.read_text().replace(",again,1,", ",easy,4,", 1))
    assert "was changed since prep wrote it" in import_csv(library, elsewhere, settings, table).problems[0]
    assert "the journal has this review as" in import_csv(library, studied, settings, table).problems[0]
    assert elsewhere.entries() == []


def test_a_journal_that_would_end_every_start_is_refused(
    elsewhere: Memory, library: Library, settings: Settings, tmp_path: Path
) -> None:
    from prep_app.memory.journal_file import entry_id

    def journal(kind: str, card: str | None, data: str, at: int = 1_740_816_000_000) -> Path:
        path = tmp_path / "bad.json"
        row = {"id": entry_id(at, kind, card, data), "at": at, "kind": kind, "card": card, "data": data}
        path.write_text(json.dumps({"prep": 1, "journal": [row]}))
        return path

    for path_of in (
        lambda: journal("plan", None, '{"date": "soon", "minutes": 3}'),
        lambda: journal("session", None, '{"waiting": 3}'),
        lambda: journal("review", "x", '{"rating": 3, "seconds": "long"}'),
        lambda: journal("review", "x", '{"rating": 3}', at=1 << 62),
    ):
        assert "make no sense" in import_json(library, elsewhere, settings, path_of()).problems[0]
    assert elsewhere.entries() == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", r":1: not JSON"),
        ('{"a": [],\n "b"}', r":2: not JSON"),
        ("[" * 100_000, "not JSON"),
        ("3", "holds no reviews"),
        ('{"reviews": {}, "x": [1]}', 'holds no list of "reviews"'),
        ('{"prep": 2, "journal": []}', "written by another prep"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(
    memory: Memory, library: Library, settings: Settings, tmp_path: Path, text: str, says: str
) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(UserError, match=says):
        import_json(library, memory, settings, path)


def test_a_spreadsheet_runs_nothing_and_the_text_comes_back(
    studied: Memory, elsewhere: Memory, library: Library, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "reviews.csv"
    export_csv(library, studied, settings, path, "reviews")
    with path.open(newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert "'=gone()" in cells
    assert not [cell for cell in cells if re.match(r"[=+@\t\r]|-(?!\d)", cell)]
    import_csv(library, elsewhere, settings, path)
    assert elsewhere.state(CardId("=gone()")) == studied.state(CardId("=gone()")) != New()


def test_the_columns_are_those_of_the_docs() -> None:
    reviews, cards = DOCS.split("## Cards")
    listed = [tuple(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) for part in (reviews, cards)]
    assert listed == [COLUMNS, CARD_COLUMNS]


@pytest.mark.parametrize("example", EXAMPLES, ids=["pandas", "csv"])
def test_the_examples_of_the_docs_run(
    studied: Memory,
    library: Library,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    example: str,
) -> None:
    if "pandas" in example:
        pytest.importorskip("pandas")
    export_csv(library, studied, settings, tmp_path / "reviews.csv", "reviews")
    monkeypatch.chdir(tmp_path)
    exec(example, {})  # noqa: S102  # our own documentation
    printed = capsys.readouterr().out
    assert any(card.topic in printed for card in library.cards.values())
