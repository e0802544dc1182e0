"""One file of a pack: its data, and the faults found in it, each at its place."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from prep_app.content import yaml_text
from prep_app.content.faults import faults
from prep_app.content.folder import Held
from prep_app.content.latex import readable
from prep_app.content.model import Problem
from prep_app.content.yaml_text import MAX_FAULTS, Parsed, Path, Place
from prep_app.text import printable

LONGEST_MESSAGE = 300
LONGEST_EXCERPT = 1000
_Model = TypeVar("_Model", bound=BaseModel)


class YamlFile:
    """Reads what is held, and gathers faults until `problems` is asked."""

    def __init__(self, held: Held) -> None:
        self.path = held.path
        self.parsed = Parsed() if held.fault else yaml_text.parse(held.raw)
        self._found: dict[tuple[Place, str], None] = {}  # a dict keeps each once, though an alias may repeat it
        if held.fault:
            self._report((1, 1), held.fault)
        for fault in self.parsed.faults:
            self._report(fault.place, fault.message)
        self.data: dict[str, Any] | None = None
        if isinstance(self.parsed.data, dict):
            self.data = readable(self.parsed.data)
        elif not self._found:
            self.at((), "the file must hold keys and values, such as id: Q1")

    def at(self, path: Path, message: str) -> None:
        """Report what is wrong with the value at `path`."""
        self._report(self.parsed.place(path), message)

    def at_key(self, path: Path, message: str) -> None:
        """Report what is wrong with the key at `path`."""
        self._report(self.parsed.keys.get(path, self.parsed.place(path)), message)

    def where(self, path: Path) -> str:
        return f"{self.path.parent.name}/{self.path.name}:{self.parsed.place(path)[0]}"

    def model(self, kind: type[_Model], data: object, at: Path = ()) -> _Model | None:
        """Return `data`, which stands at `at`, as a `kind`; None, with every fault reported, when it is not one."""
        try:
            return kind.model_validate(data)
        except ValidationError as error:
            for place, message in faults(error, self.parsed, at, kind):
                self._report(place, message)
            return None

    def problems(self) -> list[Problem]:
        """What was reported, in the order of the file."""
        found = sorted(self._found, key=lambda item: item[0])
        if len(found) > MAX_FAULTS:
            found = [*found[:MAX_FAULTS], (found[MAX_FAULTS][0], "more faults from here on; mend these first")]
        return [Problem(self.path, *place, message, self._excerpt(place)) for place, message in found]

    def _report(self, place: Place, message: str) -> None:
        lines = self.parsed.lines
        if lines and place[0] > len(lines):  # a value left out at the end of a file that ends in no line break
            place = (len(lines), len(lines[-1]) + 1)
        line = " ".join(message.split())
        self._found[place, line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"] = None

    def _excerpt(self, place: Place) -> str:
        line, column = place
        if line > len(self.parsed.lines) or column > LONGEST_EXCERPT:
            return ""
        # A control character is shown as a mark rather than taken out, so that the column still counts right.
        return "".join(each if printable(each) else "�" for each in self.parsed.lines[line - 1][:LONGEST_EXCERPT])
