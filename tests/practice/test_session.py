"""A session without a screen."""

from __future__ import annotations

import random

import pytest

from prep_app.answers.response import Picked
from prep_app.content.body import Choice
from prep_app.content.model import Library, QuestionId
from prep_app.memory.store import Memory
from prep_app.memory.types import New, Rating
from prep_app.paths import Home
from prep_app.practice.session import FIRST_SESSION, Session, unfinished
from prep_app.practice.today import days_to_catch_up, today
from prep_app.settings import Settings
from tests.conftest import Clock


def start(library: Library, memory: Memory, clock: Clock, **options: object) -> Session:
    return Session.start(library, memory, Settings(), clock=clock, **options)  # type: ignore[arg-type]


def test_the_first_session_is_short_and_mixes_the_questions(library: Library, memory: Memory, clock: Clock) -> None:
    session = start(library, memory, clock)
    assert session.total == FIRST_SESSION
    questions = set()
    while session.current is not None:
        questions.add(session.current.question)
        session.grade(Rating.GOOD)
    assert questions == set(library.questions)


@pytest.mark.parametrize("seed", range(8))
def test_any_session_ends_once_everything_stuck_and_loses_nothing(
    library: Library, memory: Memory, clock: Clock, seed: int
) -> None:
    chance, session = random.Random(seed), start(library, memory, clock)
    graded = 0
    while session.current is not None:
        clock.pass_seconds(20)
        hopeful = graded > 40
        session.grade(Rating.GOOD if hopeful else Rating(chance.randint(1, 4)))
        graded += 1
        if chance.random() < 0.2:
            session.undo()
            graded -= 1
        assert session.position + session.left == session.total == FIRST_SESSION
    assert len(memory.reviews()) == graded
    assert all(not isinstance(memory.state(card.id), New) for card, _ in session.summary().schedule)


def test_what_failed_comes_back_after_a_few_others(library: Library, memory: Memory, clock: Clock) -> None:
    session = start(library, memory, clock)
    failed = session.current
    session.grade(Rating.AGAIN)
    between = 0
    while session.current is not failed:
        session.grade(Rating.GOOD)
        between += 1
    assert between == 3


def test_undo_takes_back_what_was_done_here_whatever_another_window_did_since(
    home: Home, library: Library, memory: Memory, clock: Clock
) -> None:
    session = start(library, memory, clock)
    here = session.current.id
    session.grade(Rating.GOOD)
    other = Memory.open(home, Settings())
    clock.pass_seconds(5)
    there = next(card for card in library.cards if card != here)
    other.answer(there, Rating.GOOD, at=clock())
    other.close()
    clock.pass_seconds(5)
    assert session.undo().id == here
    assert [review.card for review in memory.reviews()] == [there]
    assert memory.state(here) == New()


def test_undo_walks_all_the_way_back(library: Library, memory: Memory, clock: Clock) -> None:
    session = start(library, memory, clock)
    seen = []
    for rating in (Rating.GOOD, Rating.AGAIN, Rating.EASY):
        seen.append(session.current)
        session.grade(rating)
    session.bury()
    session.undo()
    for card in reversed(seen):
        assert session.undo() is card
    assert session.undo() is None
    assert memory.reviews() == []


def test_a_left_session_goes_on_the_same_day_only(library: Library, memory: Memory, clock: Clock) -> None:
    session = start(library, memory, clock)
    session.grade(Rating.GOOD)
    session.grade(Rating.GOOD)
    assert today(library, memory, Settings(), clock()).resumable == (2, 5)
    resumed = start(library, memory, clock)
    assert resumed.resumed
    assert (resumed.position, resumed.total, resumed.current) == (2, 5, session.current)
    clock.pass_days(1)
    assert not start(library, memory, clock).resumed


