"""Packs in the app: several on Home, one alone, and edits that show without a restart."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import OptionList

from prep_app.content.new_pack import write_starter
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from prep_app.ui import edits
from prep_app.ui.screens.confirm_link.screen import ConfirmLinkScreen
from prep_app.ui.screens.study.screen import StudyScreen
from tests.ui.conftest import Learner, Opened
from tests.ui.one_card import RECALL, install


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for edits all the time, so that no test waits for a second."""
    monkeypatch.setattr(edits, "LOOK_EVERY", 0.05)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    write_starter(tmp_path / "ml_ops", "MLOps [b]now[/b]")
    return tmp_path / "ml_ops"


def edit(file: Path, old: str, new: str) -> None:
    """Save the file as an editor does: beside, then in its place."""
    text = file.read_text()
    assert old in text
    beside = file.with_suffix(".new")
    beside.write_text(text.replace(old, new))
    beside.replace(file)


def titles(learner: Learner) -> list[str]:
    """The rows of Home's menu, headings in brackets."""
    options = learner.app.home_screen.query_one("#menu", OptionList).options
    return [f"[{row.prompt}]" if row.disabled else str(row.prompt) for row in options]


def said(learner: Learner) -> list[str]:
    """What the app has said in its toasts."""
    return [notice.message for notice in learner.app._notifications]


async def study(learner: Learner) -> StudyScreen:
    await learner.until(lambda: isinstance(learner.app.screen, StudyScreen))
    await learner.pilot.pause()
    screen = learner.app.screen
    assert isinstance(screen, StudyScreen)
    return screen


# Home


async def test_one_pack_needs_no_heading(opened: Opened) -> None:
    async with opened() as learner:
        assert not any(row.startswith("[") for row in titles(learner))


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_several_packs_stand_under_their_titles(opened: Opened, home: Home, width: int) -> None:
    write_starter(home.packs / "ml_ops", "MLOps [b]now[/b] " + "and for ever " * 9)
    async with opened((width, 40)) as learner:
        rows = titles(learner)
        headings = [row for row in rows if row.startswith("[")]
        assert "Fine-tuning" in headings[0]
        assert "MLOps [b]now[/b]" in headings[1]
        assert rows[rows.index(headings[1]) + 1].startswith("ml_ops-1 A first question")
        assert all(len(heading) <= width for heading in headings)
        assert "── Fine-tuning ─" in learner.reads()


async def test_a_heading_is_passed_over_and_a_question_below_it_starts(opened: Opened, home: Home) -> None:
    write_starter(home.packs / "ml_ops")
    async with opened((80, 40)) as learner:
        menu = learner.app.screen.query_one("#menu", OptionList)
        met = set()
        for _ in titles(learner):
            assert menu.highlighted_option is not None
            assert not menu.highlighted_option.disabled
            met.add(menu.highlighted_option.id)
            await learner.press("down")
        assert len(met) == sum(not row.startswith("[") for row in titles(learner))
        menu.highlighted = menu.get_option_index("question:ml_ops-1")
        await learner.press("enter")
        screen = await study(learner)
        assert screen.session.current is not None
        assert screen.session.current.question == "ml_ops-1"


async def test_a_faulty_pack_is_counted_and_named_with_the_command_that_shows_why(opened: Opened, home: Home) -> None:
    write_starter(home.packs / "my pack")
    edit(home.packs / "my pack" / "question_1.yaml", "prompt: Which factor", "promt: Which factor")
    async with opened((120, 40)) as learner:
        assert f"1 problem in the packs; see them with: prep check '{home.packs}/my pack'" in " ".join(
            learner.reads().split()
        )


# One pack alone


async def test_a_pack_alone_is_all_there_is(opened: Opened, pack: Path) -> None:
    async with opened((80, 40), packs=[pack]) as learner:
        assert learner.app.desk is not None
        assert list(learner.app.desk.library.questions) == ["ml_ops-1"]
        assert "LoRA and QLoRA" not in learner.reads()
        assert "problem" not in learner.reads()


async def test_what_is_wrong_with_it_is_said_at_once(opened: Opened, pack: Path) -> None:
    edit(pack / "question_1.yaml", "prompt: Which factor", "promt: Which factor")
    async with opened((80, 40), packs=[pack], study=[]) as learner:
        await study(learner)
        [told] = said(learner)
        assert told.startswith("1 problem in ml_ops/question_1.yaml:")
        assert told.endswith("The rest works.")


# Edits


