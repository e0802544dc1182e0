"""The editor for Python: keys, odd text, bounds and colours."""

from __future__ import annotations

import pytest
from rich.color import Color

from prep_app.lab.catalogue import blank
from prep_app.ui.themes import DARK, LIGHT
from prep_app.ui.widgets.python_area import highlights
from prep_app.ui.widgets.text_box import LONGEST
from tests.ui.conftest import Learner
from tests.ui.test_code_card import START, Judge, editor, paste, write
from tests.ui.test_order_card import SIZES, alone

ODD = {
    "nothing": "",
    "100 kB": "x = '🦙'\n" * 12_500,
    "one endless line": "self.x + " * 20_000,
    "emoji": "x = '🦙🦙'  # 👩‍🔬 4️⃣\ny = 1",
    "right to left": "مرحبا = 'שלום'  # \u202eabc",
    "control characters": "x = 1\x1b[31m\x07\x00\x9b2J\r\ny\t= 2\ud800",
    "not Python": "Dear Sir, ?! $$$ ``` <html>\n\"\"\"'''\\",
    "markup": "[bold]x[/nope] [@click=app.quit]y",
}


def notices(learner: Learner) -> list[str]:
    return [notice.message for notice in learner.app._notifications]


async def test_the_editor_is_left_with_escape_and_entered_again() -> None:
    code = editor(Judge())
    async with alone(code) as learner:
        assert learner.app.focused is code.area
        await learner.press("escape")
        assert learner.app.focused is None
        await learner.press("x", "escape")
        assert learner.app.heard[-1] == "back"
        assert code.area.text == START.rstrip("\n")
        code.enter()
        await learner.press("x")
        assert code.area.text.startswith("xdef")


async def test_starting_over_brings_the_first_text_back_and_can_be_undone() -> None:
    code = editor(Judge())
    async with alone(code) as learner:
        await write(learner, "x\n")
        await learner.press("ctrl+t")
        assert code.area.text == START.rstrip("\n")
        await learner.press("ctrl+z")
        assert code.area.text == "x\n" + START.rstrip("\n")


async def test_what_is_typed_first_takes_the_place_of_a_body_left_out() -> None:
    code = editor(Judge(), start=blank("lora_merge", "LoRALinear.delta"))
    async with alone(code) as learner:
        await write(learner, "pass")
        assert code.area.text.endswith("\n    pass")
        await learner.press("ctrl+t")
        await write(learner, "return")
        assert code.area.text.endswith("\n    return")


async def test_enter_keeps_the_indent_and_adds_one_after_a_colon() -> None:
    code = editor(Judge(), start="")
    async with alone(code) as learner:
        await write(learner, "def f(x):\nif x:  # odd: yes\nreturn x[1:2]\n\n")
        assert code.area.text == "def f(x):\n    if x:  # odd: yes\n        return x[1:2]\n        \n        "


async def test_tab_and_backspace_go_by_four() -> None:
    code = editor(Judge(), start="")
    async with alone(code) as learner:
        await learner.press("tab", "tab")
        assert code.area.text == " " * 8
        await learner.press("backspace")
        assert code.area.text == " " * 4
        await learner.press("x", "backspace", "space", "backspace", "backspace", "backspace")
        assert code.area.text == ""
        assert learner.app.focused is code.area


async def test_tab_indents_the_lines_selected_and_shift_tab_takes_it_back() -> None:
    code = editor(Judge(), start="a\nb\n\n  c")
    async with alone(code) as learner:
        await learner.press("f7", "tab")
        assert code.area.text == "    a\n    b\n    \n      c"
        await learner.press("shift+tab", "shift+tab")
        assert code.area.text == "a\nb\n\nc"
        await learner.press("ctrl+z")
        assert code.area.text == "a\nb\n\n  c"
        await learner.press("down", "end", "shift+tab", "x")
        assert code.area.text.startswith("a\n")
        assert learner.app.focused is code.area


@pytest.mark.parametrize("size", SIZES)
async def test_the_lines_have_numbers_and_the_cursors_line_stays_in_sight(size: tuple[int, int]) -> None:
    code = editor(Judge(), start="\n".join(f"x{number} = {number}" for number in range(1, 81)))
    async with alone(code, size) as learner:
        assert " 1  x1 = 1" in learner.reads()
        await learner.press(*["pagedown"] * 12)
        assert "80  x80 = 80" in learner.reads()
        await learner.press("ctrl+r")
        code.enter()
        await learner.press(*["pageup"] * 12, "home", "x")
        assert " 1  xx1 = 1" in learner.reads()


@pytest.mark.parametrize("odd", ODD)
async def test_odd_text_is_taken_as_text_and_in_bounds(odd: str) -> None:
    judged = Judge()
    code = editor(judged, start="")
    async with alone(code) as learner:
        await paste(learner, ODD[odd])
        text = code.area.text
        assert len(text) <= LONGEST
        assert not set(text) & set("\x1b\x07\x00\x9b\u202e\r\t\ud800")
        cut = [f"Cut off: this holds {LONGEST:,} characters"]
        assert notices(learner) == (cut if len(ODD[odd]) > LONGEST else [])
        await learner.press("home", "end", "enter", "backspace", "up", "x", "ctrl+z", "ctrl+r")
        assert len(judged.given) == 1
        assert "all checks hold" in learner.reads()
        assert "\x1b" not in learner.reads()


async def test_pasting_again_and_again_does_not_outgrow_the_editor() -> None:
    code = editor(Judge(), start="")
    async with alone(code) as learner:
        for _ in range(5):
            await paste(learner, "x = 1\n" * 1000)
        assert len(code.area.text) <= LONGEST
        await learner.press("f7")
        await paste(learner, "y = 2")
        assert code.area.text == "y = 2"


def coloured(learner: Learner, word: str) -> Color | None:
    """In which colour a word stands on the screen."""
    for strip in learner.app.screen._compositor.render_strips():
        for segment in strip:
            if segment.text == word and segment.style is not None:
                return segment.style.color
    return None


async def test_python_is_coloured_and_coloured_anew_when_the_theme_changes() -> None:
    code = editor(Judge(), start="def f(x):\n    return None  # why")
    async with alone(code) as learner:
        dark = [coloured(learner, word) for word in ("return", "None", "# why")]
        assert None not in dark
        assert len(set(dark)) == 3
        learner.app.theme = LIGHT.name
        await learner.pilot.pause()
        light = [coloured(learner, word) for word in ("return", "None", "# why")]
        assert not set(light) & set(dark)
        learner.app.theme = DARK.name
        await learner.pilot.pause()
        assert [coloured(learner, word) for word in ("return", "None", "# why")] == dark


async def test_colours_follow_what_is_typed() -> None:
    code = editor(Judge(), start="\nx = 12")
    async with alone(code) as learner:
        number = coloured(learner, "12")
        await write(learner, "'''")
        assert number is not None
        assert coloured(learner, "12") != number, "it is inside a string now"


def test_columns_count_in_bytes_so_that_what_follows_an_emoji_is_coloured_where_it_stands() -> None:
    line = "x = '🦙é' + 12"
    (row,) = highlights([line]).values()
    words = {line.encode()[start:end].decode() for start, end, _ in row}
    assert {"x", "'", "🦙é", "12"} <= words


def test_a_string_over_several_lines_is_coloured_on_each_of_them() -> None:
    found = highlights(['"""one', "", 'two"""', "x = 1"])
    assert sorted(found) == [0, 2, 3]
