"""Without colour, without Unicode, without a screen, without a mouse: everything can still be read and done."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import prep_app.ui
from prep_app.paths import Home
from prep_app.ui import keys
from tests.test_cli import Print, refused
from tests.test_terminal import Start, start
from tests.ui.browsing import browse
from tests.ui.conftest import Learner, Opened
from tests.ui.one_card import CHOICE, RECALL, install

__all__ = ["start"]  # a fixture

LISTS = {name: held for name, held in vars(keys).items() if name.isupper() and isinstance(held, list)}


def nodes() -> list[type[DOMNode]]:
    """Every class of the app that has keys of its own."""
    for module in pkgutil.walk_packages(prep_app.ui.__path__, "prep_app.ui."):
        importlib.import_module(module.name)
    found: list[type[DOMNode]] = []
    waiting: list[type[DOMNode]] = [DOMNode]
    while waiting:
        node = waiting.pop()
        waiting += node.__subclasses__()
        found += [node] if node.__module__.startswith("prep_app.") and "BINDINGS" in vars(node) else []
    return found


def test_every_key_has_a_name_to_change_it_by_a_word_and_a_sentence() -> None:
    for bindings in LISTS.values():
        for binding in bindings:
            assert isinstance(binding, Binding)
            assert all((binding.id, binding.key, binding.action, binding.description, binding.tooltip)), binding


def test_every_list_of_keys_belongs_to_something_and_every_action_can_be_reached_by_a_key() -> None:
    classes = nodes()
    used = [binding for node in classes for binding in node.BINDINGS]
    for name, bindings in LISTS.items():
        assert all(any(binding is each for each in used) for binding in bindings), f"{name} is nobody's"
    for node in classes:
        keyed = {each.action.partition("(")[0].rpartition(".")[2] for each in used if isinstance(each, Binding)}
        own = {name.removeprefix("action_") for name in vars(node) if name.startswith("action_")}
        assert own <= keyed | OF_TEXTUAL, node


OF_TEXTUAL = {"command_palette"}  # an action whose key Textual itself has


async def test_the_help_names_every_key_that_works_here(opened: Opened, home: Home) -> None:
    async with opened((160, 70)) as learner:
        await helped(learner)
        await learner.press("enter")
        await learner.until(lambda: learner.screen == "StudyScreen")
        await helped(learner)
        await learner.press("space")
        await helped(learner)
        await learner.press("q")
        await browse(learner, "lora", "down")
        await helped(learner)


async def helped(learner: Learner) -> None:
    screen = learner.app.screen
    await learner.press("question_mark")
    await learner.until(lambda: screen.query("HelpPanel"))
    await learner.pilot.pause(0.2)
    shown = {active.binding for active in screen.active_bindings.values() if active.enabled and active.binding.id}
    text = learner.reads()
    missing = {binding.description for binding in shown if binding.description not in text}
    assert missing == set(), f"in {learner.screen}"
    await learner.press("question_mark")


@pytest.mark.usefixtures("only_installed")
async def test_without_colour_cursors_marks_and_choices_are_told_apart(
    opened: Opened, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    install(home, CHOICE, RECALL)
    async with opened() as learner:
        await browse(learner, "", "down")
        there, other = attributes(learner, "Which is zero?"), attributes(learner, "What does QLoRA")
        assert there != other
        await learner.press("down")
        assert attributes(learner, "What does QLoRA") == there
        assert attributes(learner, "Which is zero?") == other
        await learner.press("up", "enter")
        await learner.until(lambda: learner.screen == "StudyScreen")
        await learner.press("down")
        assert attributes(learner, "1  ") != attributes(learner, "2  ") == attributes(learner, "3  ")
        await learner.press("2" if "1  the factor B" in learner.reads() else "1", "space")
        text = learner.reads()
        assert len(re.findall(r"✓ \d  .* right", text)) == 1
        assert re.search(r"✗ \d  .* wrong, your choice", text)


def attributes(learner: Learner, text: str) -> tuple[bool, ...]:
    """How `text` is drawn, colour aside, where it first stands on the screen."""
    for strip in learner.app.screen._compositor.render_strips():
        for segment in strip:
            style = segment.style
            if text in segment.text and style is not None:
                assert style.color is None or style.color.is_default
                assert style.bgcolor is None or style.bgcolor.is_default
                return tuple(map(bool, (style.reverse, style.underline)))
    raise AssertionError(f"nowhere: {text}")


@pytest.mark.parametrize("environment", [{"TERM": "xterm"}, {"TERM": "linux", "LC_ALL": "C"}], ids=["16", "C"])
def test_in_sixteen_colours_and_in_no_language_it_opens_and_can_be_read(
    start: Start, environment: dict[str, str]
) -> None:
    app = start(**environment, COLORTERM="")
    app.wait_for("Enter: start")
    app.press("\r")
    app.wait_for("space reveals the answer")
    assert b"\x1b[38;5" not in app.written
    assert b";2;" not in app.written


@pytest.mark.parametrize("words", [[], ["study"], ["mock"]], ids=["prep", "study", "mock"])
def test_where_nothing_can_be_drawn_a_line_names_what_works(
    home: Home, capsys: Print, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.delenv("TEXTUAL_DRIVER", raising=False)
    assert "prep study --plain" in refused(capsys, *words)
    monkeypatch.setenv("TERM", "dumb")
    said = refused(capsys, *words)
    assert "TERM=dumb" in said
    assert "prep study --plain" in said
