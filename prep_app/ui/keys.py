"""One registry of what a key can do. Screens, footer, palette, help and config.toml all read it.

The name on the left is what `[keys]` in config.toml remaps: `"study.good" = "g"`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from textual.binding import Binding, BindingsMap, BindingType
from textual.dom import DOMNode


def _key(name: str, keys: str, action: str, says: str, tooltip: str, *, shown: bool = False) -> Binding:
    display = {"question_mark": "?", "slash": "/", "minus": "-", "at": "@", "asterisk": "*"}
    first = keys.split(",")[0]
    return Binding(keys, action, says, show=shown, id=name, tooltip=tooltip, key_display=display.get(first))


def remap(node: DOMNode, wanted: Mapping[str, str]) -> None:
    """Give `node` the keys that config.toml wants, by binding id.

    Textual's own keymap drops every binding of a key when one of them moves; here two may share a key (space reveals,
    then grades), so only the binding named is moved.
    """
    held = {binding for bindings in node._bindings.key_to_bindings.values() for binding in bindings}
    if not any(binding.id in wanted for binding in held):
        return
    remapped = BindingsMap()
    for key, bindings in node._bindings.key_to_bindings.items():
        kept = [binding for binding in bindings if binding.id not in wanted]
        if kept:
            remapped.key_to_bindings[key] = kept
    for binding in {binding.id: binding for binding in held if binding.id in wanted}.values():
        for key in wanted[binding.id or ""].split(","):
            moved = replace(binding, key=key.strip(), key_display=None)
            remapped.key_to_bindings.setdefault(moved.key, []).append(moved)
    node._bindings = remapped


APP: list[BindingType] = [
    _key("app.help", "question_mark", "toggle_keys", "Keys", "Show or hide every key", shown=True),
    _key("app.search", "slash", "search", "Search", "Find a card and practise it"),
    _key("app.theme", "f2", "toggle_dark", "Light/dark", "Switch between the light and the dark theme"),
]

HOME: list[BindingType] = [
    _key("home.practise", "p", "practise", "Practise", "Practise without touching the schedule", shown=True),
    _key("home.more", "m", "more", "Learn more", "Learn five more new cards today", shown=True),
    _key("home.lab", "l", "lab", "Lab", "The demos: turn their knobs, predict, break them", shown=True),
    _key("home.undo", "u", "undo", "Undo", "Take back the last thing you did"),
    _key("home.quit", "q,escape", "quit", "Quit", "Leave; everything is already saved", shown=True),
]

STUDY: list[BindingType] = [
    _key("study.reveal", "space,enter", "reveal", "Reveal", "Show the answer", shown=True),
    _key("study.again", "1", "grade(1)", "Again", "Grade: did not know it"),
    _key("study.hard", "2", "grade(2)", "Hard", "Grade: knew it with trouble"),
    _key("study.good", "3,space", "grade(3)", "Good", "Grade: knew it"),
    _key("study.easy", "4", "grade(4)", "Easy", "Grade: knew it at once"),
    *[_key(f"study.choose_{n}", str(n), f"choose({n})", f"Option {n}", f"Choose option {n}") for n in range(1, 10)],
    _key("study.down", "down,j", "move(1)", "Next point", "Move to the next key point or option"),
    _key("study.up", "up,k", "move(-1)", "Previous point", "Move to the previous key point or option"),
    _key("study.tick", "enter,x", "tick", "Tick", "Tick the key point you said", shown=True),
    _key("study.demo", "d", "demo", "Demo", "Run the program that proves the answer", shown=True),
    _key("study.lab", "l", "lab", "Lab", "Open the demo in the lab, with all its knobs"),
    _key("study.hint", "h", "hint", "Hint", "Show the hint; the suggested grade becomes hard", shown=True),
    _key("study.full", "f", "full", "Full answer", "Show the whole answer to the question", shown=True),
    _key("study.undo", "u", "undo", "Undo", "Take back the last grade", shown=True),
    _key("study.bury", "minus", "bury", "Bury", "Put this card off until tomorrow"),
    _key("study.suspend", "at", "suspend", "Suspend", "Never ask this card again"),
    _key("study.mark", "asterisk", "mark", "Mark", "Mark or unmark this card"),
    _key("study.info", "i", "info", "Card info", "What prep knows of this card"),
    _key("study.page_down", "pagedown", "page(1)", "Page down", "Scroll the answer down"),
    _key("study.page_up", "pageup", "page(-1)", "Page up", "Scroll the answer up"),
    _key("study.back", "q,escape", "back", "Back", "Back to Home; the session waits", shown=True),
]

SUMMARY: list[BindingType] = [
    _key("summary.done", "enter,space,q,escape", "done", "Home", "Back to Home", shown=True),
    _key("summary.undo", "u", "undo", "Undo", "Take back the last grade", shown=True),
]

CLOSE: list[BindingType] = [_key("modal.close", "escape,q,i", "close", "Close", "Close", shown=True)]

LAB: list[BindingType] = [
    _key("lab.close", "escape,q", "close", "Back", "Leave the lab", shown=True),
]

BENCH: list[BindingType] = [
    _key("bench.predict", "g", "predict", "Guess", "Predict what the next run will show", shown=True),
    _key("bench.break", "b", "break_it", "Break it", "Find the slip that makes a check fail", shown=True),
    _key("bench.close", "escape,q", "close", "Back", "Leave the bench", shown=True),
]

PREDICT: list[BindingType] = [
    _key("predict.skip", "escape", "skip", "Skip", "Run without a prediction", shown=True),
]

BREAK: list[BindingType] = [
    _key("break.other", "tab", "other", "Other check", "Take another check to break", shown=True),
    _key("break.close", "escape,q", "close", "Back", "Back to the bench", shown=True),
]

# While the demo pane has the focus.
DEMO: list[BindingType] = [
    _key("demo.leave_parameters", "escape", "leave_parameters", "Back", "Back to the results", shown=True),
    _key("demo.cancel", "escape,c", "cancel", "Cancel", "Stop the demo", shown=True),
    _key("demo.close", "escape,c", "close", "Close", "Put the demo away", shown=True),
    _key("demo.run", "r", "run_again", "Run again", "Run the demo again", shown=True),
    _key("demo.parameters", "p", "parameters", "Parameters", "Change the demo's parameters and run it", shown=True),
    _key("demo.source", "s", "source", "Source", "Read the demo's program", shown=True),
    _key("demo.overlay", "o", "overlay", "Overlay", "Lay the plots over an earlier run's", shown=True),
    _key("demo.export", "e", "export", "Export", "Keep the run as a picture and as JSON", shown=True),
    _key("demo.down", "down,j", "scroll_lines(1)", "Scroll down", "Scroll the demo's results down"),
    _key("demo.up", "up,k", "scroll_lines(-1)", "Scroll up", "Scroll the demo's results up"),
    _key("demo.page_down", "pagedown", "scroll_pages(1)", "Page down", "Scroll the demo's results a page down"),
    _key("demo.page_up", "pageup", "scroll_pages(-1)", "Page up", "Scroll the demo's results a page up"),
    _key("demo.top", "home", "scroll_to(False)", "Top", "To the top of the demo's results"),
    _key("demo.end", "end", "scroll_to(True)", "End", "To the end of the demo's results"),
]

# One parameter of a demo.
DIAL: list[BindingType] = [
    _key("dial.less", "left", "step(-1)", "Less", "Turn the parameter down"),
    _key("dial.more", "right,space", "step(1)", "More", "Turn the parameter up"),
    _key("dial.least", "home", "end(False)", "Least", "The lowest value"),
    _key("dial.most", "end", "end(True)", "Most", "The highest value"),
]

SOURCE: list[BindingType] = [
    _key("source.close", "escape,q,s", "close", "Close", "Close the program", shown=True),
    _key("source.down", "j", "scroll_lines(1)", "Down", "Scroll down"),
    _key("source.up", "k", "scroll_lines(-1)", "Up", "Scroll up"),
]
