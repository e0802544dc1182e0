"""YAML to plain data, with the place of every value. Nothing is ever constructed or run, and nothing raises."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from prep_app.content.yaml_syntax import remedy
from prep_app.text import printable

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

MAX_DEPTH = 40
MAX_NODES = 50_000  # counted with aliases followed: an alias bomb stops here
MAX_TEXT = 4 << 20  # characters, counted the same way: one long text repeated is a bomb too
MAX_FAULTS = 500  # of one file; whoever has more has one cause
MAX_DIGITS = 40  # no pack needs a longer number, and Python refuses to print very long ones

Path = tuple[str | int, ...]
Place = tuple[int, int]  # line and column, from 1

BREAK = re.compile("\r\n|\r|\n")
# What YAML itself refuses, and the breaks that YAML counts as lines and no editor does.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ["str", "int", "float", "bool", "null", "map", "seq", "timestamp"]}
_BOOLEANS = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}
_NULLS = {"", "~", "null"}


@dataclass(frozen=True, slots=True)
class Fault:
    place: Place
    message: str
    path: Path = ()


@dataclass(slots=True)
class Parsed:
    """Plain data, where each value and each key stands, and the faults met on the way."""

    data: Any = None
    lines: list[str] = field(default_factory=list)
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    written: dict[Path, str] = field(default_factory=dict)  # what stands in the file where YAML reads no text
    faults: list[Fault] = field(default_factory=list)

    def place(self, path: Path) -> Place:
        """Return where `path` stands, or the nearest thing around it."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, (1, 1))

    def faulty(self, path: Path) -> bool:
        """Whether something at or under `path` could not be read."""
        return any(fault.path[: len(path)] == path for fault in self.faults)


class _Stop(Exception):
    """The file cannot be read further."""


def parse(raw: bytes) -> Parsed:
    """Parse one YAML document. Never raises: what is wrong is in `faults`, and `data` is None where nothing is left."""
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    text = raw.decode("utf-8", "replace")
    parsed = Parsed(lines=BREAK.split(text))
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place_after(raw[: error.start].decode("utf-8", "replace"))
        parsed.faults.append(Fault(place, "not UTF-8; save the file as UTF-8"))
        return parsed
    for found in _UNFIT.finditer(text):
        message = f"character U+{ord(found.group()):04X} cannot be seen or printed; take it out"
        parsed.faults.append(Fault(_place_after(text[: found.start()]), message))
        if len(parsed.faults) == 20:  # a binary file; enough to see what it is
            break
    if parsed.faults:
        return parsed
    try:
        parsed.data = _read(text, parsed)
    except _Stop:
        pass
    except yaml.MarkedYAMLError as error:
        parsed.faults.append(Fault(*remedy(error, parsed.lines)))
    except (yaml.YAMLError, RecursionError) as error:
        parsed.faults.append(Fault((1, 1), f"cannot be read as YAML: {' '.join(str(error).split())}"))
    return parsed


def _read(text: str, parsed: Parsed) -> Any:
    _refuse_depth(text, parsed)
    loader = _Loader(text)
    try:
        node = loader.get_node() if loader.check_node() else None
        if node is None:
            parsed.faults.append(Fault((1, 1), "the file is empty"))
            return None
        if loader.check_node():
            place = _mark(loader.get_node())
            parsed.faults.append(Fault(place, "a second document starts here; one file holds one"))
    finally:
        loader.dispose()
    return _Walk(parsed).value(node, (), 0)


