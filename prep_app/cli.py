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

    command: Command = import_module(f"prep_app.commands.{name.replace('-', '_')}").run
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

    pack = "use the pack in DIR alone; what you did is kept all the same"
    study = add("study", "open the app in a session, on some questions or on all", shared)
    study.add_argument("questions", nargs="*", metavar="QUESTION", help="such as Q4")
    study.add_argument("--pack", metavar="DIR", help=pack)
    mock = add("mock", "open the app at a mock interview, or print the past ones", json_too)
    mock.add_argument("--minutes", type=int, metavar="N", help="on the clock (20)")
    mock.add_argument("--questions", type=int, metavar="N", help="how many (8)")
    mock.add_argument("--topic", default="", metavar="T", help="only about this topic or question, such as EWC or Q4")
    mock.add_argument("--history", action="store_true", help="print the past mock interviews instead")
    demo = add("demo", "list the demos, or run one: prep demo NAME [--PARAMETER VALUE …]", json_too)
    demo.add_argument("name", nargs="?", help="prep demo NAME --help shows its parameters")
    check = add("check", "validate packs: the built-in ones, or those in PATH", json_too)
    check.add_argument("paths", nargs="*", metavar="PATH")
    schema = "print the JSON Schema of a question's file (or of pack.yaml) for your editor"
    check.add_argument("--schema", nargs="?", const="question", choices=["question", "pack"], help=schema)
    new_pack = add("new-pack", "write a commented pack to start from", json_too)
    new_pack.add_argument("folder", metavar="DIR", help="a new folder; the pack is named after it")
    new_pack.add_argument("--title", default="", metavar="T", help="what Home shows; left out: the folder's name")
    next_card = add("next", "print the next card", json_too, at)
    next_card.add_argument("--pack", metavar="DIR", help=pack)
    answer = add("answer", "record an answer; it is on disk when this returns", json_too, at)
    answer.add_argument("card", metavar="CARD")
    answer.add_argument("--pack", metavar="DIR", help=pack)
    answer.add_argument("rating", nargs="?", choices=["again", "hard", "good", "easy"], help="left out: by the mark")
    said = "the answer itself, to be marked: text, option or step numbers, a number, @FILE for code; once for each gap"
    answer.add_argument("--said", action="append", metavar="ANSWER", help=said)
    answer.add_argument("--hints", type=int, default=0, metavar="N", help="how many hints it took")
    answer.add_argument("--seconds", type=float, metavar="S", help="how long the answer took")
    add("undo", "take back the last answer", json_too, at)
    add("stats", "reviews, streak, retention, mastery of each question, readiness", json_too, at)
    add("optimize", "fit FSRS's parameters to your reviews, try them on held-out ones, keep the better", json_too)
    plan = add("plan", "study towards an interview: set its day, or see what the plan comes to", json_too, at)
    plan.add_argument("--date", metavar="DATE", help="the day of the interview, such as 2026-12-15")
    plan.add_argument("--minutes", type=int, metavar="N", help="for each day (25)")
    plan.add_argument("--clear", action="store_true", help="study towards no interview any more")
    doctor = add("doctor", "check versions, devices and files; say what to do about each problem", json_too)
    doctor.add_argument("--rebuild", action="store_true", help="make the cache anew from the journal")
    restore = "put a damaged journal back, from what can be read of it and the newest sound backup"
    doctor.add_argument("--restore", action="store_true", help=restore)
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
