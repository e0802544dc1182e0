"""Text from a pack is text: shown as it was written, never as markup, a link, a colour or a command."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from prep_app.content.model import CardId
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from prep_app.ui.screens.study.screen import StudyScreen
from tests.ui.conftest import Learner, Opened

HEAD = "id: hostile\ntitle: '[b]H[/b]'\n"
QUESTION = r"""
id: H1
title: "[red]Title[/red]"
ask: "What does [/nope] close?"
answer: {short: "[b]short", full: "[@click=app.quit]full[/]", key_points: ["[i]point[/i]"]}
cards:
  - id: h1-recall
    kind: recall
    topic: "[u]topic[/u]"
    prompt: "prompt [bold red]softmax[dim][/nope] $error [@click=app.quit]x[/]"
    hint: "hint [b]h[/b] \e[31m\e]0;owned\a"
    answer: "answer [b]softmax[dim][/b] \e[2J and `[/]`"
    key_points: ["point [b]p[/b] [/nope]", "\e]8;;https://example.org\e\\link\e]8;;\e\\"]
  - id: h1-choice
    kind: choice
    topic: choice
    prompt: "choose [/]"
    options:
      - {text: "option [b]one[/b]", why: "why [/nope]", correct: true}
      - {text: "option [/two]", why: "why [@click=app.bell]y[/]"}
  - id: h1-cloze
    kind: cloze
    topic: cloze
    prompt: "gap [b]___[/b] and [/nope] \e[31m"
    gaps: [{accept: ["[red]gap[/red]"], wrong: [{text: x, why: "[/why]"}]}]
  - id: h1-numeric
    kind: numeric
    topic: numeric
    prompt: "sum [b]of[/b] {x} and [/sum]"
    variables: {x: {values: [3, 4]}}
    formula: x + 1
    unit: "[u]unit[/u]"
    worked: "worked [b]{x}[/b] \e[2J"
  - id: h1-order
    kind: order
    topic: order
    prompt: "order [/]"
    steps: ["step [b]a[/b]", {text: "step [/b]", why: "whyso [/c]"}, "step [@click=app.quit]c[/]"]
  - id: h1-compare
    kind: compare
    topic: compare
    prompt: "table [/]"
    columns: ["[b]column[/b]", "two [/]"]
    rows: [{aspect: "[i]aspect[/i]", cells: ["given [/x]", {accept: ["[b]cell[/b]"]}]}]
"""


@pytest.fixture
def hostile(home: Home) -> None:
    folder = home.packs / "hostile"
    folder.mkdir(parents=True)
    (folder / "pack.yaml").write_text(HEAD)
    (folder / "h1.yaml").write_text(QUESTION)
    memory = Memory.open(home, Settings())
    memory.answer(CardId("some-other-card"), Rating.GOOD, at=0)  # no first session, which is a short one
    memory.close()


async def session_on_h1(learner: Learner) -> StudyScreen:
    await learner.until(lambda: isinstance(learner.app.screen, StudyScreen))
    screen = learner.app.screen
    assert isinstance(screen, StudyScreen)
    await learner.pilot.pause()
    return screen


@pytest.mark.usefixtures("hostile")
async def test_every_text_of_a_card_stands_as_it_was_written(opened: Opened) -> None:
    async with opened((100, 40), study=["H1"]) as learner:
        screen = await session_on_h1(learner)
        seen = learner.reads()
        while screen.session.current is not None:
            if isinstance(screen.focused, Input):
                await learner.press("escape")  # from typing to commands
            if screen.session.current.hint:
                await learner.press("h")
            await learner.press("space", "f")
            await learner.pilot.pause()
            seen += learner.reads()
            await learner.press("i")
            seen += learner.reads()
            await learner.press("escape", "3")
        seen += learner.reads()  # the summary
    for text in [
        "prompt [bold red]softmax[dim][/nope] $error [@click=app.quit]x[/]",
        "hint [b]h[/b]",
        "answer [b]softmax[dim][/b]",
        "point [b]p[/b] [/nope]",
        "option [b]one[/b]",
        "why [/nope]",
        "[u]topic[/u]",
        "[@click=app.quit]full[/]",
        "choose [/]",
        "and [/nope]",
        "[red]gap[/red]",
        "sum [b]of[/b]",
        "[u]unit[/u]",
        "step [b]a[/b]",
        "whyso [/c]",
        "step [@click=app.quit]c[/]",
        "[b]column[/b]",
        "[i]aspect[/i]",
        "given [/x]",
        "[b]cell[/b]",
    ]:
        assert text in seen, text
    assert "link" in seen
    assert "owned" not in seen
    assert "\x1b" not in seen


@pytest.mark.usefixtures("hostile")
async def test_home_and_browse_show_it_as_text_too(opened: Opened) -> None:
    async with opened((100, 40)) as learner:
        assert "[red]Title[/red]" in learner.reads()
        await learner.press("slash", *"nope")
        await learner.until(lambda: "softmax[dim][/nope]" in learner.reads())


@pytest.mark.usefixtures("hostile")
async def test_a_broken_pack_costs_the_others_nothing_and_is_mentioned(opened: Opened, home: Home) -> None:
    broken = home.packs / "broken"
    broken.mkdir()
    (broken / "pack.yaml").write_text("id: broken\ntitle: [unclosed\n")
    (broken / "b.yaml").write_text("a: &a [x, x]\nb: &b [*a, *a]\n" + "".join(f"c{n}: [*b, *b]\n" for n in range(50)))
    async with opened((100, 40)) as learner:
        shown = learner.reads()
        assert "prep check" in shown
        for title in ("LoRA and QLoRA", "Catastrophic forgetting", "PEFT and forgetting", "[red]Title[/red]"):
            assert title in shown
