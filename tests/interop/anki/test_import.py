"""Decks of other people's: what becomes a card, what is left out and why, and that nobody starts from zero."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from anki.collection import Collection

from prep_app import cli
from prep_app.content.body import Cloze, Recall
from prep_app.content.library import load_library
from prep_app.content.model import Card, Library
from prep_app.interop.anki.collection import NEEDED
from prep_app.memory.store import Memory
from prep_app.memory.types import Learned
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.interop.anki.decks import DAY, NOW, add, collection, imported, review, write


@dataclass
class Made:
    deck: Path
    legacy: Path
    whole: Path


def fill(held: Collection) -> None:
    paris = add(
        held, "Basic", "Capitals::Europe", "Capital of <b>France</b>?<img src='map one.png'>",
        "Paris, <i>since</i> 987<br>[sound:paris.mp3]<ul><li>on the Seine</li><li>a_b</li></ul>", tags=["geo::eu", "marked"],
    )  # fmt: skip
    add(held, "Basic (and reversed card)", "Capitals", "Rome", "Italy")
    add(
        held, "Cloze", "Capitals::Europe", "{{c1::Bern}} is in {{c2::Switzerland::a country}}, ____ on the {{c1::Aare}}"
    )
    add(held, "Cloze", "Maths", "The norm is {{c1::\\(\\sqrt{x^2}\\)}}", "that is \\(|x|\\), not \\(x_1\\)th")
    add(held, "Basic (type in the answer)", "Default", "Type it", "typed")
    add(held, "Basic", "Default", "A front alone", "")
    add(held, "Basic", "Default", "<img src='../../evil.png'>", "x")
    add(held, "Basic", "Default", "long", "x" * 70_000)
    add(
        held,
        "Image Occlusion",
        "Default",
        "{{c1::image-occlusion:rect:left=.1:top=.2:width=.3:height=.4}}",
        "<img src=a.png>",
    )
    held.media.write_data("map one.png", b"a map")
    held.media.write_data("paris.mp3", b"a sound")
    held.media.write_data("unused.png", b"nobody's")
    (card,) = paris.card_ids()
    for days, ease, kind in ((9, 1, 0), (8.9, 3, 0), (7, 3, 1), (2, 4, 1)):
        review(held, card, round(NOW - days * DAY), ease, kind)
    review(held, card, NOW - DAY, 0, 4, 2500)  # given another day by hand: not an answer
    review(held, card, 5, 3)  # no clock can have shown it
    held.sched.suspend_cards([card])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("decks")
    with collection(folder / "anki") as held:
        fill(held)
        write(held, folder / "capitals.apkg")
        write(held, folder / "legacy.apkg", legacy=True)
        held.export_collection_package(str(folder / "whole.colpkg"), include_media=True, legacy=False)
    return Made(folder / "capitals.apkg", folder / "legacy.apkg", folder / "whole.colpkg")


@dataclass
class Taken:
    home: Home
    library: Library
    memory: Memory
    left_out: dict[str, int]

    def card(self, start: str) -> Card:
        return next(card for card in self.library.cards.values() if card.prompt.startswith(start))


@pytest.fixture(scope="module")
def taken(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taken]:
    home = Home(tmp_path_factory.mktemp("home"))
    done, library = imported(home, made.deck)
    memory = Memory.open(home, Settings())
    yield Taken(home, library, memory, done.left_out)
    memory.close()


def test_decks_become_packs_that_prep_check_accepts(taken: Taken) -> None:
    assert not load_library(sorted(taken.home.packs.iterdir())).problems
    titles = {pack.title: [question.title for question in pack.questions] for pack in taken.library.packs}
    assert titles == {"Capitals": ["Europe", "Capitals"], "Maths": ["Maths"], "capitals": ["capitals"]}


def test_html_becomes_markdown_with_the_media_named_and_beside(taken: Taken) -> None:
    card = taken.card("Capital of France?")
    assert card.prompt == "Capital of France?[picture: map one.png]"
    assert card.answer == "Paris, *since* 987\\\n[sound: paris.mp3]\n\n- on the Seine\n- a\\_b"
    assert isinstance(card.body, Recall)
    assert [point.text for point in card.body.key_points] == ["on the Seine", "a_b"]
    assert card.tags == ("geo-eu",)
    media = taken.home.packs / "capitals" / "media"
    assert {path.name: path.read_bytes() for path in media.iterdir()} == {
        "map one.png": b"a map",
        "paris.mp3": b"a sound",
    }


def test_cloze_notes_become_cloze_cards_a_card_for_each_number(taken: Taken) -> None:
    bern, country = taken.card("___ is in Switzerland"), taken.card("Bern is in")
    assert bern.prompt == "___ is in Switzerland, __ on the ___"
    assert isinstance(bern.body, Cloze)
    assert [gap.accept for gap in bern.body.gaps] == [("Bern",), ("Aare",)]
    assert country.prompt == "Bern is in ___ (a country), __ on the Aare"
    assert bern.answer.startswith("Bern is in Switzerland")


def test_what_nobody_can_type_is_asked_as_recall_and_formulas_are_read(taken: Taken) -> None:
    card = taken.card("The norm is")
    assert isinstance(card.body, Recall)
    assert card.prompt == "The norm is [...]"
    assert "√(x²)" in card.answer or "√x²" in card.answer
    assert "x₁th" in card.answer


def test_reversed_and_typed_cards_have_their_answers(taken: Taken) -> None:
    assert {taken.card("Rome").answer, taken.card("Italy").answer} == {"Italy", "Rome"}
    assert taken.card("Type it").answer == "typed"


def test_what_is_left_out_is_said_with_the_reason(taken: Taken) -> None:
    assert taken.left_out == {
        "with an empty back": 1,
        "longer than 64 KiB": 1,
        "with parts of a picture hidden, which a terminal cannot show": 1,
    }
    assert taken.card("[picture: not in the deck]")


def test_the_history_comes_along(taken: Taken) -> None:
    card = taken.card("Capital of France?")
    state = taken.memory.state(card.id)
    assert isinstance(state, Learned)
    assert (state.reviews, state.last_ms) == (4, round(NOW - 2 * DAY))
    reviews = taken.memory.reviews()
    assert [int(review.rating) for review in reviews] == [1, 3, 3, 4]
    assert [(review.was_new, review.was_learning) for review in reviews] == [
        (True, False),
        (False, True),
        (False, False),
        (False, False),
    ]
    assert {review.seconds for review in reviews} == {4.2}
    flags = taken.memory.flags(card.id)
    assert (flags.suspended, flags.marked) == (True, True)


@pytest.mark.parametrize("which", ["deck", "legacy", "whole"])
def test_the_same_deck_again_adds_nothing_in_any_of_its_formats(taken: Taken, made: Made, which: str) -> None:
    entries = len(taken.memory.entries())
    done, library = imported(taken.home, getattr(made, which))
    taken.memory.refresh()
    assert (done.packs, done.known, done.reviews, done.known_reviews) == ((), 8, 0, 4)
    assert library.cards.keys() == taken.library.cards.keys()
    assert len(taken.memory.entries()) == entries


def test_a_whole_collection_is_read_as_well(made: Made, home: Home) -> None:
    done, library = imported(home, made.whole)
    assert sum(pack.cards for pack in done.packs) == 8
    assert done.reviews == 4
    assert not library.problems


def test_the_command_says_what_it_did(made: Made, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["import", str(made.deck), "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["cards"], body["reviews"], body["known"], len(body["packs"])) == (8, 4, 0, 3)
    assert cli.run(["import", str(made.deck)]) == 0
    said = capsys.readouterr().out
    assert "8 cards there already\n0 reviews added, 4 there already\n" in said
    assert "left out: 1 card longer than 64 KiB" in said


def test_without_the_extra_it_says_what_to_install(
    made: Made, home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prep_app.interop.anki.collection.NEEDED", (*NEEDED, "not_installed"))
    assert cli.run(["import", str(made.deck)]) == 2
    assert capsys.readouterr().err == "prep: prep import capitals.apkg needs the extra: pip install 'prep[anki]'\n"
    assert cli.run(["export", str(home.root / "deck.apkg")]) == 2
    assert capsys.readouterr().err == "prep: prep export deck.apkg needs the extra: pip install 'prep[anki]'\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["import", "deck.zip"], "deck.zip: prep reads files that end in .apkg, .colpkg, .csv, .json"),
        (["import", "deck.apkg"], "deck.apkg: no such file"),
        (["export", "deck.colpkg"], "deck.colpkg: name a file that ends in .apkg, .csv, .json"),
        (["export", "no/such/deck.apkg"], "no/such: no such folder; make it, or name another place"),
    ],
)
def test_files_of_other_kinds_and_places_that_are_not_there(
    words: list[str], says: str, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(words) == 2
    assert capsys.readouterr().err == f"prep: {says}\n"
