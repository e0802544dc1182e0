"""One function of a demo as an exercise: its text, its text without a body, the program with a learner's text there.

All of it works on source text; nothing here imports torch, and only `Altered.module` runs anything.
"""

from __future__ import annotations

import ast
import difflib
import re
import sys
import types
import warnings
from dataclasses import dataclass

from demos.catalogue import program, source
from demos.kit import DemoInputError

MARGIN = "    "


class CodeError(DemoInputError):
    """A learner's text that is not the one function asked for; says where in their text."""


@dataclass(frozen=True, slots=True)
class Altered:
    """A demo's program with a slip in it, or with a learner's function on the lines `first` to `last`."""

    name: str
    text: str
    first: int = 0
    last: int = -1

    @property
    def file(self) -> str:
        return f"{self.name} as altered.py"

    def module(self) -> types.ModuleType:
        """Run the program's definitions."""
        module = types.ModuleType(f"demos.{self.name}_as_altered")
        sys.modules[module.__name__] = module  # where dataclasses look their own module up
        # Compiled as the file would be: without the __future__ imports of this module.
        exec(compile(self.text, self.file, "exec", dont_inherit=True), module.__dict__)  # noqa: S102
        return module

    def says(self, error: BaseException) -> str:
        """One line for what went wrong; where a learner's code was at work, the line of their text."""
        what = said(error)
        if self.last < self.first:
            return what
        line = self._learners_line(error.__traceback__)
        return f"line {line} of your code: {what}" if line else f"the demo cannot go on with your code: {what}"

    def _learners_line(self, trace: types.TracebackType | None) -> int:
        """The innermost line of theirs, from 1: what they called may have failed far below it. 0 for none."""
        found = 0
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.file and self.first <= trace.tb_lineno <= self.last:
                found = trace.tb_lineno - self.first + 1
            trace = trace.tb_next
        return found


def alter(name: str, mistake: str = "", code: tuple[str, str] | None = None) -> Altered | None:
    """The program to run in place of the demo's own, if it is to be another. Raises DemoInputError (see below)."""
    if code is not None and mistake:
        raise DemoInputError("a run has either a mistake in it or your code, not both")
    if code is not None:
        return placed(name, *code)
    return Altered(name, program(name, mistake)) if mistake else None


def functions(name: str) -> tuple[str, ...]:
    """The functions that can be an exercise: all but `run`, which judges, and those nested in others."""
    return tuple(_functions(source(name)))


def function_with(name: str, mistake: str) -> str:
    """Return the function that a slip is made in; "" when it is in none that can be an exercise."""
    right, wrong = program(name), program(name, mistake)
    held = [one for one in functions(name) if _extracted(name, right, one) != _extracted(name, wrong, one)]
    return held[0] if held else ""


def function_source(name: str, function: str, mistake: str = "") -> str:
    """Return the text of a function or method (`LoRALinear.merge`), dedented, with the slip made in it if asked.

    Raises DemoInputError for a function that does not exist, and for a slip that lies elsewhere.
    """
    text = _extracted(name, program(name), function)
    if not mistake:
        return text
    slipped = _extracted(name, program(name, mistake), function)
    if slipped == text:
        where = function_with(name, mistake) or "none that can be an exercise"
        raise DemoInputError(f'{name}: the mistake "{mistake}" is not in {function}; it is in {where}')
    return slipped


def blank(name: str, function: str) -> str:
    """Return signature and docstring over a body of `...`, dedented; without comments, which might tell too much."""
    text = _extracted(name, program(name), function)
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.FunctionDef)
    if ast.get_docstring(node) is not None:
        lines = text.split("\n")[: node.body[0].end_lineno]
    else:
        above = text.split("\n")[: node.body[0].lineno - 1]
        lines = [line for line in above if not line.lstrip().startswith("#")]
    return "\n".join([*lines, f"{MARGIN}..."]) + "\n"


def with_function(name: str, function: str, text: str) -> str:
    """Return the whole program with `text`, one definition of that name, where the function was.

    Raises CodeError, a DemoInputError, which names the line of `text`, when it is anything else.
    """
    return placed(name, function, text).text


