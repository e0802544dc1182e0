"""Practice beside the schedule, picked in Home: all of it, a topic, what slipped, what is hard."""

from __future__ import annotations

from prep_app.content.model import CardId
from prep_app.memory.store import Memory
from prep_app.memory.types import New, Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.ui.conftest import Opened
from tests.ui.one_card import CHOICE, RECALL, install
from tests.ui.test_study import study


async def test_before_the_first_answer_there_is_everything_and_each_topic_and_the_schedule_stays(
    opened: Opened, home: Home, only_installed: None
) -> None:
    install(home, RECALL, CHOICE.replace("topic: Idea", "topic: Zero"))
    async with opened() as learner:
        await learner.press("p")
        await learner.until(lambda: "One topic" in learner.reads())
        read = learner.reads()
        assert "Everything, weakest first" in read
        assert "T1 · Zero" in read
        assert "slipped" not in read
        assert "Hardest" not in read
        await learner.press("enter")
        await learner.until(lambda: learner.screen == "StudyScreen")
        card = study(learner).session.current
        await learner.press("space", "1")
        assert learner.app.desk.memory.state(card.id) == New()
        assert len(learner.app.desk.memory.reviews()) == 1


async def test_practice_is_picked_all_of_it_a_topic_what_slipped_or_what_is_hard(
    opened: Opened, home: Home, weeks: None
) -> None:
    memory = Memory.open(home, Settings())
    memory.suspend(CardId("q14-0-1"), 0)
    memory.close()
    async with opened() as learner:
        desk = learner.app.desk

        async def pick(*keys: str) -> list[CardId]:
            await learner.press("p")
            await learner.until(lambda: "One topic" in learner.reads())
            await learner.press(*keys)
            await learner.until(lambda: learner.screen == "StudyScreen")
            cards = learner.app.screen.session._plan.waiting  # type: ignore[attr-defined]
            assert learner.app.screen.session.practice  # type: ignore[attr-defined]
            assert "q14-0-1" not in cards, "what is suspended is not practised"
            while learner.screen == "StudyScreen":
                await learner.press("escape")  # once more, where something was being typed
            return list(cards)

        everything = await pick("enter")
        assert set(everything) == set(desk.library.cards) - {"q14-0-1"}
        slipped = await pick("down", "enter")
        failed = [review.card for review in desk.memory.reviews() if review.rating is Rating.AGAIN]
        assert slipped[0] == next(card for card in reversed(failed) if card != "q14-0-1")
        hardest = await pick("down", "down", "enter")
        difficulties = [desk.memory.state(card).difficulty for card in hardest]  # type: ignore[union-attr]
        assert difficulties == sorted(difficulties, reverse=True)
        topic = await pick("down", "down", "down", "enter")
        assert len({desk.library.cards[card].topic for card in topic}) == 1
        await learner.press("p", "escape")
        assert learner.screen == "HomeScreen"
