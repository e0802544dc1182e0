"""Browse: every card found by words and filters, and read, by the keys alone."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from prep_app.content.model import Card, Library
from prep_app.content.search import texts
from prep_app.memory.days import now
from prep_app.paths import Home
from prep_app.ui.screens.browse.card_list import CardList
from tests.ui.browsing import browse, browsing, listed, on_disk, seek, settled
from tests.ui.conftest import Opened

SIZES = [(60, 20), (80, 24), (120, 40)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_it_lists_every_card_and_finds_by_words_and_filters(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as learner:
        screen = await browse(learner)
        size_of_all = len(learner.app.desk.library.cards)
        assert f"{size_of_all} of {size_of_all} cards" in learner.reads()
        await seek(learner, "fisher kind:recall")
        assert screen.finding is not None
        assert 0 < screen.finding.total < size_of_all
        assert {card.body.kind for card in listed(learner).cards} == {"recall"}
        assert f"{screen.finding.total} of {size_of_all} cards · kind:recall" in learner.reads()
        assert listed(learner).cards[0].id in learner.reads()  # the preview


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_preview_shows_what_is_right_on_every_kind_of_card(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as learner:
        await browse(learner)
        by_kind = {card.body.kind: card for card in learner.app.desk.library.cards.values()}
        for kind, card in by_kind.items():
            learner.app.screen.query_one("#sought").value = f"{card.id} kind:{kind}"  # type: ignore[attr-defined]
            await settled(learner)
            assert card in listed(learner).cards
            shown = listed(learner).card
            assert shown is not None
            assert shown.body.kind == kind
            right = learner.app.screen.query_one("#right").render()
            wanted = {
                "recall": "Key points",
                "choice": "✓",
                "cloze": "In the gaps",
                "numeric": "The sum",
                "order": "In this order",
                "code": "λ",
                "compare": "▸",
            }
            assert wanted[kind] in str(right)
            await learner.press("down", "space", "b", "escape")
        if size[0] >= 72:
            await learner.until(lambda: learner.app.screen.query("Preview.-prose"))
        else:
            assert not learner.app.screen.query("Preview.-prose")


async def test_moving_through_the_list_shows_the_card_under_the_cursor(opened: Opened) -> None:
    async with opened((120, 40)) as learner:
        await browse(learner, "lora", "enter")
        assert isinstance(learner.app.focused, CardList)
        for step in ("down", "j", "end", "k", "home"):
            await learner.press(step)
            card = listed(learner).card
            assert card is not None
            assert card.id in learner.text_of("#name")
        await learner.press("up")  # from the first card
        assert learner.app.focused is learner.app.screen.query_one("#sought")


async def test_letters_typed_into_the_input_are_no_commands(opened: Opened, home: Home) -> None:
    async with opened() as learner:
        screen = await browse(learner, "srmpdufq*/?")
        assert screen.finding is not None
        assert screen.finding.total == 0
        assert screen.query_one("#sought").value == "srmpdufq*/?"  # type: ignore[attr-defined]
        memory = on_disk(home)
        assert all(not memory.flags(card).suspended for card in learner.app.desk.library.cards)
        memory.close()


async def test_what_stands_in_the_way_is_said(opened: Opened) -> None:
    async with opened() as learner:
        await browse(learner, "lora zzqq")
        assert "Nothing found. No card has zzqq." in learner.reads()
        await learner.press("escape")
        await seek(learner, "merge kind:numeric question:Q14")
        assert "Nothing found." in learner.reads()
        assert "without it there" in learner.reads()
        await learner.press("escape")
        await seek(learner, "is:leech")
        assert "is:leech leaves no card." in learner.reads()


async def test_what_is_not_understood_is_said_and_nothing_breaks(opened: Opened) -> None:
    async with opened() as learner:
        await browse(learner, "colour:red")
        assert "! colour: is no filter; filters are kind, topic" in learner.reads()
        await learner.press("escape")
        await seek(learner, "is:purple")
        assert "! is: takes new, learning, due" in learner.reads()


async def test_escape_goes_from_the_list_to_the_input_clears_it_and_leaves(opened: Opened) -> None:
    async with opened() as learner:
        screen = await browse(learner, "lora", "down", "escape")
        typed = screen.query_one("#sought")
        assert learner.app.focused is typed
        await learner.press("escape")
        assert typed.value == ""  # type: ignore[attr-defined]
        await learner.press("escape")
        assert learner.screen == "HomeScreen"


async def test_a_filter_is_picked_from_a_list_with_counts_and_taken_out_there(opened: Opened) -> None:
    async with opened((80, 24)) as learner:
        screen = await browse(learner, "lora", "down", "f")
        assert learner.screen == "FilterScreen"
        assert "new" in learner.reads()
        await learner.press("enter")
        await settled(learner)
        assert screen.query_one("#sought").value == "lora is:new"  # type: ignore[attr-defined]
        await learner.press("f")
        assert "✓" in learner.reads()
        await learner.press("enter")
        await settled(learner)
        assert screen.query_one("#sought").value == "lora"  # type: ignore[attr-defined]


async def test_every_filter_of_the_list_leaves_as_many_cards_as_it_says(opened: Opened) -> None:
    async with opened() as learner:
        screen = await browse(learner)
        assert screen.browse is not None
        for held in screen.browse.choices(now()).values():
            for choice in held:
                assert screen.browse.find(str(choice.filter), now()).total == choice.count, choice


async def test_a_click_reads_a_card_and_a_double_click_practises_it(opened: Opened) -> None:
    async with opened((120, 40)) as learner:
        await browse(learner, "lora")
        await learner.pilot.click(CardList, offset=(10, 3))
        await learner.pilot.pause()
        card = listed(learner).card
        assert card is listed(learner).cards[3]
        assert learner.screen == "BrowseScreen"
        await learner.pilot.click(CardList, offset=(10, 3), times=2)
        await learner.until(lambda: learner.screen == "StudyScreen")
        assert learner.app.screen.session.current is card  # type: ignore[attr-defined]


async def test_a_size_that_changes_while_a_card_is_read_loses_nothing(opened: Opened) -> None:
    async with opened((120, 40)) as learner:
        await browse(learner, "lora", "down", "down", "down")
        card = listed(learner).card
        for size in ((60, 20), (80, 24), (120, 40)):
            await learner.pilot.resize_terminal(*size)
            await learner.pilot.pause(0.3)
            assert listed(learner).card is card
            assert card is not None
            assert card.id in learner.text_of("#name")


async def test_while_the_index_is_made_keys_are_taken_and_one_may_leave(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def slow(card: Card) -> tuple[str, ...]:
        gate.wait(30)
        return texts(card)

    async with opened() as learner:
        monkeypatch.setattr("prep_app.content.search.texts", slow)
        await learner.press("b", "l")
        screen = browsing(learner)
        assert "indexing…" in learner.reads()
        assert screen.query_one("#sought").value == "l"  # type: ignore[attr-defined]
        await learner.press("down", "enter", "escape", "escape")
        assert learner.screen == "HomeScreen"
        gate.set()
        assert screen.browse is None
        await browse(learner, "lora")
        assert listed(learner).cards


async def test_a_pack_that_was_edited_is_searched_anew(opened: Opened) -> None:
    async with opened() as learner:
        screen = await browse(learner, "zyzzyva")
        assert not listed(learner).cards
        desk = learner.app.desk
        pack = desk.library.packs[0]
        question = pack.questions[0]
        edited = replace(question, cards=(replace(question.cards[0], prompt="A zyzzyva?"), *question.cards[1:]))
        library = Library((replace(pack, questions=(edited, *pack.questions[1:])),))
        learner.app.desk = replace(desk, library=library)
        screen.library_changed(learner.app.desk)
        await learner.until(lambda: [card.prompt for card in listed(learner).cards] == ["A zyzzyva?"])
        await learner.press("enter", "enter")
        assert learner.app.screen.session.current.prompt == "A zyzzyva?"  # type: ignore[attr-defined]


HOSTILE = r"""
id: H1
title: "[red]T[/red]"
ask: "What does [/nope] close?"
answer: {short: "short", full: "full", key_points: ["point"]}
cards:
  - id: h1-recall
    kind: recall
    topic: "[u]topic[/u] \"x\" is:new"
    tags: [trap]
    prompt: "prompt [bold red]softmax[dim][/nope] $error [@click=app.quit]x[/]"
    answer: "answer [b]softmax[dim][/b] \e[2J and `[/]`"
    key_points: ["point [b]p[/b] [/nope]"]
  - id: h1-choice
    kind: choice
    topic: "[/]"
    prompt: "choose [/]"
    options:
      - {text: "option [b]one[/b]", why: "why [/nope]", correct: true}
      - {text: "option [/two]", why: "why [@click=app.bell]y[/]"}
