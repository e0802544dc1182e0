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
    _key("home.practise", "p", "practise", "Practise", "Pick cards to practise; the schedule stays", shown=True),
    _key("home.more", "m", "more", "More", "Learn five more new cards today", shown=True),
    _key("home.mock", "i", "mock", "Mock", "A mock interview against the clock", shown=True),
    _key("home.lab", "l", "lab", "Lab", "The demos: turn their knobs, predict, break them", shown=True),
    _key("home.browse", "b", "app.search", "Browse", "Every card: find, read, practise, suspend, reset", shown=True),
    _key("home.plan", "t", "plan", "Date", "Set the day of the interview: cards then aim at it", shown=True),
    _key("home.stats", "s", "stats", "Stats", "How ready, how it got there, what gives trouble", shown=True),
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
    _key("study.type", "t,tab", "type", "Answer", "To where the answer goes", shown=True),
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

MOCK_START: list[BindingType] = [
    _key("mock.start", "enter", "start", "Start", "Start the clock", shown=True),
    _key("mock.mark", "m", "mark", "Mark", "Mark the mock that waits for it", shown=True),
    _key("mock.dial_down", "down,j,tab", "turn_to(1)", "Next dial", "To the next dial"),
    _key("mock.dial_up", "up,k,shift+tab", "turn_to(-1)", "Dial before", "To the dial before"),
    _key("mock.close", "escape,q", "close", "Back", "Back to Home", shown=True),
]

# During a mock interview.
MOCK: list[BindingType] = [
    _key("mock.done", "space,enter", "done", "Done", "The answer is given: on to the next question", shown=True),
    _key("mock.skip", "s", "skip", "Skip", "Leave this question unanswered", shown=True),
    *[_key(f"mock.choose_{n}", str(n), f"choose({n})", f"Option {n}", f"Choose option {n}") for n in range(1, 10)],
    _key("mock.down", "down,j", "move(1)", "Next option", "Move to the next option"),
    _key("mock.up", "up,k", "move(-1)", "Previous option", "Move to the previous option"),
    _key("mock.tick", "x", "tick", "Pick", "Pick the option under the cursor"),
    _key("mock.type", "t,tab", "type", "Type", "Type the answer, or notes", shown=True),
    _key("mock.page_down", "pagedown", "page(1)", "Page down", "Scroll the question down"),
    _key("mock.page_up", "pageup", "page(-1)", "Page up", "Scroll the question up"),
    _key("mock.end", "q,escape", "end", "End", "End the interview early", shown=True),
    # In the place of the app's own: in an interview nothing is looked up.
    _key("app.search", "slash", "look_up", "Search", "There is no looking up during the interview"),
]

MOCK_LEAVE: list[BindingType] = [
    _key("mock.leave_keep", "enter,m", "choose('keep')", "Mark it", "End here and keep what was answered", shown=True),
    _key("mock.leave_drop", "x", "choose('drop')", "Throw away", "End here and keep nothing", shown=True),
    _key("mock.leave_stay", "escape,q,n", "choose('')", "Go on", "Back to where you were", shown=True),
]

MOCK_LEAVE_MARKING: list[BindingType] = [
    _key("mock.leave_later", "enter,l", "choose('later')", "Mark later", "Leave it, and mark it later", shown=True),
    _key("mock.leave_report", "r", "choose('report')", "Report", "Take the marks as they are now", shown=True),
    _key("mock.leave_marking_drop", "x", "choose('drop')", "Throw away", "Throw this mock away", shown=True),
    _key("mock.leave_marking_stay", "escape,q,n", "choose('')", "Go on", "Back to where you were", shown=True),
]

