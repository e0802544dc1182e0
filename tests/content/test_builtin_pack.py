"""The pack that comes with prep: sound, and every program in it leads from an answer."""

from __future__ import annotations

from demos.catalogue import catalogue
from prep_app.content.body import KINDS, Choice
from prep_app.content.model import Library


def test_every_demo_is_linked_from_an_answer(library: Library) -> None:
    questions = library.questions.values()
    linked = {link.name for question in questions for link in question.demos}
    assert linked == set(catalogue())
    on_cards = {card.demo.name for card in library.cards.values() if card.demo is not None}
    assert on_cards <= linked


def test_every_demo_proves_a_claim_and_belongs_to_the_questions_it_names(library: Library) -> None:
    questions = library.questions.values()
    assert {claim.demo for question in questions for claim in question.claims} == set(catalogue())
    named = {name for demo in catalogue().values() for name in demo.questions}
    assert named == {question.id for question in questions} - {"Tips"}  # the tips lean on the other questions' demos


def test_a_card_leans_on_claims_of_its_own_question(library: Library) -> None:
    for question in library.questions.values():
        claims = {claim.id for claim in question.claims}
        assert all(set(card.claims) <= claims for card in question.cards)


def test_every_question_has_forty_cards_and_every_kind_of_them(library: Library) -> None:
    for question in library.questions.values():
        if question.id != "Tips":
            assert len(question.cards) >= 40
            assert {card.body.kind for card in question.cards} == set(KINDS)
            assert {card.difficulty for card in question.cards} == {1, 2, 3}


def test_every_option_explains_itself_and_no_length_gives_the_right_one_away(library: Library) -> None:
    longest = right = 0
    for card in library.cards.values():
        if isinstance(card.body, Choice):
            assert all(option.why for option in card.body.options)
            by_length = sorted(card.body.options, key=lambda option: len(option.text))
            right += 1
            longest += by_length[-1].correct
    assert longest < 0.6 * right, f"the longest option is right in {longest} of {right}"
