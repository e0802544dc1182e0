"""Today's queue: nothing twice, nothing forbidden, topics mixed."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from prep_app.content.body import KeyPoint, Recall
from prep_app.content.library import builtin_folders, load_library, open_library
from prep_app.content.model import Card, CardId, Library, Pack, Question, QuestionId
from prep_app.content.order import in_order
from prep_app.memory.queue import Queue, todays_queue
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.conftest import Clock


def cards(*counts: int) -> list[Card]:
    """Some cards of question A, some of B, …"""
    return [
        Card(CardId(f"{name}{n}"), QuestionId(name), f"topic {n % 2}", "?", "!", Recall((KeyPoint("point"),)))
        for name, count in zip("ABCD", counts, strict=False)
        for n in range(count)
    ]


def packed(pool: list[Card]) -> Library:
    """A library of these cards."""
    names = dict.fromkeys(card.question for card in pool)
    questions = tuple(
        Question(
            id=name, pack="p", title="", ask="", short="", full="", key_points=(), mistakes=(), follow_ups=(), claims=(),
            demos=(), sources=(), cards=tuple(card for card in pool if card.question == name),
        )
        for name in names
    )  # fmt: skip
    return Library((Pack("p", "P", "", questions),))


def queue_of(pool: list[Card], memory: Memory, settings: Settings, at: int, **options: object) -> Queue:
    return todays_queue(packed(pool), memory, settings, at, **options)  # type: ignore[arg-type]


@limits(deadline=None, max_examples=60)
@given(counts=st.lists(st.integers(0, 12), min_size=1, max_size=4))
def test_siblings_are_apart_wherever_the_numbers_allow(counts: list[int], tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    memory = Memory.open(Home(tmp_path_factory.mktemp("home")), Settings())
    clock = Clock()
    pool = cards(*counts)
    queue = queue_of(pool, memory, Settings(new_per_day=100), clock())
    assert sorted(queue.cards) == sorted(card.id for card in pool)
    neighbours = sum(a[0] == b[0] for a, b in zip(queue.cards, queue.cards[1:], strict=False))
    total, largest = sum(counts), max(counts)
    assert neighbours == max(0, largest - (total - largest) - 1)
    memory.close()


def test_the_daily_limit_of_new_cards_counts_those_already_begun(memory: Memory, clock: Clock) -> None:
    pool, settings = cards(10), Settings(new_per_day=4)
    assert len(queue_of(pool, memory, settings, clock()).cards) == 4
    memory.answer(pool[0].id, Rating.EASY, at=clock())
    queue = queue_of(pool, memory, settings, clock())
    assert queue.new == 3
    assert queue_of(pool, memory, settings, clock(), extra_new=2).new == 5
    assert queue.next_due is not None
    clock.pass_days(1)
    assert queue_of(pool, memory, settings, clock()).new == 4


def test_suspended_and_buried_cards_are_left_out_the_buried_until_tomorrow(memory: Memory, clock: Clock) -> None:
    pool, settings = cards(3), Settings()
    memory.suspend(pool[0].id, clock())
    memory.bury(pool[1].id, clock())
    assert queue_of(pool, memory, settings, clock()).cards == (pool[2].id,)
    clock.pass_days(1)
    assert set(queue_of(pool, memory, settings, clock()).cards) == {pool[1].id, pool[2].id}


def test_a_short_session_takes_what_is_likeliest_to_be_forgotten(memory: Memory, clock: Clock) -> None:
    pool, settings = cards(6), Settings()
    for number, card in enumerate(pool):
        memory.answer(card.id, Rating.EASY if number % 2 else Rating.GOOD, at=clock())
    clock.pass_days(60)
    queue = queue_of(pool, memory, settings, clock(), limit=3)
    assert set(queue.cards) == {pool[0].id, pool[2].id, pool[4].id}
    assert queue.overdue == 6


def test_a_failed_card_is_asked_first(memory: Memory, clock: Clock) -> None:
    pool, settings = cards(3), Settings()
    memory.answer(pool[2].id, Rating.AGAIN, at=clock())
    clock.pass_seconds(120)
    queue = queue_of(pool, memory, settings, clock())
    assert queue.cards[0] == pool[2].id
    assert queue.learning == 1


def chained(pool: list[Card], needs: dict[int, list[int]]) -> list[Card]:
    return [replace(card, needs=tuple(pool[n].id for n in needs.get(i, ()))) for i, card in enumerate(pool)]


@limits(deadline=None, max_examples=60)
@given(data=st.data(), counts=st.lists(st.integers(1, 8), min_size=1, max_size=3))
def test_a_new_card_comes_after_those_it_needs(data: st.DataObject, counts: list[int], tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    pool = cards(*counts)
    names = st.integers(0, len(pool) - 1)
    order = data.draw(st.permutations(range(len(pool))))
    # A card needs only cards that stand before it in some order, so there is no circle.
    needs = {order[at]: [order[data.draw(names) % at]] for at in range(1, len(pool)) if data.draw(st.booleans())}
    pool = chained(pool, needs)
    memory = Memory.open(Home(tmp_path_factory.mktemp("home")), Settings())
    asked = list(queue_of(pool, memory, Settings(new_per_day=data.draw(st.integers(1, 30))), Clock()()).cards)
    memory.close()
    for card in pool:
        for need in card.needs:
            if card.id in asked:
                assert asked.index(need) < asked.index(card.id)


def test_a_card_being_reviewed_does_not_wait_for_a_new_one_that_it_needs(memory: Memory, clock: Clock) -> None:
    pool = chained(cards(2), {0: [1]})
    memory.answer(pool[0].id, Rating.AGAIN, at=clock())
    assert queue_of(pool, memory, Settings(), clock()).cards == (pool[0].id, pool[1].id)


def test_a_long_chain_and_even_a_circle_are_put_in_some_order() -> None:
    pool = cards(3000)
    chain = chained(pool, {n: [n + 1] for n in range(2999)})
    assert [card.id for card in in_order(chain)] == [card.id for card in reversed(pool)]
    circle = chained(pool[:2], {0: [1], 1: [0]})
    assert len(in_order(circle)) == 2


def test_packs_kept_in_the_cache_and_packs_in_memory_are_asked_the_same(
    home: Home, memory: Memory, clock: Clock
) -> None:
    kept, held = open_library(builtin_folders(), home.cache), load_library(builtin_folders())
    assert kept.kept is not None
    names = list(held.cards)
    for begin in (0, 40, 80):
        for number, name in enumerate(names[begin : begin + 60]):
            memory.answer(name, Rating(1 + number % 4), at=clock(), revision=1 + (number % 11 == 0))
            if number % 7 == 0:
                (memory.bury, memory.suspend, memory.reset, memory.mark)[number // 7 % 4](name, clock())
            if number % 5 == 0:
                memory.undo(clock())
        clock.pass_days(6)
        for options in ({}, {"limit": 9}, {"only": ("Q4", "Q35")}, {"extra_new": 30}):
            first, second = (todays_queue(one, memory, Settings(), clock(), **options) for one in (kept, held))  # type: ignore[arg-type]
            assert first == second
            assert first.cards
