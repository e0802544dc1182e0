"""What a deck from prep looks like in Anki: readable notes of every kind, with their proof."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from anki.collection import Collection

from prep_app import cli
from prep_app.content.body import KINDS
from prep_app.content.library import load_library
from prep_app.content.model import DemoLink, Library
from prep_app.content.new_pack import write_starter
from prep_app.interop.anki.exporting import export_package
from prep_app.interop.anki.pictures import picture_name, pictures
from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.interop.anki.decks import collection, take_in

NASTY = r"""
  - id: nasty
    kind: cloze
    topic: Traps
    prompt: "{{c2::not a gap}} <script>alert(1)</script> ::: ___ and ___ \\(x\\)"
    gaps: [{accept: ["a::b}}"]}, {accept: ["<i>{{c3::d}}"]}]
    answer: "[link](javascript:alert(2)) <img src=x onerror=alert(3)>"
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> tuple[Library, Path]:
    pack = tmp_path_factory.mktemp("packs") / "starter"
    write_starter(pack)
    question = pack / "question_1.yaml"
    question.write_text(question.read_text() + NASTY)
    library = load_library([pack])
    assert not library.problems
    return library, pack


@pytest.fixture(scope="module")
def anki(library: tuple[Library, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    folder = tmp_path_factory.mktemp("anki")
    home = Home(tmp_path_factory.mktemp("home"))
    memory = Memory.open(home, Settings())
    export_package(library[0], [library[1]], memory, folder / "deck.apkg", lambda _: None, with_pictures=False)
    memory.close()
    with collection(folder) as held:
        take_in(held, folder / "deck.apkg")
        yield held


def shown(anki: Collection, ident: str) -> tuple[str, str]:
    (found,) = anki.find_cards(f'"prep id:{ident}"')
    card = anki.get_card(found)
    return card.render_output().question_text, card.render_output().answer_text


def test_each_kind_is_one_card_that_asks_and_answers(library: tuple[Library, Path], anki: Collection) -> None:
    cards = library[0].cards
    assert {card.body.kind for card in cards.values()} == set(KINDS)
    assert anki.card_count() == anki.note_count() == len(cards)
    for ident, card in cards.items():
        front, back = shown(anki, ident)
        assert html.escape(card.topic) in front
        assert "question 1" not in front
        assert len(back) > len(front) + 200
        assert "{{" not in front.replace("{{c2", "") or ident == "nasty"


def test_formulas_are_latex_for_mathjax(anki: Collection) -> None:
    _, back = shown(anki, "starter-recall")
    assert r"\(W_0\)" in back
    assert r"\(h = W_0 x + \frac{\alpha}{r} B A x\)" in back


def test_a_numeric_card_is_asked_in_letters_with_an_example_worked(anki: Collection) -> None:
    front, back = shown(anki, "starter-numeric")
    assert "LoRA of rank <var>r</var> train beside a <var>d</var> × <var>d</var> layer" in front
    assert "<var>result</var>" in back
    assert "parameters</b>" in back


def test_gaps_are_asked_together_and_shown_on_the_back(anki: Collection) -> None:
    front, back = shown(anki, "starter-cloze")
    assert front.count("[...]") == 2
    assert ">alpha</span>" in back
    assert "alpha: lora_alpha" in back


def test_text_of_a_pack_is_text_in_anki_too(anki: Collection) -> None:
    front, back = shown(anki, "nasty")
    assert front.count("[...]") == 2
    plain = html.unescape(back)
    assert "a::b}}" in plain
    assert "<i>{{c3::d}}" in plain
    assert "{{c2::not a gap}}" in plain
    for harm in ("<script", "<img src=x", 'href="javascript'):
        assert harm not in front + back


def test_sources_claims_and_the_layered_answer_are_on_the_back(anki: Collection) -> None:
    _, back = shown(anki, "starter-recall")
    for part in (
        "r·(in + out) numbers train.",
        "arxiv.org/abs/2106.09685",
        "The whole answer",
        "Forgetting the factor α/r",
    ):
        assert part in back
    assert "The factors A and B" in back


async def test_a_linked_demo_is_run_and_its_result_drawn() -> None:
    good, bad = DemoLink("lora_merge", {"r": 8}), DemoLink("lora_merge", {"r": -1})
    said: list[str] = []
    drawn, failed = await pictures([good, bad, good], said.append)
    assert said == ["picture 1 of 2: lora_merge", "picture 2 of 2: lora_merge"]
    (picture,) = drawn.values()
    assert list(drawn) == [picture_name(good)]
    words = "".join(ElementTree.fromstring(picture).itertext())
    assert words.count("✓") >= 5
    assert "measured" in words
    assert len(failed) == 1
    assert failed[0].startswith("lora_merge: ")


def test_the_command_writes_a_deck_of_every_card(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deck = tmp_path / "deck.apkg"
    assert cli.run(["export", str(deck), "--no-pictures", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["file"], body["reviews"], body["pictures"]) == (str(deck), 0, 0)
    with collection(tmp_path / "anki") as held:
        take_in(held, deck)
        assert held.card_count() == body["cards"]
        for ident in held.find_cards(""):  # what packs hold is shown, whatever it is
            card = held.get_card(ident)
            assert "{{" not in card.render_output().question_text
            assert "no cloze" not in card.render_output().answer_text.lower()
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".partial"] == []
