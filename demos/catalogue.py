"""Which demos there are and what each declares, read from their source without importing them (or torch)."""

from __future__ import annotations

import ast
import difflib
from functools import cache
from importlib.resources import files
from typing import Any

from demos import kit
from demos.kit import Demo, DemoInputError

_WORDS = {word: getattr(kit, word) for word in ("Demo", "Integer", "Real", "Choice", "Flag", "Prediction", "Mistake")}


@cache
def catalogue() -> dict[str, Demo]:
    """Every module in this folder that declares `DEMO = Demo(...)`, by name."""
    found = {}
    for file in sorted(files("demos").iterdir(), key=lambda item: item.name):
        if file.name.endswith(".py"):
            demo = _declaration(file.read_text(encoding="utf-8"))
            if demo is not None:
                found[file.name.removesuffix(".py")] = demo
    return found


def find(name: str) -> Demo:
    """Return the demo called `name`. Raises DemoInputError naming the nearest."""
    demos = catalogue()
    if name not in demos:
        close = difflib.get_close_matches(name, demos, 1)
        hint = f'did you mean "{close[0]}"?' if close else f"there are {', '.join(demos)}"
        raise DemoInputError(f'no demo "{name}"; {hint}')
    return demos[name]


def source(name: str) -> str:
    """Return the demo's program text. Raises DemoInputError for a name that is not a demo."""
    find(name)
    return files("demos").joinpath(f"{name}.py").read_text(encoding="utf-8")


def program(name: str, mistake: str = "") -> str:
    """Return the demo's program text, with one of its mistakes made. Raises DemoInputError naming those there are."""
    text = source(name)
    if not mistake:
        return text
    slips = {slip.name: slip for slip in find(name).mistakes}
    if mistake not in slips:
        raise DemoInputError(f'no mistake "{mistake}"; there are {", ".join(slips) or "none"}')
    slip = slips[mistake]
    declared = text.index("DEMO = Demo(")
    end = text.index("\n)\n", declared)  # the declaration itself quotes the line that is to change
    if text.count(slip.right, end) != 1 or slip.right in text[:declared]:
        raise ValueError(f"{name}: {slip.right!r} must stand once in the program")
    return text[:end] + text[end:].replace(slip.right, slip.wrong)


def _declaration(text: str) -> Demo | None:
    if "DEMO = Demo(" not in text:
        return None
    for statement in ast.parse(text).body:
        if (
            isinstance(statement, ast.Assign)
            and isinstance(statement.targets[0], ast.Name)
            and statement.targets[0].id == "DEMO"
        ):
            demo = _built(statement.value)
            if isinstance(demo, Demo):
                return demo
    return None


def _built(node: ast.expr) -> Any:
    """Build what `node` writes: literals, lists of them, and calls of the kit's declaring words. Nothing else."""
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name) or node.func.id not in _WORDS:
            raise ValueError(f"line {node.lineno}: a declaration holds literals and {', '.join(_WORDS)} only")
        arguments = [_built(argument) for argument in node.args]
        keywords = {str(keyword.arg): _built(keyword.value) for keyword in node.keywords}
        return _WORDS[node.func.id](*arguments, **keywords)
    if isinstance(node, ast.List | ast.Tuple):
        return [_built(item) for item in node.elts]
    return ast.literal_eval(node)
