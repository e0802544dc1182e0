"""From prep to Anki and back: every card, every review, and what FSRS makes of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from anki.collection import Collection

from prep_app.content.library import library_for, load_library
from prep_app.content.model import CardId, Library
from prep_app.content.new_pack import write_starter
from prep_app.interop.anki.exporting import Exported, export_package
from prep_app.memory.days import study_day
from prep_app.memory.store import Memory
from prep_app.memory.types import Learned, New, Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.interop.anki.decks import DAY, NOW, collection, imported, take_in, write

AGAIN, HARD, GOOD, EASY = Rating
TEN = int(datetime.fromtimestamp(NOW / 1000).replace(hour=10, minute=0, second=0, microsecond=0).timestamp() * 1000)


def ago(days: float, seconds: float = 0) -> int:
    return round(TEN - DAY - days * DAY + seconds * 1000)


@dataclass
class Prep:
    """Someone who has studied for a while: each kind of card in another state."""

    home: Home
    library: Library
    memory: Memory
    deck: Path
    exported: Exported


@pytest.fixture(scope="module")
def prep(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prep]:
    home = Home(tmp_path_factory.mktemp("home"))
    pack = home.packs / "starter"
    write_starter(pack)
    question = pack / "question_1.yaml"
    question.write_text(question.read_text().replace("kind: order\n", "kind: order\n    revision: 2\n"))
    library = library_for(home, [pack])
    memory = Memory.open(home, Settings())

    def answer(card: str, rating: Rating, at: int, **more: object) -> None:
        memory.answer(CardId(f"starter-{card}"), rating, at=at, **more)  # type: ignore[arg-type]

    for days, rating in ((40, GOOD), (37, GOOD), (25, HARD), (3, EASY)):
        answer("recall", rating, ago(days), seconds=12.345)
    answer("choice", AGAIN, ago(30), seconds=8)  # failed, then learned, then lapsed: back in learning
    answer("choice", GOOD, ago(30, 70))
    answer("choice", AGAIN, ago(20))
    answer("cloze", HARD, ago(9))  # still being learned
    answer("numeric", GOOD, ago(9))  # at the very same moment
    answer("numeric", GOOD, ago(5), practice=True)
    answer("numeric", GOOD, ago(4))
    memory.undo(ago(4, 5))
    memory.suspend(CardId("starter-numeric"), ago(3))
    answer("order", GOOD, ago(50))  # of its first revision
    answer("order", EASY, ago(6), revision=2)
    answer("compare", GOOD, ago(15))
    memory.reset(CardId("starter-compare"), ago(10))
    memory.mark(CardId("starter-compare"), ago(10))
    answer("gone", GOOD, ago(2))
    deck = home.root / "deck.apkg"
    said: list[str] = []
    exported = export_package(library, [pack], memory, deck, said.append, with_pictures=False)
    yield Prep(home, library, memory, deck, exported)
    memory.close()


@pytest.fixture(scope="module")
def anki(prep: Prep, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    with collection(tmp_path_factory.mktemp("anki")) as held:
        held.set_config("fsrs", True)
        take_in(held, prep.deck)
        yield held


def card_in(anki: Collection, ident: str) -> object:
    (found,) = anki.find_cards(f'"prep id:starter-{ident}"')
    return anki.get_card(found)


def log_of(anki: Collection, ident: str) -> list[tuple[int, ...]]:
    rows = anki.db.all(
        "SELECT id, ease, type, factor, time FROM revlog WHERE cid = ? ORDER BY id", card_in(anki, ident).id
    )
    return [tuple(row) for row in rows]


def test_every_card_and_every_review_that_stands_is_in_the_deck(prep: Prep, anki: Collection) -> None:
    assert prep.exported.cards == len(prep.library.cards) == anki.card_count()
    reviews = [review for review in prep.memory.reviews() if review.card in prep.library.cards]
    assert prep.exported.reviews == len(reviews) == anki.db.scalar("SELECT count() FROM revlog WHERE ease > 0")
    assert prep.exported.other_reviews == 1


def test_anki_holds_the_memory_that_prep_has_and_works_out_the_same(prep: Prep, anki: Collection) -> None:
    today, offset = anki.sched.today, study_day(NOW, 4)
    seen = 0
    for ident, card in prep.library.cards.items():
        state = prep.memory.state(ident, card.revision)
        if isinstance(state, New):
            continue
        seen += 1
        held = card_in(anki, ident.removeprefix("starter-"))
        assert held.memory_state.stability == pytest.approx(state.stability, rel=1e-3)
        assert held.memory_state.difficulty == pytest.approx(state.difficulty, rel=1e-3)
        assert (held.reps, held.lapses, held.last_review_time) == (state.reviews, state.lapses, state.last_ms // 1000)
        if state.learning:
            assert held.due == state.due_ms // 1000
        else:
            assert held.due - today == study_day(state.due_ms, 4) - offset
        replayed = anki.compute_memory_state(held.id)
        assert replayed.stability == pytest.approx(state.stability, rel=2e-3), ident
        assert replayed.difficulty == pytest.approx(state.difficulty, rel=2e-3)
    assert seen == 5


def test_the_log_has_each_answer_with_its_time_grade_and_kind(anki: Collection) -> None:
    learn, again, _relearn, filtered, manual = range(5)
    assert [row[:3] for row in log_of(anki, "recall")] == [
        (ago(40), 3, learn),
        (ago(37), 3, again),
        (ago(25), 2, again),
        (ago(3), 4, again),
    ]
    assert {row[4] for row in log_of(anki, "recall")} == {12345}
    assert [row[1:3] for row in log_of(anki, "choice")] == [(1, learn), (3, learn), (1, again)]
    (first, practice) = log_of(anki, "numeric")
    assert first[0] - ago(9) in (0, 1)  # no two lines of Anki's log have one time
    assert practice[1:4] == (3, filtered, 0)
    assert [row[1:4:1] for row in log_of(anki, "order")][1][:3] == (0, manual, 0)  # forgotten between the revisions
    assert [row[1:3] for row in log_of(anki, "compare")] == [(3, learn), (0, manual)]


def test_suspended_and_marked_cards_stay_so(anki: Collection) -> None:
    assert card_in(anki, "numeric").queue == -1
    assert card_in(anki, "numeric").type == 2
    assert card_in(anki, "compare").note().has_tag("marked")
    assert card_in(anki, "compare").type == 0


def test_the_same_deck_again_brings_notes_up_to_date_and_doubles_none(
    prep: Prep, anki: Collection, tmp_path: Path
) -> None:
    before = anki.card_count(), anki.note_count(), anki.db.scalar("SELECT count() FROM revlog")
    anki.db.execute("UPDATE notes SET mod = mod - 60")  # they were taken in a while ago
    pack = tmp_path / "starter"
    shutil.copytree(prep.home.packs / "starter", pack)
    question = pack / "question_1.yaml"
    question.write_text(question.read_text().replace("Which weights does LoRA train?", "What does LoRA train?"))
    later = tmp_path / "later.apkg"
    library = library_for(prep.home, [pack])
    export_package(library, [pack], prep.memory, later, lambda _: None, with_pictures=False)
    take_in(anki, later)
    assert card_in(anki, "recall").note()["Prompt"] == "<p>What does LoRA train?</p>"
    assert (anki.card_count(), anki.note_count(), anki.db.scalar("SELECT count() FROM revlog")) == before
    types = [model.name for model in anki.models.all_names_and_ids() if "prep" in model.name]
    assert sorted(types) == ["prep", "prep cloze"]


def test_back_into_an_empty_home_every_card_and_every_review_is_there(
    prep: Prep, anki: Collection, tmp_path: Path
) -> None:
    deck = write(anki, tmp_path / "back.apkg")
    home = Home(tmp_path / "new")
    home.root.mkdir()
    done, library = imported(home, deck)
    assert not done.left_out
    assert not library.problems
    assert prep.library.cards.keys() <= library.cards.keys()
    assert done.reviews == prep.exported.reviews
    memory = Memory.open(home, Settings())
    ours = [
        (review.card, review.rating, review.practice)
        for review in prep.memory.reviews()
        if review.card != "starter-gone"
    ]
    assert sorted((review.card, review.rating, review.practice) for review in memory.reviews()) == sorted(ours)
    for ident, card in prep.library.cards.items():
        state, again = prep.memory.state(ident, card.revision), memory.state(ident, library.cards[ident].revision)
        assert type(state) is type(again), ident
        if isinstance(state, Learned) and isinstance(again, Learned):
            assert (again.due_ms, again.learning, again.lapses) == (state.due_ms, state.learning, state.lapses), ident
            assert again.stability == pytest.approx(state.stability)
        flags, flags_again = prep.memory.flags(ident), memory.flags(ident)
        assert (flags.suspended, flags.marked) == (flags_again.suspended, flags_again.marked)
    memory.close()


def test_back_into_the_same_home_nothing_doubles_and_new_reviews_go_to_the_same_cards(
    prep: Prep, anki: Collection, tmp_path: Path
) -> None:
    card = card_in(anki, "recall")
    anki.db.execute("INSERT INTO revlog VALUES (?, ?, -1, 3, 9, 4, 500, 2000, 1)", ago(0.5), card.id)
    copied = anki.new_note(anki.models.get(card.note().mid))  # as Anki's "create copy" does, with a guid of its own
    copied.fields = list(card.note().fields)
    anki.add_note(copied, card.did)
    before = len(prep.memory.reviews())
    done, library = imported(prep.home, write(anki, tmp_path / "more.apkg"))
    (copy,) = [ident for pack in done.packs for ident in load_library([pack.folder]).cards]
    assert copy.startswith("anki-")
    prep.memory.refresh()
    assert (done.known, done.reviews) == (len(prep.library.cards), 1)
    assert prep.library.cards.keys() <= library.cards.keys()
    after = prep.memory.reviews()
    assert len(after) == before + 1
    assert [review.card for review in after if review.at == ago(0.5)] == ["starter-recall"]
    again, _ = imported(prep.home, tmp_path / "more.apkg")
    assert again.reviews == 0
    state = prep.memory.state(CardId("starter-order"), 2)
    assert isinstance(state, Learned)  # the forgetting between its revisions was not taken in for one by hand
    assert state.reviews == 1
