"""A session goes on while its pack is edited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from prep_app.content.model import Card, Library
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.practice.session import Session, unfinished
from prep_app.settings import Settings
from tests.conftest import Clock


def edited(library: Library, edit: Callable[[Card], Card | None]) -> Library:
    """The library as it would be read after an edit: every card is a new object, and some are others or gone."""
    packs = []
    for pack in library.packs:
        questions = []
        for question in pack.questions:
            cards = (edit(replace(card)) for card in question.cards)
            questions.append(replace(question, cards=tuple(card for card in cards if card is not None)))
        packs.append(replace(pack, questions=tuple(questions)))
    return Library(tuple(packs))


def started(library: Library, memory: Memory, clock: Clock) -> Session:
    return Session.start(library, memory, Settings(), clock=clock)


def test_packs_read_anew_without_a_change_change_nothing(library: Library, memory: Memory, clock: Clock) -> None:
    session = started(library, memory, clock)
    card, asked = session.current, session.asked
    assert not session.adopt(edited(library, lambda card: card))
    assert session.current is card
    assert session.asked is asked


def test_an_edited_card_is_asked_as_it_stands_now(library: Library, memory: Memory, clock: Clock) -> None:
    session = started(library, memory, clock)
    held = session.current
    assert held is not None
    clock.pass_seconds(10)
    assert session.adopt(edited(library, lambda card: replace(card, prompt="Anew?") if card.id == held.id else card))
    assert session.current is not None
    assert (session.current.id, session.current.prompt) == (held.id, "Anew?")
    clock.pass_seconds(5)
    session.grade(Rating.GOOD)
    assert memory.reviews()[0].seconds == 15  # the clock went on: it is the same card


def test_a_card_that_is_gone_is_not_asked_and_the_next_one_starts_fresh(
    library: Library, memory: Memory, clock: Clock
) -> None:
    session = started(library, memory, clock)
    gone, total = session.current, session.total
    assert gone is not None
    session.hint()
    clock.pass_seconds(10)
    assert session.adopt(edited(library, lambda card: None if card.id == gone.id else card))
    assert session.current is not None
    assert session.current.id != gone.id
    assert (session.total, session.hints_used) == (total - 1, 0)
    clock.pass_seconds(5)
    session.grade(Rating.GOOD)
    assert memory.reviews()[0].seconds == 5
    held = unfinished(library, memory, Settings(), clock())
    assert held is not None
    assert gone.id not in held.waiting


def test_what_was_answered_is_summed_up_and_can_be_taken_back_though_its_card_is_gone(
    library: Library, memory: Memory, clock: Clock
) -> None:
    session = started(library, memory, clock)
    gone = session.current
    assert gone is not None
    session.grade(Rating.AGAIN)
    session.grade(Rating.GOOD)
    following = session.current
    assert not session.adopt(edited(library, lambda card: None if card.id == gone.id else card))
    assert session.current is following
    assert [card.id for card in session.summary().slipped] == [gone.id]
    session.undo()
    session.undo()
    assert memory.reviews() == []
    while session.current is not None:
        assert session.current.id != gone.id
        session.grade(Rating.EASY)


def test_a_session_whose_cards_are_all_gone_is_over(library: Library, memory: Memory, clock: Clock) -> None:
    session = started(library, memory, clock)
    assert session.adopt(Library(()))
    assert session.current is None
    assert session.left == 0
