"""What --help says beyond the options: groups, examples, exit status, files and environment. Read only then."""

from __future__ import annotations

import shutil
import textwrap
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Study": ("study", "mock", "plan", "stats"),
    "Demos": ("demo",),
    "From a script": ("next", "answer", "undo"),
    "Packs": ("check", "new-pack"),
    "Your data": ("import", "export", "sync", "scores", "optimize", "doctor"),
    "The program": ("serve", "completion"),
}
EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "": {
        "prep": "open the app",
        "prep study Q4": "a session on one question",
        "prep demo lora_merge --r 4": "run the program that proves an answer",
    },
    "study": {
        "prep study Q4 Q14": "a session on two questions",
        "prep study --pack ~/packs/mine": "on a pack you are writing",
        "prep study --plain": "as lines of text, for a screen reader or a pipe",
    },
    "mock": {
        "prep mock --minutes 30 --topic EWC": "half an hour about one topic",
        "prep mock --history": "how the past ones went",
    },
    "plan": {
        "prep plan --date 2026-12-15 --minutes 25": "from now on the cards aim at that day",
        "prep plan": "what it comes to",
        "prep plan --clear": "study towards no interview any more",
    },
    "stats": {"prep stats": "where you stand", "prep stats --json": "all the figures; docs/scores.md explains each"},
    "demo": {
        "prep demo": "list the demos",
        "prep demo ewc_penalty --help": "what one of them can be given",
        "prep demo lora_merge --r 4 --json": "run it; one event a line, the result last",
    },
    "next": {"prep next --json": "the card to ask now, or null"},
    "answer": {
        "prep answer q4-zero-init good": "grade a card yourself",
        "prep answer q4-num-params --said 8.39M": "say the answer and let it be marked",
        "prep answer q4-code-init --said @mine.py": "a function from a file",
    },
    "undo": {"prep undo": "take the last answer back; 1 when there is none"},
    "check": {
        "prep check": "the packs that come with prep",
        "prep check ~/packs/mine": "one of yours; FILE:LINE:COLUMN of every fault",
        "prep check --schema": "the JSON Schema, for your editor",
    },
    "new-pack": {"prep new-pack ~/packs/mine --title 'System design'": "a pack with a card of each kind to edit"},
    "import": {
        "prep import deck.apkg": "cards and reviews from Anki",
        "prep import all.json": "what prep export wrote; twice adds nothing",
        "prep import reviews.csv": "reviews; docs/data.md names the columns",
    },
    "export": {
        "prep export reviews.csv": "every review, one a row",
        "prep export all.json": "everything; nothing is lost",
        "prep export prep.apkg": "the cards and their schedule, for Anki",
    },
    "sync": {
        "prep sync postgresql://me@db.example.org/prep": "with your other machines",
        "prep sync": "the same, once PREP_SYNC_URL is set",
    },
    "scores": {"prep scores": "the scoreboard of your cohort"},
    "optimize": {"prep optimize": "fit the schedule to your own memory; keeps what predicts better"},
    "doctor": {
        "prep doctor": "is everything in order",
        "prep doctor --rebuild": "make the cache anew",
        "prep doctor --restore": "put a damaged journal back",
    },
    "serve": {"prep serve --port 8001": "the app in a page of your browser"},
    "completion": {
        'eval "$(prep completion bash)"': "in ~/.bashrc",
        "prep completion zsh > ~/.zfunc/_prep": "a folder of zsh's $fpath",
        "prep completion fish > ~/.config/fish/completions/prep.fish": "",
    },
}
STATUS = "0 done · 1 the answer is no: a check failed, a pack has faults, there was nothing to undo · 2 used wrongly"
FILES = {
    "journal.db": "what you did, in order; never changed, backed up daily",
    "backups/": "the ten newest copies of it",
    "config.toml": "your settings: new_per_day, desired_retention, rollover_hour, theme, sync_url, [keys]",
    "packs/": "packs you installed, one folder each",
    "exports/": "runs of demos and reports that you kept",
    "cache.db": "can be thrown away",
}
LONG = 44  # columns
ENVIRONMENT = {
    "PREP_HOME": "the folder of these files; else your platform's place for data (prep doctor names it)",
    "PREP_SYNC_URL": "the database for prep sync",
    "VISUAL, EDITOR": "the editor that e opens in Browse",
    "NO_COLOR": "when set, no colour anywhere",
}


def page(parser: ArgumentParser, usual: str) -> str:
    """The help of a command, made of argparse's `usual` help and what stands here; or of prep as a whole."""
    name = parser.prog.partition(" ")[2]
    if name not in EXAMPLES:
        return usual
    if not name:
        return _whole(parser)
    return f"{usual}\nexamples:\n{_listed(EXAMPLES[name])}\nexit status:\n{_wrapped(STATUS)}\n"


def _whole(parser: ArgumentParser) -> str:
    """Every command by what it is for."""
    says = {each.dest: each.help or "" for each in _commands(parser)}
    parts = ["usage: prep [--home DIR] [COMMAND …]\n", f"{parser.description}\nWithout a command it opens the app.\n"]
    widest = max(map(len, says))
    for group, names in GROUPS.items():
        parts.append(f"{group}:\n{_listed({name: says[name] for name in names}, widest)}")
    options = {"--home DIR": "keep your files here", "--version": "print the version", "-h, --help": "print this"}
    options["COMMAND --help"] = "all about a command, with examples"
    parts += [f"Options:\n{_listed(options)}", f"Examples:\n{_listed(EXAMPLES[''])}"]
    parts += [f"Exit status:\n{_wrapped(STATUS)}\n", f"Files, in PREP_HOME:\n{_listed(FILES)}"]
    return "\n".join([*parts, f"Environment:\n{_listed(ENVIRONMENT)}"])


def _commands(parser: ArgumentParser) -> list[Any]:
    listing: Any = next(action for action in parser._actions if action.dest == "command")
    return list(listing._get_subactions())


def _listed(pairs: Mapping[str, str], widest: int = 0) -> str:
    """Two columns; what is long on the left has a line of its own."""
    short = [len(left) for left in pairs if len(left) <= LONG]
    indent = " " * (max([widest, *short]) + 4)
    lines = []
    for left, right in pairs.items():
        if len(left) + 4 > len(indent) and right:
            lines += [f"  {left}", textwrap.fill(right, _width(), initial_indent=" " * 6, subsequent_indent=" " * 6)]
        else:
            head = f"  {left}".ljust(len(indent)) if right else f"  {left}"
            lines.append(
                textwrap.fill(right, _width(), initial_indent=head, subsequent_indent=indent) if right else head
            )
    return "\n".join(lines) + "\n"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _width(), initial_indent="  ", subsequent_indent="  ")


def _width() -> int:
    return max(40, min(100, shutil.get_terminal_size().columns - 2))