def placed(name: str, function: str, text: str) -> Altered:
    """As with_function, and which lines of the program are the learner's."""
    whole = source(name)
    node = _find(name, whole, function)
    lines = _flush(text)
    theirs = _only_definition("\n".join(lines), function.rpartition(".")[2])
    margin = " " * node.col_offset
    kept = _string_lines(theirs)
    shifted = [line if number in kept or not line.strip() else margin + line for number, line in enumerate(lines, 1)]
    program_lines = whole.split("\n")
    first = _first_line(node)
    program_lines[first - 1 : node.end_lineno] = shifted
    return Altered(name, "\n".join(program_lines), first, first + len(shifted) - 1)


def said(error: BaseException) -> str:
    """An error in one line."""
    if isinstance(error, SystemExit):
        return "it called exit()"
    message = " ".join(str(error).split()) or "no message"
    if isinstance(error, MemoryError) or "can't allocate memory" in message:
        asked = re.search(r"tried to allocate (\d+) bytes", message)
        size = f"{int(asked[1]) / 2**30:.1f} GiB of memory," if asked else "more memory"
        than = "more than" if asked else "than"
        return f"{type(error).__name__}: it asked for {size} {than} a run may have"
    return f"{type(error).__name__}: {message}"


def _functions(text: str) -> dict[str, ast.FunctionDef]:
    """The program's functions by dotted name, methods under their class."""
    found: dict[str, ast.FunctionDef] = {}

    def look(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                look(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.FunctionDef):
                found[prefix + node.name] = node

    look(ast.parse(text).body, "")
    found.pop("run", None)
    return found


def _find(name: str, text: str, function: str) -> ast.FunctionDef:
    there = _functions(text)
    if function not in there:
        last = function.rpartition(".")[2]
        close = [other for other in there if other.rpartition(".")[2] == last]
        close = close or difflib.get_close_matches(function, there, 3, 0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(there) or 'none'}"
        raise DemoInputError(f'{name} has no function "{function}" for an exercise; {hint}')
    return there[function]


def _extracted(name: str, text: str, function: str) -> str:
    """The function's own lines, moved to the left edge; strings over several lines stay as they are, but docstrings."""
    node = _find(name, text, function)
    kept = _string_lines(node)
    lines = text.split("\n")
    moved = [
        lines[number - 1] if number in kept else lines[number - 1].removeprefix(" " * node.col_offset)
        for number in range(_first_line(node), (node.end_lineno or node.lineno) + 1)
    ]
    return "\n".join(moved) + "\n"


def _first_line(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _string_lines(node: ast.FunctionDef) -> set[int]:
    """Lines that begin inside a string, where an indent would change its value. A docstring may be indented."""
    docstring = node.body[0] if ast.get_docstring(node) is not None else None
    strings = [
        inner
        for inner in ast.walk(node)
        if isinstance(inner, ast.JoinedStr)
        or (isinstance(inner, ast.Constant) and isinstance(inner.value, str | bytes))
    ]
    return {
        line
        for string in strings
        if not (isinstance(docstring, ast.Expr) and string is docstring.value)
        for line in range(string.lineno + 1, (string.end_lineno or string.lineno) + 1)
    }


def _flush(text: str) -> list[str]:
    """The learner's lines, moved to the left by what the first of code is indented; none is added or taken away."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip().split("\n")
    code = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    margin = code[0][: len(code[0]) - len(code[0].lstrip())] if code else ""
    return [line.removeprefix(margin) for line in lines]


def _only_definition(text: str, name: str) -> ast.FunctionDef:
    body = _parsed(text)
    if not body:
        raise CodeError(f"there is no code yet: it must define {name}")
    definition = body[0]
    others = body[1:] if isinstance(definition, ast.FunctionDef) else body
    if others or not isinstance(definition, ast.FunctionDef):
        line = min([others[0].lineno, *(node.lineno for node in getattr(others[0], "decorator_list", []))])
        only = f"only one definition, that of {name}, can stand here; put imports and helpers inside it"
        raise CodeError(f"line {line} of your code: {only}")
    if definition.name != name:
        raise CodeError(f"line {definition.lineno} of your code: it defines {definition.name}, and must define {name}")
    return definition


def _parsed(text: str) -> list[ast.stmt]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are printed when the program is compiled
            compile(text, "your code", "exec", dont_inherit=True)  # a return outside a function passes ast.parse
        return ast.parse(text).body
    except SyntaxError as error:
        line = min(error.lineno or 1, text.count("\n") + 1)
        raise CodeError(f"line {line} of your code: {type(error).__name__}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes, lone surrogates, endless nesting
        raise CodeError(f"line 1 of your code: it cannot be read: {error or 'nested too deeply'}") from None
