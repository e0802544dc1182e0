"""The little that every demo shares: what it declares, how it reports, and how it is run.

Importing this module does not import torch.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import math
import os
import random
import sys
import time
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Value = int | float | str | bool
Emit = Callable[[dict[str, Any]], None]
Mark = Callable[[int], None]
DEVICES = ("auto", "cpu", "cuda", "mps")
SHADES = " ░▒▓█"
PICTURE = (16, 24)  # entries: what a pane beside an answer has room for


class DemoInputError(ValueError):
    """A demo, a parameter or a value that does not exist; says what does."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A knob of a demo: its type, default, and range or choices."""

    name: str
    type: Literal["int", "float", "str", "bool"]
    default: Value
    help: str
    min: float | None = None
    max: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def takes(self) -> str:
        """What it takes, in words: a whole number from 1 to 64."""
        if self.type == "bool":
            return "true or false"
        if self.min is None or self.max is None:
            return f"one of {', '.join(self.choices)}"
        if self.type == "int":
            return f"a whole number from {self.min} to {self.max}"
        return f"a number from {self.min:g} to {self.max:g}"

    def coerce(self, value: object) -> Value:
        """Return `value` (perhaps text) in this parameter's type. Raises DemoInputError for what it does not take."""
        refused = DemoInputError(f"{self.name} must be {self.takes}, not {value!r}")
        if self.type == "bool":
            if str(value).lower() not in {"true", "false"}:
                raise refused
            return str(value).lower() == "true"
        if self.min is None or self.max is None:
            if str(value) not in self.choices:
                raise refused
            return str(value)
        try:
            number = int(str(value)) if self.type == "int" else float(str(value))
        except ValueError:
            raise refused from None
        if not self.min <= number <= self.max:  # nan is in no range
            raise refused
        return number


def Integer(name: str, default: int, min: int, max: int, help: str) -> Parameter:
    return Parameter(name, "int", default, help, min, max)


def Real(name: str, default: float, min: float, max: float, help: str) -> Parameter:
    return Parameter(name, "float", default, help, min, max)


def Choice(name: str, default: str, choices: Sequence[str], help: str) -> Parameter:
    return Parameter(name, "str", default, help, choices=tuple(choices))


def Flag(name: str, default: bool, help: str) -> Parameter:
    return Parameter(name, "bool", default, help)


@dataclass(frozen=True, slots=True)
class Prediction:
    """Something to foresee before a run: a number, or one of `choices`. The run's figure of that name settles it."""

    figure: str
    ask: str
    why: str  # what the outcome teaches
    unit: str = ""
    choices: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Mistake:
    """A slip that people make: `right`, which stands once in the program, becomes `wrong`; the check `fails` tells."""

    name: str
    says: str  # the slip in a few words
    right: str
    wrong: str
    fails: str
    why: str  # why that check is the one to notice


@dataclass(frozen=True, slots=True)
class Demo:
    """What a demo says of itself: `checks` maps each check's id to the claim it tests.

    Every check holds for every setting inside the parameters' ranges, and each has a mistake that makes it fail.
    `imports` names what the program needs beside torch and takes long to import.
    """

    title: str
    summary: str
    questions: Sequence[str]
    parameters: Sequence[Parameter]
    checks: Mapping[str, str]
    predictions: Sequence[Prediction] = ()
    mistakes: Sequence[Mistake] = ()
    imports: Sequence[str] = ()


class Lab:
    """What a demo reports to. Everything it says becomes an event."""

    def __init__(self, demo: Demo, emit: Emit, device: torch.device, seed: int) -> None:
        self.device = device
        self.seed = seed
        self.figures: dict[str, Any] = {}
        self.outcomes: dict[str, bool] = {}
        self._demo = demo
        self._emit = emit

    def picture(self, title: str, matrix: Tensor) -> None:
        """Show a matrix (rows x columns), or the corner that fits, in shades of magnitude, two characters an entry."""
        rows, columns = PICTURE
        size = matrix.detach()[:rows, :columns].abs().float().cpu()
        shades = (size / size.max().clamp(min=1e-12) * (len(SHADES) - 1)).round().int().tolist()
        self.text("\n".join([f"**{title}**", *("".join(SHADES[shade] * 2 for shade in row) for row in shades)]))

    def text(self, markdown: str) -> None:
        self._emit({"event": "text", "markdown": markdown})

    def progress(self, done: int, total: int, label: str = "") -> None:
        self._emit({"event": "progress", "done": done, "total": total, "label": label})

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        self._emit({"event": "table", "title": title, "columns": list(columns), "rows": plain(rows)})

    def plot(self, title: str, x_label: str, y_label: str, series: Sequence[Mapping[str, Any]]) -> None:
        """Each series has a name, x, y and a style: line, scatter or bar."""
        held = [{"style": "line", **plain(dict(one))} for one in series]
        self._emit({"event": "plot", "title": title, "x_label": x_label, "y_label": y_label, "series": held})

    def check(self, id: str, passed: object, measured: object, expected: object) -> None:
        """Report whether the claim `id` holds, what was measured and what was expected."""
        held = bool(passed)
        self.outcomes[id] = held
        self._emit(
            {
                "event": "check",
                "id": id,
                "claim": self._demo.checks[id],
                "passed": held,
                "measured": plain(measured),
                "expected": plain(expected),
            }
        )

    def figure(self, name: str, value: object) -> None:
        self.figures[name] = plain(value)