@pytest.mark.parametrize("seed", range(6))
def test_whatever_was_done_a_left_session_goes_on_where_it_stood(
    library: Library, memory: Memory, clock: Clock, seed: int
) -> None:
    chance, session = random.Random(seed), start(library, memory, clock, extra_new=15)
    for _ in range(30):
        clock.pass_seconds(10)
        if session.current is None:
            break
        match chance.choice(["grade"] * 6 + ["bury", "suspend", "mark", "undo", "undo"]):
            case "grade":
                session.grade(Rating(chance.randint(1, 4)))
            case "bury":
                session.bury()
            case "suspend":
                session.suspend()
            case "mark":
                session.toggle_mark()
            case "undo":
                session.undo()
        held = unfinished(library, memory, Settings(), clock())
        if not session.position or not session.left:
            assert held is None
        else:
            assert held is not None
            assert (held.waiting, held.done) == (session._plan.waiting, session.position)


def test_a_session_that_an_earlier_prep_noted_after_each_answer_is_resumed(
    library: Library, memory: Memory, clock: Clock
) -> None:
    names = list(library.cards)[:6]
    memory.note_session({"waiting": names, "done": 0}, clock())
    memory.answer(names[0], Rating.GOOD, at=clock())
    memory.note_session({"waiting": names[1:], "done": 1}, clock())
    memory.answer(names[1], Rating.GOOD, at=clock())  # in another window, by this prep
    session = start(library, memory, clock)
    assert session.resumed
    assert (session.position, session.left, session.current.id) == (2, 4, names[2])  # type: ignore[union-attr]


def test_a_finished_session_is_not_resumed(library: Library, memory: Memory, clock: Clock) -> None:
    session = start(library, memory, clock)
    while session.current is not None:
        session.grade(Rating.EASY)
    assert today(library, memory, Settings(), clock()).resumable is None


def test_options_are_shuffled_the_same_way_until_the_card_is_answered(
    library: Library, memory: Memory, clock: Clock
) -> None:
    session = start(library, memory, clock, only=(QuestionId("Q35"),))
    orders = set()
    while not isinstance(session.current.body, Choice):
        session.grade(Rating.GOOD)
    card = session.current
    assert session.asked.options == session.asked.options
    for _ in range(6):
        orders.add(tuple(option.text for option in session.asked.options))
        session.grade(Rating.AGAIN)
        while session.current is not card:
            session.grade(Rating.GOOD)
    assert len(orders) > 1


def test_a_hint_lowers_the_suggestion_for_this_card_only(library: Library, memory: Memory, clock: Clock) -> None:
    session = start(library, memory, clock, only=(QuestionId("Q35"),))
    while not isinstance(session.current.body, Choice):
        session.grade(Rating.GOOD)
    right = frozenset(index for index, option in enumerate(session.asked.options) if option.correct)
    assert session.suggest(Picked(right)) is Rating.GOOD
    assert session.hint()
    assert session.suggest(Picked(right)) is Rating.HARD
    assert session.suggest(Picked()) is Rating.AGAIN
    session.grade(Rating.GOOD)
    assert session.hints_used == 0


def test_a_big_backlog_is_met_with_a_short_session(library: Library, memory: Memory, clock: Clock) -> None:
    for card in library.cards.values():
        memory.answer(card.id, Rating.GOOD, at=clock())
    clock.pass_days(90)
    standing = today(library, memory, Settings(), clock())
    assert standing.backlog == len(library.cards) > 30
    assert standing.catch_up == -(-len(library.cards) // 30)
    assert start(library, memory, clock, limit=10).total == 10


def test_nothing_due_says_when_the_next_card_comes(library: Library, memory: Memory, clock: Clock) -> None:
    for card in library.cards.values():
        memory.answer(card.id, Rating.EASY, at=clock())
    standing = today(library, memory, Settings(), clock())
    assert standing.start_count == 0
    assert standing.next_due > clock()


def test_time_away_from_the_keyboard_is_not_counted(library: Library, memory: Memory, clock: Clock) -> None:
    session = start(library, memory, clock)
    clock.pass_seconds(7200)
    session.grade(Rating.GOOD)
    assert memory.reviews()[0].seconds == 300


def test_what_comes_due_meanwhile_is_counted_on_the_way_back() -> None:
    assert days_to_catch_up(0, [5] * 7) == 0
    assert days_to_catch_up(30, [5] * 7) == 1
    assert days_to_catch_up(90, [0] * 7) == 3
    assert days_to_catch_up(90, [15] * 7) == 5
    assert days_to_catch_up(10**6, []) == 60, "no longer than anyone plans for"
