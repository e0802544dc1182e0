"""The pack that comes with prep: sound, and every program in it leads from an answer."""

from __future__ import annotations

from demos.catalogue import catalogue
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
    assert {name for demo in catalogue().values() for name in demo.questions} == {question.id for question in questions}


def test_a_card_leans_on_claims_of_its_own_question(library: Library) -> None:
    for question in library.questions.values():
        claims = {claim.id for claim in question.claims}
        assert all(set(card.claims) <= claims for card in question.cards)
