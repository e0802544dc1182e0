"""YAML to plain data, with the place of every value and without YAML's traps. Nothing is ever constructed or run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from prep_app.text import printable

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

MAX_BYTES = 1 << 20  # no question file comes near it
MAX_NODES = 50_000  # counted with aliases followed: an alias bomb stops here
MAX_DEPTH = 40

Path = tuple[str | int, ...]
Place = tuple[int, int]  # line and column, from 1

_TRAPS = {"yes", "no", "on", "off", "y", "n"}
_EXPONENT = re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$")
_TAGS = {
    "tag:yaml.org,2002:str",
    "tag:yaml.org,2002:int",
    "tag:yaml.org,2002:float",
    "tag:yaml.org,2002:bool",
    "tag:yaml.org,2002:null",
    "tag:yaml.org,2002:map",
    "tag:yaml.org,2002:seq",
    "tag:yaml.org,2002:timestamp",
}


@dataclass(slots=True)
class Parsed:
    """Plain data, where each value and each key stands, and the faults met on the way."""

    data: Any = None
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    faults: list[tuple[Place, str]] = field(default_factory=list)

    def place(self, path: Path) -> Place:
        """Return where `path` stands, or the nearest thing around it."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, (1, 1))


class _Stop(Exception):
    """The file cannot be read further."""


def parse(raw: bytes) -> Parsed:
    """Parse one YAML document. Never raises: what is wrong is in `faults`."""
    parsed = Parsed()
    if len(raw) > MAX_BYTES:
        parsed.faults.append(((1, 1), f"the file is larger than {MAX_BYTES // 1024} KiB; split it"))
        return parsed
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _place_of_byte(raw, error.start)
        parsed.faults.append(((line, column), "not UTF-8; save the file as UTF-8"))
        return parsed
    for index, character in enumerate(text):
        if (character < " " and character not in "\n\t\r") or ("\x7f" <= character <= "\x9f" and character != "\x85"):
            line = text.count("\n", 0, index) + 1
            column = index - (text.rfind("\n", 0, index) + 1) + 1
            message = f"control character U+{ord(character):04X}; take it out"
            parsed.faults.append(((line, column), message))
            return parsed
    try:
        _read(text, parsed)
    except _Stop:
        pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        parsed.faults.append((place, _syntax(error, text, place)))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        parsed.faults.append(((1, 1), f"cannot be read as YAML: {' '.join(str(error).split())}"))
    return parsed


def _read(text: str, parsed: Parsed) -> None:
    _refuse_depth(text, parsed)
    loader = _Loader(text)
    try:
        node = loader.get_node() if loader.check_node() else None
        if node is None:
            parsed.faults.append(((1, 1), "the file is empty"))
            raise _Stop
        if loader.check_node():
            extra = loader.get_node()
            parsed.faults.append((_mark(extra), "a second document starts here; one file holds one"))
        walk = _Walk(parsed)
        parsed.data = walk.value(node, (), 0)
    finally:
        loader.dispose()


def _refuse_depth(text: str, parsed: Parsed) -> None:
    """Composing recurses in C, where depth is a crash and not an exception: count it on the event stream first."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                parsed.faults.append((_mark(event), f"nested deeper than {MAX_DEPTH} levels"))
                raise _Stop
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Walk:
    """From nodes to data; counts what it visits, so that aliases cannot multiply without end."""

    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        self.visited = 0

    def value(self, node: yaml.Node, path: Path, depth: int) -> Any:
        self.visited += 1
        place = _mark(node)
        self.parsed.values.setdefault(path, place)
        if self.visited > MAX_NODES or depth > MAX_DEPTH:
            message = "too many values once its aliases (*name) are followed; write them out"
            self.parsed.faults.append((place, message))
            raise _Stop
        if node.tag not in _TAGS:
            self.parsed.faults.append((place, f"tag {node.tag} is not allowed; a pack is plain data"))
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, index), depth + 1) for index, child in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        return self._scalar(node, place)

    def _mapping(self, node: yaml.MappingNode, path: Path, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = _mark(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self.parsed.faults.append((place, "a key must be a plain word"))
                continue
            key = printable(key_node.value)
            if key in found:
                self.parsed.faults.append((place, f'"{key}" is written twice; keep one'))
                continue
            self.parsed.keys[(*path, key)] = place
            found[key] = self.value(value_node, (*path, key), depth + 1)
        return found

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Any:
        text, tag = node.value, node.tag.rsplit(":", 1)[-1]
        if tag == "null":
            return None
        if tag == "bool":
            if text.lower() in _TRAPS:
                message = f'YAML reads {text} as true or false; write "{text}" in quotes, or true or false'
                self.parsed.faults.append((place, message))
                return None
            return text.lower() == "true"
        try:
            if tag == "int":
                return int(text.replace("_", ""), 0) if not re.match(r"^[-+]?0\d", text) else int(text)
            if tag == "float":
                return float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            message = f'YAML reads {text} as a number that cannot be used; write "{text}" in quotes'
            self.parsed.faults.append((place, message))
            return None
        if tag == "str" and node.style is None and _EXPONENT.match(text):
            message = f"YAML reads {text} as text; write {_with_point(text)} for the number, or quotes for the text"
            self.parsed.faults.append((place, message))
            return None
        return printable(text)


def _with_point(text: str) -> str:
    mantissa, exponent = re.split("[eE]", text)
    mantissa = mantissa if "." in mantissa else mantissa + ".0"
    return f"{mantissa}e{exponent if exponent[0] in '+-' else '+' + exponent}"


def _mark(thing: Any) -> Place:
    return (thing.start_mark.line + 1, thing.start_mark.column + 1)


def _place_of_byte(raw: bytes, offset: int) -> Place:
    before = raw[:offset]
    start = before.rfind(b"\n") + 1
    return before.count(b"\n") + 1, len(before[start:].decode("utf-8", "replace")) + 1


def _syntax(error: yaml.MarkedYAMLError, text: str, place: Place) -> str:
    lines = text.splitlines()
    line = lines[place[0] - 1] if place[0] <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())] or (error.problem and "'\\t'" in error.problem):
        return "a tab; YAML is indented with spaces"
    problem = printable(" ".join((error.problem or "not valid YAML").split()))
    return f"not valid YAML: {problem}"