MOCK_MARKING: list[BindingType] = [
    _key("marking.tick", "enter,x", "tick", "Tick", "Tick the key point you said", shown=True),
    _key("marking.next", "space,enter,right", "step(1)", "Next", "To the next answer, then the report", shown=True),
    _key("marking.previous", "left,backspace", "step(-1)", "Back", "To the answer before", shown=True),
    _key("marking.down", "down,j", "move(1)", "Next point", "Move to the next key point"),
    _key("marking.up", "up,k", "move(-1)", "Previous point", "Move to the previous key point"),
    _key("marking.page_down", "pagedown", "page(1)", "Page down", "Scroll down"),
    _key("marking.page_up", "pageup", "page(-1)", "Page up", "Scroll up"),
    _key("marking.leave", "q,escape", "leave", "Leave", "Leave the marking", shown=True),
]

MOCK_REPORT: list[BindingType] = [
    _key("report.demo", "d", "demo(1)", "Demo", "Open the demo that would repair the weakest", shown=True),
    *[_key(f"report.demo_{n}", str(n), f"demo({n})", f"Demo {n}", f"Open demo {n} of the list") for n in range(1, 6)],
    _key("report.count", "g", "count", "Count as reviews", "Grade these cards by their marks", shown=True),
    _key("report.export", "e", "export", "Export", "Keep the report as Markdown", shown=True),
    _key("report.done", "enter,q,escape", "done", "Back", "Leave the report", shown=True),
]

MOCK_COUNT: list[BindingType] = [
    _key("mock.count_yes", "enter,y,g", "choose('yes')", "Count them", "Grade these cards by their marks", shown=True),
    _key("mock.count_no", "escape,q,n", "choose('')", "Leave them", "Leave the schedule as it is", shown=True),
]

# While an answer is being typed.
TYPING: list[BindingType] = [
    _key("typing.leave", "escape", "leave", "Commands", "Stop typing, so that letters are commands again", shown=True),
    _key("typing.next", "tab,down", "step(1)", "Next blank", "To the next blank"),
    _key("typing.previous", "shift+tab,up", "step(-1)", "Previous blank", "To the blank before"),
]

# While the steps of an order card have the focus.
ORDER: list[BindingType] = [
    _key("order.down", "down,j", "step(1)", "Next step", "To the next step; with one picked up, carry it down"),
    _key("order.up", "up,k", "step(-1)", "Previous step", "To the step before; with one picked up, carry it up"),
    _key("order.carry_down", "shift+down,ctrl+down,J", "carry(1)", "Carry down", "Move the step down"),
    _key("order.carry_up", "shift+up,ctrl+up,K", "carry(-1)", "Carry up", "Move the step up"),
    _key("order.pick_up", "enter", "pick_up", "Pick up", "Pick the step up, so that the arrows carry it", shown=True),
    _key("order.put_down", "enter,space", "put_down", "Put down", "Leave the step where it is now", shown=True),
    *[_key(f"order.place_{n}", str(n), f"place({n})", f"To {n}", f"Move the step to place {n}") for n in range(1, 10)],
]

# While the editor of a code card has the focus.
CODE: list[BindingType] = [
    _key("code.run", "ctrl+r", "run", "Run the checks", "Run your code against the demo's checks", shown=True),
    _key("code.cancel", "escape,ctrl+c", "cancel", "Cancel", "Stop the checks", shown=True),
    _key("code.start_over", "ctrl+t", "start_over", "Start over", "Go back to the text as it was given"),
    _key("code.leave", "escape", "leave", "Commands", "Leave the editor: letters are commands again", shown=True),
]

DRILLS: list[BindingType] = [
    _key("drills.close", "escape,q,p", "close", "Back", "Practise nothing now", shown=True),
]

PLAN: list[BindingType] = [_key("plan.close", "escape", "close", "Back", "Leave the date as it is", shown=True)]

STATS: list[BindingType] = [
    _key("stats.mocks", "m,enter", "mocks", "Mocks", "To the mock interviews; enter opens one again", shown=True),
    _key("stats.close", "escape,q,s", "close", "Back", "Back to Home", shown=True),
    _key("stats.down", "down,j", "line(1)", "Down", "Scroll down"),
    _key("stats.up", "up,k", "line(-1)", "Up", "Scroll up"),
    _key("stats.page_down", "pagedown,space", "page(1)", "Page down", "Scroll a page down", shown=True),
    _key("stats.page_up", "pageup", "page(-1)", "Page up", "Scroll a page up"),
]

