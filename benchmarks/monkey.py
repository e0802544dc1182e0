"""A monkey at the keyboard: it knows every key of prep, and types into what can be typed into."""

from __future__ import annotations

import random
import unicodedata
from collections import deque
from typing import TYPE_CHECKING

from textual.app import App
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.widgets import Input, TextArea

from prep_app.ui import keys

if TYPE_CHECKING:
    from textual.binding import Binding

SIZES = [(20, 6), (40, 12), (60, 20), (80, 24), (80, 24), (100, 30), (120, 40), (120, 40), (160, 50), (200, 60)]
REMEMBERED = 50  # keys
BINDINGS = [binding for registry in vars(keys).values() if isinstance(registry, list) for binding in registry]
IDS = {binding.id for binding in BINDINGS}
ALL = sorted({key for binding in BINDINGS for key in binding.key.split(",")})
OTHER = ["ctrl+p", "tab", "shift+tab", "backspace", "delete", "home", "end", "f1", "f12", "ctrl+a", "ctrl+v", "ctrl+z"]
TYPED = [
    *"aelotr 0123456789.,-:()=+*/^_\"'",
    *["lora", "merge", "8.39M", "1e-4", "is:due", "kind:code", "2030-01-15", "return x", "    ", "forgetting", "25"],
    *["é", "α", "中文", "🐒", "שלום", "a\u0301", "[b]", "$x^2$"],
]
# How much likelier than others; what is there in plenty or changes for good is rare.
WEIGHTS = {
    "study.reveal": 9.0,
    "study.again": 1.0,
    "study.hard": 2.0,
    "study.good": 5.0,
    "study.easy": 2.0,
    "study.back": 0.3,
    "study.suspend": 0.1,
    "study.bury": 0.3,
    "study.undo": 0.5,
    "study.demo": 0.5,
    "study.lab": 0.3,
    "home.mock": 0.5,
    "home.practise": 0.5,
    "mock.start": 2.0,
    "mock.end": 0.3,
    "mock.skip": 0.5,
    "mock.done": 3.0,
    "marking.next": 3.0,
    "marking.leave": 0.3,
    "app.search": 0.1,
    "browse.input": 0.3,
    "browse.reset": 0.3,
    "app.help": 0.2,
    "app.theme": 0.2,
}
LEAVES, QUITS = "quit", 0.01  # the action that leaves the app, and how often that is meant
TEXTUALS, SELECTS = 0.05, 3.0  # the weights of Textual's own keys, and of choosing from a list
HURRIED, BURST = 0.3, 4  # how often several keys are pressed at once, and how many at most
TYPES = 0.4  # how often something is typed where it can be
ESCAPES, KNOWS, TRIES = 0.05, 0.9, 0.97  # the way out, what can be pressed here, any key; the rest: odd ones


class Monkey:
    """Draws one key after another. The same seed and the same screens give the same keys."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.pressed: deque[str] = deque(maxlen=REMEMBERED)

    def next(self, app: App[int]) -> list[str]:
        """The keys to press before the app may draw what they do: one, a few in a hurry, or a word's letters."""
        found: list[str] = []
        for _ in range(self.draw.randint(2, BURST) if self.draw.random() < HURRIED else 1):
            found += self._one(app)
            if found[-1] in ("escape", "q"):
                break  # what was meant for the next screen could leave the app
        self.pressed.extend(found)
        return found

    def size(self) -> tuple[int, int]:
        size = self.draw.choice(SIZES)
        self.pressed.append(f"resized to {size[0]} × {size[1]}")
        return size

    def _one(self, app: App[int]) -> list[str]:
        found = self._choose(app)
        while quits(app, found) and self.draw.random() > QUITS:
            found = self._choose(app)
        return found

    def _choose(self, app: App[int]) -> list[str]:
        if takes_text(app) and self.draw.random() < TYPES:
            return list(self.draw.choice(TYPED))
        draw = self.draw.random()
        if draw < ESCAPES and len(app.screen_stack) > 1:
            return ["escape"]
        if draw < KNOWS and (held := self._known(app)):
            return [held]
        return [self.draw.choice(ALL if draw < TRIES else OTHER)]

    def _known(self, app: App[int]) -> str:
        """A key that does something here, by what it does rather than by how many keys do it."""
        does: dict[tuple[int, str], tuple[float, list[str]]] = {}
        for key, active in app.screen.active_bindings.items():
            if active.enabled:
                found = (id(active.node), active.binding.action)
                does.setdefault(found, (_weight(active.binding), []))[1].append(key)
        weighed = list(does.values())
        (_, held) = self.draw.choices(weighed, [weight for weight, _ in weighed])[0] if weighed else (0, [""])
        return self.draw.choice(held)


def _weight(binding: Binding) -> float:
    if binding.id in IDS:
        return WEIGHTS.get(binding.id, 1.0)
    return SELECTS if binding.action == "select" else TEXTUALS


def quits(app: App[int], pressed: list[str]) -> bool:
    active = app.screen.active_bindings.get(pressed[-1])
    return active is not None and active.binding.action == LEAVES


def takes_text(app: App[int]) -> bool:
    return isinstance(app.focused, Input | TextArea)


def named(key: str) -> tuple[str, str | None]:
    """A key's name and the character it types, as Textual's driver would tell them."""
    if len(key) == 1 and not key.isalnum():
        key = _character_to_key(key)
    original = REPLACED_KEYS.get(key, key)
    try:
        return key, unicodedata.lookup(_get_unicode_name_from_key(original))
    except KeyError:
        return key, key if len(key) == 1 else None