"""


@pytest.fixture
def hostile(home: Home) -> Path:
    folder = home.packs / "hostile"
    folder.mkdir(parents=True)
    (folder / "pack.yaml").write_text("id: hostile\ntitle: '[b]H[/b]'\n")
    (folder / "h1.yaml").write_text(HOSTILE)
    return folder


@pytest.mark.usefixtures("hostile")
async def test_text_from_a_pack_is_shown_as_text_everywhere(opened: Opened) -> None:
    async with opened((120, 40)) as learner:
        await browse(learner, "question:H1", "down")
        await learner.until(lambda: learner.app.screen.query("Preview.-prose"))
        await learner.pilot.pause()
        seen = learner.reads()
        await learner.press("down")
        seen += learner.reads()
        await learner.press("f", "end")
        seen += learner.reads()
        await learner.press("escape", "escape", "escape")
        await seek(learner, "[/nope] zzz")
        seen += learner.reads()
        for text in (
            "prompt [bold red]softmax[dim][/nope]",
            "answer [b]softmax[dim][/b]",
            "point [b]p[/b] [/nope]",
            "[u]topic[/u]",
            "option [b]one[/b]",
            "why [@click=app.bell]y[/]",
            "No card has zzz.",
        ):
            assert text in seen, text
        assert "\x1b" not in seen
        for key in "[]()*\"':":
            await learner.pilot.press(key)
        assert learner.app.is_running