# While a mock is being picked in Stats.
STATS_MOCKS: list[BindingType] = [
    _key("stats_mocks.open", "enter", "select", "Open", "Open the report again, or mark what waits for it", shown=True),
    _key("stats_mocks.down", "down,j", "cursor_down", "Down", "To the mock before"),
    _key("stats_mocks.up", "up,k", "cursor_up", "Up", "To the mock after"),
    _key("stats_mocks.page_down", "pagedown", "page_down", "Page down", "A page of mocks down"),
    _key("stats_mocks.page_up", "pageup", "page_up", "Page up", "A page of mocks up"),
    _key("stats_mocks.leave", "escape,m", "leave", "All of Stats", "Back to all of Stats", shown=True),
]

SUMMARY: list[BindingType] = [
    _key("summary.done", "enter,space,q,escape", "done", "Home", "Back to Home", shown=True),
    _key("summary.undo", "u", "undo", "Undo", "Take back the last grade", shown=True),
]

CLOSE: list[BindingType] = [_key("modal.close", "escape,q,i", "close", "Close", "Close", shown=True)]

BROWSE: list[BindingType] = [
    _key("browse.one", "enter", "practise_one", "Practise", "Practise this card; the schedule stays", shown=True),
    _key("browse.all", "p", "practise_all", "All", "Practise every card found; the schedule stays", shown=True),
    _key("browse.filter", "f", "filter", "Filter", "Pick a state, kind, question, topic or tag", shown=True),
    _key("browse.demo", "d", "demo", "Demo", "Open this card's demo in the lab", shown=True),
    _key("browse.suspend", "s", "suspend", "Suspend", "Never ask this card again, or let it back in", shown=True),
    _key("browse.mark", "m,asterisk", "mark", "Mark", "Mark or unmark this card", shown=True),
    _key("browse.reset", "r", "reset", "Reset", "Make this card new again", shown=True),
    _key("browse.undo", "u", "undo", "Undo", "Take back the last change made here", shown=True),
    _key("browse.edit", "e", "edit", "Edit", "Open the card's file in your $EDITOR, at its line", shown=True),
    _key("browse.input", "slash", "into_input", "Search", "Back to what you typed", shown=True),
    _key("browse.page_down", "space", "page(1)", "Read on", "Scroll the card down"),
    _key("browse.page_up", "b", "page(-1)", "Read back", "Scroll the card up"),
    _key("browse.back", "escape", "back", "Back", "To what you typed, then clear it, then leave", shown=True),
    _key("browse.close", "q", "close", "Leave", "Leave the browser"),
]

# While the words to search for are being typed.
BROWSE_INPUT: list[BindingType] = [
    _key("browse_input.list", "down", "screen.into_list", "Results", "Go into the list of what was found", shown=True),
]

# While the list of what was found has the focus.
BROWSE_LIST: list[BindingType] = [
    _key("browse_list.down", "down,j", "cursor_down", "Down", "The next card"),
    _key("browse_list.up", "up,k", "cursor_up", "Up", "The card before; from the first, back to what you typed"),
    _key("browse_list.page_down", "pagedown", "page_down", "Page down", "A page of cards down"),
    _key("browse_list.page_up", "pageup", "page_up", "Page up", "A page of cards up"),
    _key("browse_list.first", "home", "first", "First", "The first card"),
    _key("browse_list.last", "end", "last", "Last", "The last card"),
]

BROWSE_FILTERS: list[BindingType] = [
    _key("browse_filters.close", "escape,q,f", "close", "Close", "Leave the filters as they are", shown=True),
]

BROWSE_RESET: list[BindingType] = [
    _key("browse_reset.yes", "enter,y", "reset", "Make it new", "Make the card new again", shown=True),
    _key("browse_reset.no", "escape,n,q", "close", "Leave it", "Leave the card as it is", shown=True),
]

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
