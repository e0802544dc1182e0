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

    module = f"{name}_file" if name in ("import", "export") else name.replace("-", "_")  # import is Python's own word
    command: Command = import_module(f"prep_app.commands.{module}").run
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
        described = f"{says[0].upper()}{says[1:]}."
        return commands.add_parser(name, help=says, description=described, parents=list(parents))

    pack = "use the pack in DIR alone; what you did is kept all the same"
    study = add("study", "open the app in a session, on some questions or on all", shared)
    study.add_argument("questions", nargs="*", metavar="QUESTION", help="such as Q4")
    study.add_argument("--pack", metavar="DIR", help=pack)
    study.add_argument("--plain", action="store_true", help="as lines of text in and out: screen readers, pipes")
    mock = add("mock", "open the app at a mock interview, or print the past ones", json_too)
    mock.add_argument("--minutes", type=int, metavar="N", help="on the clock (20)")
    mock.add_argument("--questions", type=int, metavar="N", help="how many (8)")
    mock.add_argument("--topic", default="", metavar="T", help="only about this topic or question, such as EWC or Q4")
    mock.add_argument("--history", action="store_true", help="print the past mock interviews instead")
    demo = add("demo", "list the demos, or run one: prep demo DEMO [--PARAMETER VALUE …]", json_too)
    demo.add_argument("name", nargs="?", metavar="DEMO", help="prep demo DEMO --help shows its parameters")
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
    answer.add_argument("card", metavar="CARD", help="its id, as prep next shows it")
    answer.add_argument("--pack", metavar="DIR", help=pack)
    ratings = ["again", "hard", "good", "easy"]
    rating = f"{', '.join(ratings[:-1])} or easy; left out: by the mark"
    answer.add_argument("rating", nargs="?", metavar="RATING", choices=ratings, help=rating)
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
    serve = add("serve", "open the app in a page of your browser; it runs until Ctrl+C", json_too)
    serve.add_argument("--port", type=int, default=8000, metavar="N", help="where it listens (8000); 0: any free one")
    host = "let other machines in by this address of yours; read the warning (127.0.0.1: this machine alone)"
    serve.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help=host)
    _add_files(add, json_too)
    _add_sync(add, json_too)
    completion = add("completion", "print the script that has your shell complete what you type", shared)
    completion.add_argument("shell", nargs="?", choices=["bash", "zsh", "fish", "tcsh"], help="your shell")
    completion.add_argument("--words", choices=["card", "question"], help=argparse.SUPPRESS)
    completion.set_defaults(whole=parser)
    doctor = add("doctor", "check versions, devices and files; say what to do about each problem", json_too)
    doctor.add_argument("--rebuild", action="store_true", help="make the cache anew from the journal")
    restore = "put a damaged journal back, from what can be read of it and the newest sound backup"
    doctor.add_argument("--restore", action="store_true", help=restore)
    return parser


def _add_files(add: Callable[..., _Parser], json_too: _Parser) -> None:
    bring = add("import", "take in cards and reviews: .apkg or .colpkg from Anki, .csv, .json", json_too)
    bring.add_argument("file", metavar="FILE", help="its ending says what it is")
    export = add("export", "write cards and reviews: .apkg for Anki, .csv, .json", json_too)
    export.add_argument("file", metavar="FILE", help="its ending says what is written; a file of that name is replaced")
    export.add_argument("--no-pictures", action="store_true", help="run no demos for an .apkg")
    export.add_argument("--cards", action="store_true", help="in a .csv, the cards instead of the reviews")


def _add_sync(add: Callable[..., _Parser], json_too: _Parser) -> None:
    url = "postgresql://NAME@HOST/DATABASE; left out: PREP_SYNC_URL, then sync_url in config.toml"
    sync = add("sync", "exchange what you did with your other machines, through a PostgreSQL database", json_too)
    sync.add_argument("url", nargs="?", metavar="URL", help=url)
    sync.add_argument("--setup", action="store_true", help="set the database up instead; its owner does so once")
    sync.add_argument("--share", metavar="DIR", help="share the pack in DIR with your cohort, or a newer one of it")
    sync.add_argument("--unshare", metavar="PACK", help="share it no more; who has it keeps it")
    board = sync.add_mutually_exclusive_group()
    board.add_argument("--board", metavar="NAME", help="go on the cohort's scoreboard under this name")
    board.add_argument("--no-board", action="store_true", help="go off the scoreboard")
    scores = add("scores", "show the scoreboard of your cohort: those who went on it with prep sync --board", json_too)
    scores.add_argument("url", nargs="?", metavar="URL", help=url)


class _Parser(argparse.ArgumentParser):
    """Misuse is one line that says what to do next; --help is a page with examples."""

    def format_help(self) -> str:
        from prep_app.commands.manual import page

        return page(self, super().format_help())

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