def plain(value: Any) -> Any:
    """Return `value` as JSON can hold it: tensors and tuples as lists, what is not finite as None."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def run_demo(
    name: str,
    values: Mapping[str, object],
    *,
    device: str = "auto",
    seed: int = 0,
    mistake: str = "",
    code: tuple[str, str] | None = None,
    emit: Emit,
    mark: Mark | None = None,
) -> bool:
    """Run a demo and emit its events; the last is a result or an error. Returns whether every check held.

    `mistake` names a slip to make in it; `code` is a function of it and a learner's text to stand there. A run with
    either proves nothing. `mark` is told, before each event, which line of the program, as run, speaks.
    Raises DemoInputError, before any event, for a demo, parameter, value, mistake or function that does not exist.
    """
    from demos.catalogue import find
    from demos.exercise import CodeError, alter, said

    demo = find(name)
    chosen = settle(demo, values)
    if device not in DEVICES:
        raise DemoInputError(f"device must be one of {', '.join(DEVICES)}, not {device!r}")
    try:
        altered = alter(name, mistake, code)
    except CodeError as error:
        emit({"event": "error", "message": str(error)})
        return False
    start = time.perf_counter()
    import torch

    torch_device, fallback = resolve(device)
    if fallback:
        emit({"event": "text", "markdown": fallback})
    random.seed(seed)
    torch.manual_seed(seed)
    module: Any = importlib.import_module(f"demos.{name}") if altered is None else None

    def say(event: dict[str, Any]) -> None:
        if mark is not None:
            mark(_speaking(module.run.__code__))
        emit(event)

    lab = Lab(demo, say, torch_device, seed)
    # A demo's failure is its outcome, whatever it is; a learner's code may also try to leave.
    failures = Exception if code is None else (Exception, SystemExit)
    try:
        if altered is not None:
            module = altered.module()
        module.run(lab, **chosen)
    except failures as error:
        emit({"event": "error", "message": said(error) if altered is None else altered.says(error)})
        return False
    missing = [check for check in demo.checks if check not in lab.outcomes]
    if missing:
        emit({"event": "error", "message": f"the demo ended without its checks {', '.join(missing)}"})
        return False
    passed = all(lab.outcomes.values())
    emit(
        {
            "event": "result",
            "figures": lab.figures,
            "device": str(torch_device),
            "seconds": round(time.perf_counter() - start, 3),
            "passed": passed,
        }
    )
    return passed


def prepare(name: str) -> None:
    """Import what a demo needs, so that its run need not. What cannot be imported is for the run itself to say."""
    from demos.catalogue import find

    for module in find(name).imports:
        with contextlib.suppress(Exception):
            importlib.import_module(module)


def _speaking(code: types.CodeType) -> int:
    """The line that the demo's `run` has reached, seen from an event that it is emitting."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back  # type: ignore[assignment]
    return frame.f_lineno if frame is not None else 0


def settle(demo: Demo, values: Mapping[str, object]) -> dict[str, Value]:
    """Return every parameter's value: what was given, checked, and defaults for the rest."""
    known = {parameter.name: parameter for parameter in demo.parameters}
    for name in values:
        if name not in known:
            raise DemoInputError(f"no parameter {name}; this demo has {', '.join(known) or 'none'}")
    return {name: parameter.coerce(values.get(name, parameter.default)) for name, parameter in known.items()}


def resolve(wanted: str) -> tuple[torch.device, str]:
    """Return the device to run on, and a sentence when it is not the one asked for."""
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return torch.device(next(name for name in ("cuda", "mps", "cpu") if there[name])), ""
    if there[wanted]:
        return torch.device(wanted), ""
    return torch.device("cpu"), f"{wanted} was asked for but torch finds none here: running on the CPU."


def main(name: str, arguments: Sequence[str] | None = None) -> int:
    """Run a demo from the shell. Returns 0 when every check held, 1 when not, 2 when used wrongly."""
    from demos.catalogue import find
    from demos.shell import print_event

    try:
        demo = find(name)
    except DemoInputError as error:
        print(error, file=sys.stderr)
        return 2
    parser = argparse.ArgumentParser(prog=f"demos.{name}", description=demo.summary, allow_abbrev=False)
    for parameter in demo.parameters:
        said = f"{parameter.help}; {parameter.takes} (default {parameter.default})"
        parser.add_argument(f"--{parameter.name}", metavar="VALUE", help=said.replace("%", "%%"))
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where to run (default auto)")
    parser.add_argument("--seed", type=int, default=0, help="seed of every random number (default 0)")
    slips = "; ".join(f"{mistake.name} ({mistake.says})" for mistake in demo.mistakes)
    parser.add_argument("--mistake", metavar="NAME", default="", help=f"make a slip: {slips}".replace("%", "%%"))
    parser.add_argument("--json", action="store_true", help="print one event a line")
    options = vars(parser.parse_args(arguments))
    device, seed, as_json = options.pop("device"), options.pop("seed"), options.pop("json")
    mistake = options.pop("mistake")
    values = {key: value for key, value in options.items() if value is not None}

    # One core is left to everybody else: threads that wait for each other on a busy machine take minutes.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) - 1)))

    def emit(event: dict[str, Any]) -> None:
        if as_json:
            print(json.dumps(event, ensure_ascii=False), flush=True)
        else:
            print_event(event)

    try:
        return 0 if run_demo(name, values, device=device, seed=seed, mistake=mistake, emit=emit) else 1
    except DemoInputError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except ImportError as error:
        print(f"{name}: torch cannot be imported ({error}); pip install 'torch>=2.6,<2.14'", file=sys.stderr)
        return 2
