"""A mock interview without a screen: what is asked, what follows, what it comes to."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from prep_app.answers.code import Checked
from prep_app.answers.response import Picked, Ran, Typed
from prep_app.cli import run
from prep_app.content.body import Body, Choice, Cloze, Code, Gap, KeyPoint, Option, Recall
from prep_app.content.model import Card, CardId, DemoLink, FollowUp, Library, Pack, Question, QuestionId
from prep_app.memory.store import Memory
from prep_app.memory.types import New, Rating
from prep_app.paths import Home
from prep_app.practice.mock import Terms, choose, follow_up, own_follow_ups
from prep_app.practice.mock_interview import Interview
from prep_app.practice.mock_kept import (
    answers,
    count_as_reviews,
    counted,
    history,
    note_answers,
    note_report,
    note_thrown_away,
    report_data,
    unmarked,
)
from prep_app.practice.mock_markdown import as_markdown, export
from prep_app.practice.mock_report import Report, changes, next_step, report
from prep_app.practice.mock_sound import sound
from prep_app.settings import Settings
from tests.conftest import Clock

RECALL = Recall((KeyPoint("first", ("one",)), KeyPoint("second", ("two",))))
CHOICE = Choice((Option("yes", True, "it is"), Option("no", False, "it is not")))
CLOZE = Cloze((Gap(("NF4",)), Gap(("bf16",))))
CODE = Code("f", ("check",))
BODIES: dict[str, Body] = {"recall": RECALL, "choice": CHOICE, "cloze": CLOZE, "code": CODE}


def card(name: str, kind: str = "recall", **details: object) -> Card:
    """A card of question A when its name begins with a, and so on."""
    given = {"topic": name, "answer": "", **details}
    prompt = "___ or ___" if kind == "cloze" else f"What of {name}?"
    return Card(CardId(name), QuestionId(name[0].upper()), prompt=prompt, body=BODIES[kind], **given)  # type: ignore[arg-type]


def library(*cards: Card, follow_ups: tuple[FollowUp, ...] = ()) -> Library:
    names = dict.fromkeys(one.question for one in cards)
    questions = tuple(
        Question(
            id=name,
            pack="p",
            title=f"Title {name}",
            ask="?",
            short="s",
            full="f",
            key_points=(),
            mistakes=(),
            follow_ups=follow_ups,
            claims=(),
            demos=(DemoLink("low_rank"),),
            sources=(),
            cards=tuple(one for one in cards if one.question == name),
        )
        for name in names
    )
    return Library((Pack("p", "P", "", questions),))


def begin(held: Library, memory: Memory, clock: Clock, minutes: int = 20, questions: int = 8) -> Interview:
    return Interview(held, memory, Settings(), clock, Terms(minutes, questions), seed=7)


@st.composite
def many_cards(draw: st.DrawFn) -> list[Card]:
    count = draw(st.integers(1, 30))
    return [
        card(
            f"{draw(st.sampled_from('abc'))}{number}",
            draw(st.sampled_from(sorted(BODIES))),
            topic=f"t{draw(st.integers(0, 5))}",
            difficulty=draw(st.integers(1, 3)),
        )
        for number in range(count)
    ]


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return Memory.open(Home(tmp_path_factory.mktemp("home")), Settings())


# What is chosen


@limits(deadline=None, max_examples=150)
@given(cards=many_cards(), count=st.integers(1, 12), seed=st.integers(0, 2**31))
def test_a_choice_repeats_nothing_keeps_the_count_and_weighs_questions_alike(
    untouched: Memory, cards: list[Card], count: int, seed: int
) -> None:
    held = library(*cards)
    chosen = choose(held, untouched, Settings(), 0, count, seed)
    assert len({one.id for one in chosen}) == len(chosen) == min(count, len(cards))
    assert chosen == choose(held, untouched, Settings(), 0, count, seed), "a seed decides everything"
    asked = Counter(one.question for one in chosen)
    had = Counter(one.question for one in cards)
    for one in had:
        for other in had:
            assert asked[one] >= asked[other] - 1 or asked[one] == had[one], "one short only where it has no more"
    topics = [one.topic for one in chosen]
    if max(Counter(topics).values()) <= (len(topics) + 1) // 2:
        assert all(a != b for a, b in pairwise(topics))


def test_what_is_suspended_or_buried_is_not_asked(memory: Memory, clock: Clock) -> None:
    cards = [card(f"a{number}") for number in range(4)]
    memory.suspend(cards[0].id, clock())
    memory.bury(cards[1].id, clock())
    chosen = choose(library(*cards), memory, Settings(), clock(), 8, 1)
    assert {one.id for one in chosen} == {"a2", "a3"}


def test_weak_cards_are_likelier_and_easy_ones_come_first(memory: Memory, clock: Clock) -> None:
    strong, weak = card("a1"), card("a2")
    for _ in range(3):
        memory.answer(strong.id, Rating.EASY, at=clock())
    held = library(strong, weak)
    drawn = Counter(choose(held, memory, Settings(), clock(), 1, seed)[0].id for seed in range(200))
    assert drawn["a2"] > 2 * drawn["a1"] > 0
    graded = library(*[card(f"a{number}", difficulty=3 - number % 3) for number in range(9)])
    ranks = [one.difficulty for one in choose(graded, memory, Settings(), clock(), 9, 3)]
    assert ranks == sorted(ranks)


def test_most_of_a_long_interview_is_talk(untouched: Memory) -> None:
    held = library(
        *[card(f"a{number}", kind) for number, kind in enumerate(["recall", "choice", "cloze", "code"] * 10)]
    )
    kinds: Counter[str] = Counter()
    for seed in range(30):
        kinds.update(one.body.kind for one in choose(held, untouched, Settings(), 0, 8, seed))
    assert kinds["recall"] > 0.45 * sum(kinds.values())
    assert all(kinds[kind] > 0 for kind in BODIES)


def test_a_topic_may_be_asked_for_by_name_or_by_question(untouched: Memory) -> None:
    held = library(card("a1", topic="EWC"), card("a2", topic="LoRA"), card("b1", topic="EWC"))

    def names(topic: str) -> set[str]:
        return {one.id for one in choose(held, untouched, Settings(), 0, 9, 1, topic)}

    assert (names("ewc"), names("A"), names("")) == ({"a1", "b1"}, {"a1", "a2"}, {"a1", "a2", "b1"})


# What follows a good answer


def test_a_follow_up_needs_the_card_or_is_harder_or_is_the_questions_own(untouched: Memory) -> None:
    first = card("a1", topic="EWC")
    needs = card("a2", topic="Other", needs=(first.id,))
    harder, as_easy = card("a3", topic="EWC", difficulty=2), card("a4", topic="EWC")
    held = library(first, needs, harder, as_easy, follow_ups=(FollowUp("And then?", "This."),))
    own = own_follow_ups(held.questions[QuestionId("A")])[0]
    found = {
        further.id
        for seed in range(40)
        if (further := follow_up(first, held, untouched, Settings(), 0, {first.id}, random.Random(seed)))
    }
    assert found == {needs.id, harder.id, own.id}
    taken = {first.id, needs.id, harder.id, own.id}
    assert follow_up(first, held, untouched, Settings(), 0, taken, random.Random(1)) is None


@pytest.mark.parametrize(
    ("kind", "good", "poor"),
    [
        ("choice", Picked(frozenset({0})), Picked(frozenset({1}))),
        ("cloze", Typed(("NF4", "bf16")), Typed(("NF4", ""))),
        ("recall", Picked(frozenset({0, 1})), Picked()),  # what was heard in typed notes, and nothing
    ],
)
def test_only_a_good_answer_is_followed_up(
    memory: Memory, clock: Clock, kind: str, good: Picked | Typed, poor: Picked | Typed
) -> None:
    held = library(card("a1", kind), card("a2", kind), follow_ups=(FollowUp("And?", "So."),))
    for response, followed in ((good, True), (poor, False)):
        interview = begin(held, memory, clock, questions=2)
        if kind == "choice":  # shuffled: what is right stands where it stands
            right = next(i for i, option in enumerate(interview.current.options) if option.correct)
            response = Picked(frozenset({right if followed else 1 - right}))
        interview.answer(response, "notes")
        assert interview.is_follow_up is followed
        assert interview.number == (1 if followed else 2)


def test_good_code_is_followed_up_once_it_has_run_and_never_in_the_middle_of_a_question(
    memory: Memory, clock: Clock
) -> None:
    held = library(card("a1", "code"), card("a2", "code"), card("a3", "code"), follow_ups=(FollowUp("And?", "So."),))
    interview = begin(held, memory, clock, questions=3)
    place = interview.answer(None, "pass")
    in_hand = interview.current
    interview.judged(place, Ran((Checked("holds", True, "1", "1"),)))
    assert interview.current is in_hand
    place = interview.answer(None, "pass")
    assert interview.is_follow_up
    assert interview.number == 1
    interview.answer(Picked(), "so")
    interview.judged(place, Ran((Checked("holds", False, "1", "2"),)))
    last = interview.answer(None, "pass")
    assert interview.current is None, "what failed is not followed up"
    interview.judged(last, Ran((Checked("holds", True, "1", "1"),)))
    assert [item.follows for item in interview.items] == [0, 0, 1, 0]
    assert report(interview).earned == (), "its only follow-up was asked"


def test_a_follow_up_that_nobody_heard_is_not_counted_as_missed(memory: Memory, clock: Clock) -> None:
    cards = card("a1", "code"), card("a2", difficulty=3)
    interview = begin(library(*cards, follow_ups=(FollowUp("And?", "So."),)), memory, clock, minutes=2, questions=2)
    interview.judged(interview.answer(None, "pass"), Ran((Checked("holds", True, "1", "1"),)))
    clock.pass_seconds(500)
    interview.answer(Picked())
    assert [item.card.id for item in interview.items] == ["a1", "a2"]
    assert report(interview).earned == (("A", FollowUp("And?", "So.")),), "it is there to be read"


def test_who_is_behind_time_is_asked_no_follow_up(memory: Memory, clock: Clock) -> None:
    held = library(card("a1"), card("a2"), follow_ups=(FollowUp("And?", "So."),))
    interview = begin(held, memory, clock, minutes=10, questions=2)
    clock.pass_seconds(301)
    interview.answer(Picked(frozenset({0, 1})), "one two")
    assert not interview.is_follow_up


# The clock


def test_the_time_runs_out_after_the_present_answer(memory: Memory, clock: Clock) -> None:
    interview = begin(library(*[card(f"a{number}") for number in range(3)]), memory, clock, minutes=1, questions=3)
    clock.pass_seconds(61)
    assert interview.time_is_up
    assert interview.current is not None
    interview.answer(Picked())
    assert interview.current is None
    assert [item.reached for item in interview.items] == [True, False, False]
    assert interview.items[0].seconds == 61
    assert report(interview).not_reached == 2


def test_each_question_keeps_its_own_time(memory: Memory, clock: Clock) -> None:
    interview = begin(library(card("a1"), card("a2")), memory, clock)
    clock.pass_seconds(12)
    interview.answer(Picked())
    clock.pass_seconds(30)
    interview.skip()
    assert [item.seconds for item in interview.items] == [12, 30]
    assert report(interview).seconds == 42


def test_an_interview_ended_early_keeps_what_was_answered(memory: Memory, clock: Clock) -> None:
    interview = begin(library(*[card(f"a{number}") for number in range(4)]), memory, clock)
    interview.answer(Picked(frozenset({0, 1})))
    interview.end()
    held = report(interview)
    assert interview.current is None
    assert (interview.answered, held.skipped, held.not_reached) == (1, 1, 2)
    assert held.score == pytest.approx(1 / 4)
    assert held.answered_score == 1


# The report


def taken(memory: Memory, clock: Clock, *made: int) -> Report:
    """One recall question after another, of which so many of its two points were made."""
    interview = begin(library(*[card(f"{'ab'[n % 2]}{n}") for n, _ in enumerate(made)]), memory, clock)
    for place, points in enumerate(made):
        clock.pass_seconds(20)
        interview.answer(Picked())
        interview.tick(place, range(points))
    return report(interview)


@limits(deadline=None, max_examples=50)
@given(made=st.lists(st.integers(0, 2), min_size=1, max_size=8))
def test_every_score_is_a_mean_of_credits_and_can_be_had_again_from_the_journal(
    untouched: Memory, made: list[int]
) -> None:
    held = taken(untouched, Clock(), *made)
    assert held.score == pytest.approx(sum(made) / (2 * len(made)))
    for question, share in held.by_question.items():
        credits = [scored.credit for scored in held.items if scored.question == question]
        assert share == pytest.approx(sum(credits) / len(credits))
    assert [scored.credit for scored in held.weakest] == sorted(points / 2 for points in made if points < 2)
    data = json.loads(json.dumps(report_data(held)))
    assert data["score"] == pytest.approx(
        sum(item["right"] / item["total"] for item in data["items"]) / len(data["items"]), abs=1e-4
    )
    assert sound(data)


def test_a_choice_or_code_is_right_or_not_and_gaps_count_one_by_one(memory: Memory, clock: Clock) -> None:
    half = Typed(("NF4", "int8"))
    failed = Ran((Checked("holds", False, "1", "2"),))
    held = library(card("a1", "choice"), card("a2", "cloze"), card("a3", "code"))
    interview = begin(held, memory, clock)
    while (asked := interview.current) is not None:
        kind = asked.card.body.kind
        wrong = Picked(
            frozenset(
                {next(i for i, option in enumerate(asked.options) if not option.correct)} if asked.options else ()
            )
        )
        place = interview.answer({"choice": wrong, "cloze": half, "code": None}[kind], "text")
        if kind == "code":
            assert interview.items[place].pending
            interview.judged(place, failed)
    credits = {scored.card: (scored.right, scored.total) for scored in report(interview).items}
    assert credits == {"a1": (0, 1), "a2": (1, 2), "a3": (0, 1)}
    missed = {scored.card: scored.missed for scored in report(interview).items}
    assert missed == {"a1": ("yes",), "a2": ("bf16",), "a3": ("holds",)}


def test_the_report_names_what_to_repair_and_the_demo_for_it(memory: Memory, clock: Clock) -> None:
    cards = [card("a1", demo=DemoLink("ewc_penalty")), card("b1")]
    interview = begin(library(*cards), memory, clock)
    while interview.current is not None:
        interview.tick(interview.answer(Picked()), {0} if interview.items[-1].card.id == "b1" else ())
    held = report(interview)
    assert [scored.card for scored in held.weakest] == ["a1", "b1"]
    assert [demo.name for demo in held.demos] == ["ewc_penalty", "low_rank"], "its own, else its question's first"
    assert "Study A · a1 next and run ewc_penalty" in next_step(held)


def test_what_was_said_aloud_and_was_good_earns_a_follow_up_to_read(memory: Memory, clock: Clock) -> None:
    interview = begin(library(card("a1"), follow_ups=(FollowUp("And?", "So."),)), memory, clock)
    interview.tick(interview.answer(Picked()), {0, 1})
    assert report(interview).earned == (("A", FollowUp("And?", "So.")),)


def test_a_mock_is_kept_and_leaves_the_schedule_alone_unless_asked(memory: Memory, clock: Clock) -> None:
    held = taken(memory, clock, 2, 0)
    note_report(memory, held, held.ended)
    assert [past.score for past in history(memory)] == [0.5]
    assert memory.state(CardId("a0")) == New()
    assert memory.reviews() == []
    assert count_as_reviews(held, memory) == 2
    assert {(review.card, review.rating, review.seconds) for review in memory.reviews()} == {
        (scored.card, Rating.GOOD if scored.credit == 1 else Rating.AGAIN, 20) for scored in held.items
    }


def test_only_cards_that_were_answered_count_as_reviews(memory: Memory, clock: Clock) -> None:
    interview = begin(library(card("a1"), card("a2"), follow_ups=(FollowUp("And?", "So."),)), memory, clock)
    interview.answer(Picked(frozenset({0, 1})), "one two")
    assert interview.is_follow_up
    interview.answer(Picked(frozenset({0})), "so")
    interview.skip()
    assert [item.card for item in report(interview).countable] == [interview.items[0].card.id]


def test_the_markdown_says_all_of_it(memory: Memory, clock: Clock, home: Home) -> None:
    cards = [card("a1", topic="pipe | topic"), card("a2")]
    interview = begin(library(*cards, follow_ups=(FollowUp("And?", "So."),)), memory, clock)
    while (asked := interview.current) is not None:
        interview.tick(interview.answer(Picked(), "my notes"), () if asked.card.id == "a1" else {0, 1})
    held = report(interview)
    note_report(memory, held, held.ended)
    kept = export(held, history(memory), home.exports)
    assert kept.name == "mock-2026-03-02-1000.md"
    text = kept.read_text()
    assert text == as_markdown(held, history(memory))
    for said in ("**50%**", "pipe \\| topic", "- missed: first", "- you noted: my notes", "`prep demo low_rank`"):
        assert said in text


# In the journal


def every_kind(memory: Memory, clock: Clock) -> Interview:
    """An interview over one card of several kinds, answered; its code has not run."""
    held = library(*[card(f"a{kind}", kind) for kind in BODIES], follow_ups=(FollowUp("And?", "So."),))
    interview = begin(held, memory, clock, questions=4)
    said = {"recall": Picked(frozenset({0})), "choice": Picked(frozenset({1})), "cloze": Typed(("NF4", "\x1b[31mint8"))}
    while (asked := interview.current) is not None:
        clock.pass_seconds(20)
        interview.answer(said.get(asked.card.body.kind), "typed")
    return interview


def test_a_report_is_opened_again_as_it_was(memory: Memory, clock: Clock) -> None:
    interview = every_kind(memory, clock)
    place = next(place for place, item in enumerate(interview.items) if item.pending)
    interview.judged(place, Ran((Checked("holds", False, "1", "2"),)))
    held = report(interview)
    note_report(memory, held, held.ended)
    assert history(memory) == (held,)
    assert not counted(held, memory)
    count_as_reviews(history(memory)[0], memory)
    assert counted(held, memory)
    memory.undo(clock())
    assert counted(held, memory), "all but one still stand"


def test_a_mock_kept_before_reports_could_be_opened_again_is_still_read(memory: Memory) -> None:
    item = {"card": "a1", "question": "A", "topic": "EWC", "turn": 1000007, "seconds": 3.5, "right": 1, "total": 2}
    item |= {"reached": True, "skipped": False, "follow_up": False}
    data = {"started": 5, "ended": 9, "minutes": 20, "questions": 1, "topic": "", "seed": 7, "score": 0.5}
    data |= {"items": [item]}
    assert sound(data)
    memory.note_mock(data, 9)
    [held] = history(memory)
    assert (held.score, held.items[0].headline, held.countable) == (0.5, "a1", ())
    assert as_markdown(held, [held])


def test_what_was_answered_is_marked_another_day(memory: Memory, clock: Clock) -> None:
    interview = every_kind(memory, clock)
    note_answers(memory, interview, clock())
    [data] = unmarked(memory)
    assert sound(data)
    assert history(memory) == ()
    again = answers(data, interview.library)
    assert [item.pending for item in again.items] == [item.pending for item in interview.items]
    for held in (interview, again):
        place = next(place for place, item in enumerate(held.items) if item.pending)
        held.judged(place, Ran((Checked("holds", True, "1", "1"),)))
    assert report(again).score == report(interview).score
    assert report(again).earned == report(interview).earned
    note_report(memory, report(again), clock())
    assert unmarked(memory) == ()
    note_answers(memory, interview, clock() + 1)
    assert len(history(memory)) == 1, "a mock that was marked stays so"


def test_a_mock_thrown_away_waits_no_more(memory: Memory, clock: Clock) -> None:
    interview = every_kind(memory, clock)
    note_answers(memory, interview, clock())
    note_thrown_away(memory, interview, clock())
    assert unmarked(memory) == history(memory) == ()


def test_cards_that_are_gone_or_are_another_kind_now_are_left_out_of_the_marking(memory: Memory, clock: Clock) -> None:
    interview = every_kind(memory, clock)
    note_answers(memory, interview, clock())
    [data] = unmarked(memory)
    again = answers(data, library(card("arecall"), card("achoice", "cloze")))
    assert [item.card.id for item in again.items] == ["arecall"]
    assert answers(data, library(card("b1"))) is None


def test_each_topic_is_compared_with_the_last_mock_that_asked_about_it(memory: Memory, clock: Clock) -> None:
    past = []
    for made in ((2, 0), (1,), (0, 1)):
        past.append(taken(memory, clock, *made))
        clock.pass_days(1)
    found = {change.topic: (change.before, change.credit, change.points) for change in changes(past)}
    assert found == {"a0": (0.5, 0, -50), "b1": (0, 0.5, 50)}
    assert [change.before for change in changes(past[:1])] == [None, None]


@pytest.mark.parametrize(
    "wrong",
    [
        {"started": "now"},
        {"started": 10**18},
        {"minutes": 0},
        {"wanted": 0},
        {"answers": [{"card": 5}]},
        {"answers": [7]},
        {"answers": None},
        {"seed": 1.5},
    ],
)
def test_what_no_prep_would_have_kept_is_not_sound(memory: Memory, clock: Clock, wrong: dict[str, object]) -> None:
    note_answers(memory, every_kind(memory, clock), clock())
    body = {**unmarked(memory)[0], **wrong}
    try:
        assert not sound(body)
    except (LookupError, TypeError):
        pass


# The command


def test_the_history_is_printed_by_contract(memory: Memory, clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mock", "--history"]) == 0
    assert "prep mock" in capsys.readouterr().out, "it says how to begin one"
    held = taken(memory, clock, 2, 0)
    note_report(memory, held, held.ended)
    assert run(["mock", "--history", "--json"]) == 0
    [past] = json.loads(capsys.readouterr().out)
    assert past == {
        "at": held.started,
        "minutes": 20,
        "questions": 2,
        "seconds": 40,
        "score": 0.5,
        "by_question": held.by_question,
        "by_topic": [
            {"question": "B", "topic": "b1", "credit": 0},
            {"question": "A", "topic": "a0", "credit": 1},
        ],
    }
    assert run(["mock", "--history"]) == 0
    assert "2026-03-02 10:00" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--minutes", "0"], "--minutes must be from 1 to 240, not 0"),
        (["--questions", "1000"], "--questions must be from 1 to 100, not 1000"),
        (["--topic", "EWD"], 'did you mean "EWC"?'),
        (["--json"], "--json goes with --history"),
    ],
)
def test_misuse_is_one_line(home: Home, capsys: pytest.CaptureFixture[str], words: list[str], says: str) -> None:
    assert run(["mock", *words]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_terms_share_the_time_evenly() -> None:
    assert replace(Terms(), questions=4).share == 300