def _refuse_depth(text: str, parsed: Parsed) -> None:
    """Composing recurses in C, where depth is a crash and not an exception: count it on the event stream first."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                parsed.faults.append(Fault(_mark(event), f"nested deeper than {MAX_DEPTH} levels"))
                raise _Stop
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Walk:
    """From nodes to data; counts what it visits, so that aliases cannot multiply without end."""

    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        self.visited = 0
        self.read = 0

    def value(self, node: yaml.Node, path: Path, depth: int) -> Any:
        place = _mark(node)
        self.visited += 1
        if self.visited > MAX_NODES:
            self._stop(place, f"more than {MAX_NODES} values once aliases (*name) are followed; write them out")
        if depth > MAX_DEPTH:
            self._stop(place, f"nested deeper than {MAX_DEPTH} levels once aliases (*name) are followed")
        self.parsed.values[path] = place
        if isinstance(node, yaml.MappingNode) and node.tag in _PLAIN:
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode) and node.tag in _PLAIN:
            return [self.value(child, (*path, index), depth + 1) for index, child in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        return self._refuse(path, f"tag {_shown_tag(node.tag)} is not allowed; a pack is plain data")

    def _mapping(self, node: yaml.MappingNode, path: Path, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = _mark(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(place, "a key must be a plain word", path)
                continue
            if key_node.tag == "tag:yaml.org,2002:merge":
                self._fault(place, "merge keys (<<) are not read; write the keys out", path)
                continue
            if key_node.tag not in _PLAIN:
                self._fault(place, f"tag {_shown_tag(key_node.tag)} is not allowed on a key; take it off", path)
                continue
            key = printable(self._counted(key_node))
            if key in found:
                first = self.parsed.keys[(*path, key)][0]
                self._fault(place, f'"{key}" is written twice, first on line {first}; keep one', path)
                continue
            self.parsed.keys[(*path, key)] = place
            found[key] = self.value(value_node, (*path, key), depth + 1)
        return found

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        text, tag = self._counted(node), node.tag.rsplit(":", 1)[-1]
        if node.tag not in _PLAIN:
            if not node.style and text in {"=", "<<"}:
                return self._refuse(path, f'YAML gives {text} a meaning; write "{text}" in quotes')
            return self._refuse(path, f"tag {_shown_tag(node.tag)} is not allowed; a pack is plain data")
        if tag in {"bool", "null", "int", "float"}:
            self.parsed.written[path] = printable(text)
            try:
                return _VALUES[tag](text)
            except (ValueError, KeyError):
                shown = text if len(text) <= MAX_DIGITS else text[:MAX_DIGITS] + "…"
                message = f'YAML takes {shown} for a value of type {tag}, which it is not; write "{shown}" in quotes'
                return self._refuse(path, printable(message))
        return printable(text)

    def _counted(self, node: yaml.ScalarNode) -> str:
        text: str = node.value
        self.read += len(text)
        if self.read > MAX_TEXT:
            self._stop(_mark(node), f"more than {MAX_TEXT >> 20} MiB of text once aliases (*name) are followed")
        return text

    def _refuse(self, path: Path, message: str) -> None:
        self._fault(self.parsed.values[path], message, path)

    def _fault(self, place: Place, message: str, path: Path) -> None:
        self.parsed.faults.append(Fault(place, message, path))
        if len(self.parsed.faults) == MAX_FAULTS:
            self._stop(place, "there may be more faults after this one; mend these first")

    def _stop(self, place: Place, message: str) -> None:
        self.parsed.faults.append(Fault(place, message))
        raise _Stop


def _null(text: str) -> None:
    if text.lower() not in _NULLS:
        raise ValueError(text)


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(text)
    text = text.replace("_", "")
    # YAML 1.1 reads 010 as eight; someone who writes it means ten.
    return int(text) if text.lstrip("+-").isdecimal() else int(text, 0)


def _number(text: str) -> float:
    if len(text) > MAX_DIGITS:
        raise ValueError(text)
    return float(text.lower().replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))


_VALUES: dict[str, Any] = {
    "bool": lambda text: _BOOLEANS[text.lower()],
    "null": _null,
    "int": _integer,
    "float": _number,
}


def _shown_tag(tag: str) -> str:
    """The tag as it would be written: !!name for YAML's own."""
    shown = printable(tag.replace("tag:yaml.org,2002:", "!!"))
    return shown if len(shown) <= 60 else shown[:59] + "…"


def _mark(thing: Any) -> Place:
    return (thing.start_mark.line + 1, thing.start_mark.column + 1)


def _place_after(before: str) -> Place:
    lines = BREAK.split(before)
    return len(lines), len(lines[-1]) + 1
