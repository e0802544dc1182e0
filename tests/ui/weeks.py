"""A learner who has practised for some weeks, and sat a mock now and then: simulated, and the same on any day."""

from __future__ import annotations

import random
from textwrap import indent

from prep_app.answers.response import Picked, Ran
from prep_app.content.library import library_for
from prep_app.content.model import Library
from prep_app.memory.schedule import recall
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.practice.mock import Terms
from prep_app.practice.mock_interview import Interview
from prep_app.practice.mock_kept import note_answers, note_report
from prep_app.practice.mock_report import report
from prep_app.practice.session import Session
from prep_app.settings import Settings
from tests.conftest import Clock
from tests.ui.one_card import KINDS

WEEKS = 6
TOPICS = {
    "Q4": ("LoRA and QLoRA", ("Scaling", "Merging", "NF4", "Double quantization")),
    "Q14": ("Catastrophic forgetting", ("Elastic weight consolidation", "Rehearsal")),
    "Q35": ("PEFT and forgetting", ("Bottleneck adapters", "Prefix tuning")),
}
HARD = ("Elastic weight consolidation", "Prefix tuning")
CARD = """\
- id: {id}
  kind: recall
  topic: {topic}
  difficulty: {level}
  prompt: "{topic}, asked {asked}: what does it change, what does it leave as it was, and what does that cost at inference?"
  answer: It changes a few weights and leaves the base as it was.
  hint: two matrices
  claims: [zero]
  demo: {{name: lora_merge}}
  key_points: [what it changes, {{text: what it leaves, words: [frozen]}}, what it costs]
"""
HEAD = """\
id: {id}
title: {title}
ask: What is it?
answer:
  short: s
  full: f
  key_points: [k]
  follow_ups: [{{ask: And what would you measure first?, answer: "The loss on the old task, before and after."}}]
claims: [{{id: zero, text: "With B = 0 the adapted layer answers as the base does.", demo: lora_merge, check: zero_start}}]
demos: [{{name: lora_merge}}]
cards:
"""


def install_course(home: Home) -> None:
    """A pack of three questions; the first has a card of every kind besides."""
    folder = home.packs / "course"
    folder.mkdir(parents=True)
    (folder / "pack.yaml").write_text("id: course\ntitle: Fine-tuning\n")
    for question, (title, topics) in TOPICS.items():
        cards = [
            CARD.format(id=f"{question.lower()}-{place}-{level}", topic=topic, level=level, asked=asked)
            for place, topic in enumerate(topics)
            for level, asked in ((1, "plainly"), (2, "with numbers"), (3, "by a sceptic"))
        ]
        cards += list(KINDS.values()) if question == "Q4" else []
        text = HEAD.format(id=question, title=title) + "".join(indent(card, "  ") for card in cards)
        (folder / f"{question.lower()}.yaml").write_text(text)


def practise_for_weeks(home: Home, clock: Clock) -> None:
    """Study on most days of the weeks until `clock`'s day, four mocks among them; the last is not marked yet."""
    library, settings, draw = library_for(home), Settings(new_per_day=1), random.Random(4)
    memory = Memory.open(home, settings)
    memory._journal._connection.execute("PRAGMA synchronous=OFF")  # nobody pulls the plug here
    clock.pass_days(-7 * WEEKS)
    for day in range(7 * WEEKS):
        if day % 7 != 3 and not 17 <= day <= 20:
            study(library, memory, settings, clock, draw)
        if day in (12, 24, 33, 41):
            sit(library, memory, settings, clock, skill=0.35 + day / 70, marked=day < 41)
        clock.pass_days(1)
    memory.close()


def study(library: Library, memory: Memory, settings: Settings, clock: Clock, draw: random.Random) -> None:
    """One session, in which cards are recalled about as often as FSRS says."""
    at = clock()
    session = Session.start(library, memory, settings, clock=clock, limit=12)
    while (card := session.current) is not None and session.position < 12:
        clock.pass_seconds(25 + 20 * draw.random())
        hard = card.topic in HARD
        likely = max(0.4, recall(memory.state(card.id, card.revision), clock()) - (0.25 if hard else 0.03))
        session.grade(draw.choices([Rating.GOOD, Rating.EASY], [5, 1])[0] if draw.random() < likely else Rating.AGAIN)
    clock.at = at


def sit(library: Library, memory: Memory, settings: Settings, clock: Clock, *, skill: float, marked: bool) -> None:
    at, draw = clock(), random.Random(round(skill * 1000))
    interview = Interview(library, memory, settings, clock, Terms(20, 6), seed=round(skill * 1000))
    while (asked := interview.current) is not None:
        clock.pass_seconds(90 + 120 * draw.random())
        if asked.card.body.kind == "code":
            interview.judged(interview.answer(None, "pass"), Ran())
        elif asked.card.body.kind == "recall":
            made = {point for point in range(len(asked.card.body.key_points)) if draw.random() < skill}
            interview.tick(interview.answer(Picked()), made)
        else:
            interview.skip()
    note_answers(memory, interview, interview.ended)
    if marked:
        note_report(memory, report(interview), interview.ended)
    clock.at = at