async def test_an_edit_shows_without_a_restart_and_costs_no_history(opened: Opened, home: Home) -> None:
    file = write_starter(home.packs / "ml_ops")[1]
    memory = Memory.open(home, Settings())
    memory.answer("ml_ops-recall", Rating.AGAIN, at=1_700_000_000_000)  # type: ignore[arg-type]
    memory.close()
    async with opened((80, 40)) as learner:
        before = learner.app.home_screen.today
        assert before is not None
        assert (before.due, before.learned) == (1, 1)
        edit(file, "Which weights does LoRA train?", "Which numbers does LoRA learn?")
        edit(file, "title: A first question", "title: A better title")
        await learner.until(lambda: "A better title" in learner.reads())
        after = learner.app.home_screen.today
        assert after is not None
        assert (after.due, after.learned) == (1, 1)
        menu = learner.app.screen.query_one("#menu", OptionList)
        menu.highlighted = menu.get_option_index("question:ml_ops-1")
        await learner.press("enter")
        await study(learner)
        assert "Which numbers does LoRA learn?" in learner.reads()


async def test_a_pack_put_there_while_the_app_is_open_appears(opened: Opened, home: Home) -> None:
    async with opened((80, 40)) as learner:
        menu = learner.app.screen.query_one("#menu", OptionList)
        menu.highlighted = menu.get_option_index("question:Q14")
        write_starter(home.packs / "ml_ops")
        await learner.until(lambda: "A first question" in learner.reads())
        assert menu.highlighted_option is not None
        assert menu.highlighted_option.id == "question:Q14"  # where it was, though a heading came between


async def test_a_slip_in_an_edit_is_said_with_its_place_and_the_rest_goes_on(opened: Opened, pack: Path) -> None:
    file = pack / "question_1.yaml"
    async with opened((80, 40), packs=[pack]) as learner:
        edit(file, "prompt: Which factor", "promt: Which factor")
        await learner.until(lambda: said(learner))
        [told] = said(learner)
        assert told.startswith("1 problem in ml_ops/question_1.yaml:")
        assert 'did you mean "prompt"?' in told
        assert learner.app.desk is not None
        assert len(learner.app.desk.library.cards) == 6
        edit(file, "promt: Which factor", "prompt: Which factor")
        await learner.until(lambda: "The packs are sound again" in said(learner))
        assert len(learner.app.desk.library.cards) == 7


async def test_a_file_that_is_only_half_written_loses_nothing_for_good(opened: Opened, pack: Path) -> None:
    file = pack / "question_1.yaml"
    text = file.read_text()
    async with opened((80, 40), packs=[pack]) as learner:
        assert learner.app.desk is not None
        file.write_text(text[: len(text) // 2] + "\n  - [")
        await learner.until(lambda: learner.app.desk.library.problems)
        file.write_text(text)
        await learner.until(lambda: len(learner.app.desk.library.cards) == 7)


async def test_every_screen_that_shows_cards_is_told(
    opened: Opened, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []

    async def changed(screen: StudyScreen, desk: object) -> None:
        told.append(desk)

    monkeypatch.setattr(StudyScreen, "library_changed", changed, raising=False)
    async with opened((80, 40), packs=[pack], study=[]) as learner:
        await study(learner)
        edit(pack / "question_1.yaml", "title: A first question", "title: A better title")
        await learner.until(lambda: told)
        assert told == [learner.app.desk]


# Markdown from a pack

ANSWER = r"""
    Formula $\frac{\alpha}{r} B A$ for $5; the token <pad> of setup.py and `$x_1$`.

    [here](https://example.org/a), [there](http://example.org), ![a picture](https://example.org/p.png)

    - one
      - two
    - three

    ```python
    total = 1  # a comment that is far too long for a narrow screen, so its end must be folded
    ```
"""


async def test_markdown_is_readable_and_only_a_link_can_be_clicked_which_asks(opened: Opened, home: Home) -> None:
    install(home, RECALL.replace("answer: Storage.", "answer: |" + ANSWER))
    async with opened((60, 50), study=["T1"]) as learner:
        await study(learner)
        await learner.press("space")
        await learner.until(lambda: "be folded" in learner.reads())
        seen = learner.reads()
        assert "α/r B A for $5; the token <pad> of setup.py and" in seen
        assert "$x_1$" in seen
        rows = [line.strip() for line in seen.splitlines()]
        assert rows.index("• three") == rows.index("• one") + 2
        clickable = {
            str(segment.style.meta["@click"])
            for strip in learner.app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None and "@click" in segment.style.meta
        }
        assert clickable == {
            "link('https://example.org/a')",
            "link('http://example.org')",
            "link('https://example.org/p.png')",
        }
        row = next(number for number, line in enumerate(seen.splitlines()) if line.strip().startswith("here, there"))
        await learner.pilot.click(offset=(seen.splitlines()[row].index("here") + 1, row))
        await learner.until(lambda: isinstance(learner.app.screen, ConfirmLinkScreen))
        assert "https://example.org/a" in learner.reads()
