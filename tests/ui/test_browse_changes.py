"""Browse: cards practised, suspended, marked and made new, on disk and with a way back."""

from __future__ import annotations

import pytest

from prep_app.content.model import CardId
from prep_app.memory.days import now
from prep_app.memory.types import Learned, New, Rating
from prep_app.paths import Home
from prep_app.ui.screens.bench.screen import BenchScreen
from prep_app.ui.screens.study.screen import StudyScreen
from tests.ui.browsing import browse, listed, on_disk, seek, settled
from tests.ui.conftest import Opened


@pytest.fixture
def reviewed(home: Home) -> CardId:
    """A card that was answered yesterday."""
    card = CardId("q4-lora-idea")
    memory = on_disk(home)
    memory.answer(card, Rating.GOOD, at=now() - 30 * 3_600_000)
    memory.close()
    return card


async def test_enter_practises_a_card_and_comes_back_to_the_list(opened: Opened, home: Home) -> None:
    async with opened() as learner:
        await browse(learner, "fisher", "enter", "down")
        card = listed(learner).card
        assert card is not None
        await learner.press("enter")
        study = learner.app.screen
        assert isinstance(study, StudyScreen)
        assert study.session.current is card
        assert study.session.practice
        study.session.grade(Rating.GOOD)
        while learner.screen == "StudyScreen":
            await learner.press("escape")
        await settled(learner)
        assert listed(learner).card is card
    memory = on_disk(home)
    assert memory.state(card.id) == New()
    assert len(memory.reviews()) == 1
    memory.close()


async def test_all_that_was_found_is_practised_in_the_order_shown(opened: Opened) -> None:
    async with opened() as learner:
        await browse(learner, "fisher", "down")
        cards = [card.id for card in listed(learner).cards]
        await learner.press("p")
        study = learner.app.screen
        assert isinstance(study, StudyScreen)
        assert study.session.total == len(cards)
        assert list(study.session._plan.waiting) == cards


async def test_suspending_is_on_disk_shows_in_place_and_is_taken_back(opened: Opened, home: Home) -> None:
    async with opened() as learner:
        await browse(learner, "question:Q4 is:new", "down", "down")
        card = listed(learner).card
        assert card is not None
        total = len(listed(learner).cards)
        await learner.press("s")
        memory = on_disk(home)
        assert memory.flags(card.id).suspended
        memory.close()
        assert "suspended" in learner.reads()
        assert len(listed(learner).cards) == total  # it stays in sight until the next search
        assert listed(learner).card is card
        await learner.press("s")
        assert not learner.app.desk.memory.flags(card.id).suspended
        await learner.press("u")
        assert learner.app.desk.memory.flags(card.id).suspended
        await learner.press("u")
        assert not learner.app.desk.memory.flags(card.id).suspended
        before = len(learner.app.desk.memory._journal.of_kind("undo"))
        await learner.press("u")  # nothing of what was done elsewhere
        assert len(learner.app.desk.memory._journal.of_kind("undo")) == before


@pytest.mark.parametrize("key", ["m", "asterisk"])
async def test_a_mark_is_set_found_and_taken_off(opened: Opened, home: Home, key: str) -> None:
    async with opened() as learner:
        await browse(learner, "fisher", "down", key)
        card = listed(learner).card
        assert card is not None
        assert "★" in learner.reads()
        await learner.press("slash", *["backspace"] * 6)
        await seek(learner, "is:marked")
        assert [one.id for one in listed(learner).cards] == [card.id]
        await learner.press("down", key)
        assert not learner.app.desk.memory.flags(card.id).marked


async def test_a_card_is_made_new_only_after_asking_and_that_is_taken_back(
    opened: Opened, home: Home, reviewed: CardId
) -> None:
    async with opened() as learner:
        await browse(learner, reviewed, "down", "r")
        assert learner.screen == "ResetScreen"
        await learner.press("escape")
        memory = learner.app.desk.memory
        assert isinstance(memory.state(reviewed), Learned)
        await learner.press("r", "y")
        await learner.until(lambda: memory.state(reviewed) == New())
        await learner.until(lambda: "never answered" in learner.reads())
        other = on_disk(home)
        assert other.state(reviewed) == New()
        assert len(other.reviews()) == 1  # its reviews stay
        other.close()
        await learner.press("u")
        assert isinstance(memory.state(reviewed), Learned)
        await learner.until(lambda: "1 review" in learner.reads())


async def test_a_new_card_needs_no_reset(opened: Opened) -> None:
    async with opened() as learner:
        await browse(learner, "fisher", "down", "r")
        assert learner.screen == "BrowseScreen"


async def test_its_demo_opens_on_the_bench(opened: Opened) -> None:
    async with opened((120, 40)) as learner:
        await browse(learner, "q4-zero-init", "down", "d")
        await learner.until(lambda: any(isinstance(screen, BenchScreen) for screen in learner.app.screen_stack))
        bench = next(screen for screen in learner.app.screen_stack if isinstance(screen, BenchScreen))
        assert bench.link.name == "lora_merge"


async def test_the_keys_can_be_remapped(opened: Opened, home: Home) -> None:
    home.config.write_text('[keys]\n"browse.suspend" = "z"\n"browse_list.down" = "n"\n')
    async with opened() as learner:
        await browse(learner, "lora", "down", "n")
        card = listed(learner).card
        assert card is listed(learner).cards[1]
        await learner.press("z")
        assert learner.app.desk.memory.flags(card.id).suspended


async def test_the_state_filter_says_what_the_list_says(opened: Opened, reviewed: CardId) -> None:
    async with opened((120, 40)) as learner:
        learner.app.desk.memory.suspend(CardId("q4-zero-init"), now())
        learner.app.desk.memory.bury(CardId("q4-overhead"), now())
        screen = await browse(learner)
        total = screen.finding.total if screen.finding else 0
        counts = {}
        for state in ("new", "learning", "due", "known", "suspended", "buried"):
            screen.query_one("#sought").value = f"is:{state}"  # type: ignore[attr-defined]
            await settled(learner)
            assert screen.finding is not None
            counts[state] = screen.finding.total
            assert {standing.state for standing in screen.finding.standings.values()} <= {state}
        assert sum(counts.values()) == total
        assert counts["suspended"] == counts["buried"] == 1
        assert counts["due"] + counts["known"] + counts["learning"] == 1
