"""The command line: thin. Every command imports what it needs when it runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from prep_app.errors import UserError

OK, NO, MISUSED = 0, 1, 2
Command = Callable[[argparse.Namespace], int]


def run(arguments: Sequence[str]) -> int:
    """Run one command. Returns 0 when done, 1 when the answer is no, 2 when used wrongly. Never raises."""
    arguments = list(arguments)
    if arguments[:1] == ["demo"] and len(arguments) > 1 and not arguments[1].startswith("-"):
        return _run_demo(arguments[1:])  # its options are the demo's own
    options = _parser().parse_args(arguments)
    try:
        return _command(options.command or "app")(options)
    except UserError as error:
        print(f"prep: {error}", file=sys.stderr)
        return MISUSED
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (head, less) has gone; keep Python from complaining about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:  # a bug: the log keeps the details, the user gets one line
        return _bug(error, options.home)


def _command(name: str) -> Command:
    from importlib import import_module

    command: Command = import_module(f"prep_app.commands.{name}").run
    return command


def _parser() -> _Parser:
    shared = _Parser(add_help=False)
    shared.add_argument("--home", metavar="DIR", default=argparse.SUPPRESS, help="keep your files here (or PREP_HOME)")
    json_too = _Parser(add_help=False, parents=[shared])
    json_too.add_argument("--json", action="store_true", help="print JSON and nothing else")
    at = _Parser(add_help=False)
    at.add_argument("--at", metavar="TIME", help="act as if it were TIME: ISO 8601, or UTC milliseconds")

    parser = _Parser(prog="prep", description="Interview practice with answers that prove themselves.")
    parser.add_argument("--home", metavar="DIR", default=None, help="keep your files here (or PREP_HOME)")
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)

    def add(name: str, says: str, *parents: _Parser) -> _Parser:
        return commands.add_parser(name, help=says, description=says, parents=list(parents))

    study = add("study", "open the app in a session, on some questions or on all", shared)
    study.add_argument("questions", nargs="*", metavar="QUESTION", help="such as Q4")
    demo = add("demo", "list the demos, or run one: prep demo NAME [--PARAMETER VALUE …]", json_too)
    demo.add_argument("name", nargs="?", help="prep demo NAME --help shows its parameters")
    check = add("check", "validate packs: the built-in ones, or those in PATH", json_too)
    check.add_argument("paths", nargs="*", metavar="PATH")
    add("next", "print the next card", json_too, at)
    answer = add("answer", "record an answer; it is on disk when this returns", json_too, at)
    answer.add_argument("card", metavar="CARD")
    answer.add_argument("rating", choices=["again", "hard", "good", "easy"])
    answer.add_argument("--seconds", type=float, metavar="S", help="how long the answer took")
    add("undo", "take back the last answer", json_too, at)
    add("stats", "reviews, streak, retention, mastery of each question, readiness", json_too, at)
    doctor = add("doctor", "check versions, devices and files; say what to do about each problem", json_too)
    doctor.add_argument("--rebuild", action="store_true", help="make the cache anew from the journal")
    return parser


class _Parser(argparse.ArgumentParser):
    """Misuse is one line that says what to do next."""

    def error(self, message: str) -> NoReturn:
        self.exit(MISUSED, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _version() -> str:
    from prep_app import __version__

    return f"prep {__version__}"


def _run_demo(arguments: Sequence[str]) -> int:
    from demos.kit import main

    rest = []
    skip = False
    for word in arguments[1:]:  # a demo keeps no files, so --home means nothing to it
        if skip or word.startswith("--home="):
            skip = False
        elif word == "--home":
            skip = True
        else:
            rest.append(word)
    try:
        return main(arguments[0], rest)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def _bug(error: Exception, home: str | None) -> int:
    import traceback

    from prep_app import paths

    try:
        log = paths.home(home).log
        with log.open("a", encoding="utf-8") as file:
            file.write("".join(traceback.format_exception(error)) + "\n")
        where = f"; the details are in {log}"
    except (UserError, OSError):
        where = ""
    print(f"prep: a bug in prep ({type(error).__name__}: {error}){where}", file=sys.stderr)
    return NO
