"""prep completion: the script that has a shell complete prep's commands, options, demos, cards and files."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import Any

from prep_app import paths
from prep_app.errors import UserError

_ASKED = ("card", "question")  # completed by asking prep, since packs come and go


def run(options: Namespace) -> int:
    if options.words:
        print("\n".join(_words(options)))
        return 0
    if options.shell is None:
        raise UserError("name your shell: prep completion bash, zsh, fish or tcsh")
    import shtab

    if options.shell not in shtab.SUPPORTED_SHELLS:
        raise UserError(f"{options.shell} needs a newer shtab: pip install --upgrade shtab")
    _teach(options.whole)
    print(shtab.complete(options.whole, options.shell))
    return 0


def _words(options: Namespace) -> Iterator[str]:
    from prep_app.content.library import library_for

    library = library_for(paths.home(options.home))
    yield from library.cards if options.words == "card" else library.questions


def _teach(parser: ArgumentParser) -> None:
    """Say of every argument what it takes: by its metavar, which is the same wherever it means the same."""
    import shtab

    from prep_app.lab.catalogue import catalogue

    takes = {"FILE": shtab.FILE, "PATH": shtab.FILE, "DIR": shtab.DIRECTORY}
    takes |= {word.upper(): shtab.cmd(f"prep completion --words {word} 2>/dev/null") for word in _ASKED}
    for action in _actions(parser):
        if action.metavar in takes:
            action.complete = takes[action.metavar]
        elif action.metavar == "DEMO":
            action.choices = list(catalogue())


def _actions(parser: ArgumentParser) -> Iterator[Any]:
    action: Any
    for action in parser._actions:
        yield action
        if action.dest == "command":
            for command in action.choices.values():
                yield from _actions(command)
