"""libyaml's complaints in the words of someone writing a pack: what is wrong, and what to write instead."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from prep_app.text import printable

Place = tuple[int, int]  # line and column, from 1

# What libyaml says, and what to say after it. The first that fits is used.
_REMEDIES = (
    (
        "mapping values are not allowed",
        'a ":" that YAML takes for the end of a key; put the text in quotes',
    ),
    ("block sequence entries are not allowed", 'a "-" that YAML takes for a list; start it on a line of its own'),
    ("could not find expected ':'", 'no ":" after this key, or text that needs quotes or more indentation'),
    ("did not find expected key", "its indentation fits nothing above it, or text before it needs quotes"),
    ("did not find expected '-' indicator", 'a list goes on with "-" at the same indentation'),
    ("did not find expected ',' or ']'", 'a list that was opened with "[" is not closed'),
    ("did not find expected ',' or '}'", 'a "{" is not closed'),
    ("expected node content", "a [ or { is not closed, or text that begins with , ] or } needs quotes"),
    ("alphabetic or numeric character", "text that begins with & or * must be put in quotes"),
    ("mapping keys are not allowed", 'text that begins with "?" must be put in quotes'),
    ("unknown escape character", r"in double quotes a backslash is written \\; or use single quotes"),
    ("undefined alias", 'text that begins with "*" must be put in quotes'),
    ("duplicate anchor", "an anchor (&name) of this name was set before"),
    ("another document", "one file holds one document"),
    ("maximum nesting depth", "nested deeper than anyone can read"),
)
# Here libyaml stops at the end of the file; what matters is where the thing began.
_FROM_ITS_START = ("unexpected end of stream", "did not find expected ',' or")


def remedy(error: yaml.MarkedYAMLError, lines: Sequence[str]) -> tuple[Place, str]:
    """Return where `error` is, and a sentence that says how to mend it."""
    problem = " ".join((error.problem or "").split())
    mark = error.problem_mark or error.context_mark
    if error.context_mark and any(said in problem for said in _FROM_ITS_START):
        mark = error.context_mark
    place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if place[0] > len(lines):  # libyaml ends the last line where the file does not
        place = (len(lines), len(lines[-1]) + 1)
    line = lines[place[0] - 1]
    here = line[place[1] - 1 : place[1]]
    if here == "\t" or "tab character" in problem or "\t" in line[: len(line) - len(line.lstrip())]:
        tab = line.find("\t") + 1
        return (place[0], tab or place[1]), "a tab; YAML is indented with spaces"
    if "unexpected end of stream" in problem:
        return place, "the quote that opens here is never closed"
    if "cannot start any token" in problem and here:
        return place, f"not valid YAML: text cannot begin with {here}; put it in quotes"
    for said, advice in _REMEDIES:
        if said in f"{error.context} {problem}":
            return place, f"not valid YAML: {advice}"
    return place, f"not valid YAML: {printable(problem) or 'cannot be read'}"
