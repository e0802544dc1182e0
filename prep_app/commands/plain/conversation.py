"""A session held in lines: each card asked, marked, answered and graded."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from prep_app.answers.asked import Asked
from prep_app.answers.response import Arranged, Picked, Ran, Response, Typed
from prep_app.commands.next import start_text
from prep_app.commands.plain.lines import Left, Lines
from prep_app.commands.plain.text import INDENT, gap_names, marked, plain, shown
from prep_app.commands.said import response_of
from prep_app.commands.shelf import Shelf, moment
from prep_app.content.body import Code, Recall
from prep_app.content.model import QuestionId
from prep_app.errors import UserError
from prep_app.lab.catalogue import function_source
from prep_app.lab.client import LabClient
from prep_app.memory.types import Rating
from prep_app.practice.demo_runs import keep_run
from prep_app.practice.session import Session
from prep_app.ui import phrases

END = "."  # alone on a line it ends a text of several lines
COMMANDS = {
    "h": "hint",
    "d": "demo",
    "f": "full",
    "u": "undo",
    "b": "bury",
    "s": "suspend",
    "m": "mark",
    "q": "quit",
    "?": "help",
}
HELP = """\
While an answer is awaited, a command begins with a colon, as in :h; elsewhere its letter will do.
h, hint: the hint; the suggested grade is lower then.
d, demo: run the program that proves the answer.
f, full: the whole answer to the question, once the card's own is shown.
u, undo: take back the last grade and return to its card.
b, bury: put this card off until tomorrow.
s, suspend: never ask this card again.
m, mark: mark this card, or take the mark off.
q, quit, or the end of input: leave; everything is kept."""


class _Moved(Exception):
    """Another card is in hand now."""


def hold(shelf: Shelf, only: Sequence[QuestionId]) -> None:
    """Hold a session, on some questions or on all, until it ends or the input does."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    held = shelf.library, shelf.memory, shelf.settings
    session = Session.start(*held, clock=lambda: moment(None), only=only)
    if session.current is None:
        print(f"Nothing to do now{' in ' + ', '.join(only) if only else ''}.")
        return
    Conversation(shelf, session, sys.stdin).hold()


class Conversation:
    """One session, asked and answered line by line."""

    def __init__(self, shelf: Shelf, session: Session, words: TextIO) -> None:
        self.shelf = shelf
        self.session = session
        self.lines = Lines(words)
        self._revealed = False
        self._lab = LabClient()

    def hold(self) -> None:
        resumed = f"Going on: {self.session.position} of {self.session.total} done. " if self.session.resumed else ""
        left = f"{phrases.plural(self.session.left, 'card')}, {phrases.minutes(self.session.minutes_left)}."
        self.lines.say(f"{resumed}{left} Type ? for what you can type; q leaves, and everything is kept.")
        with asyncio.Runner() as self._runner:
            try:
                while self.session.current is not None or self._last_grade_undone():
                    try:
                        self._ask_card()
                    except _Moved:
                        pass
            except (Left, KeyboardInterrupt):
                self.lines.say("")
            finally:
                self._runner.run(self._lab.close())
        self._sum_up()

    # A card

    def _ask_card(self) -> None:
        session, asked = self.session, self.session.asked
        card = asked.card
        self._revealed = False
        star = ", marked" if self.shelf.memory.flags(card.id).marked else ""
        where = (
            f"Card {session.position + 1} of {session.total}: {card.question}, {card.topic}, {card.body.kind}{star}."
        )
        start = start_text(asked, card.body.function, card.body.mistake) if isinstance(card.body, Code) else ""
        self.lines.say("", where, *shown(asked, start))
        response, given = self._answer(asked)
        mark = session.mark(response)
        self._revealed = True
        if given and not isinstance(card.body, Recall):
            self.lines.say("", *marked(asked, mark))
        self._tell_answer(asked)
        if isinstance(card.body, Recall):
            response, given = self._points(asked, response, given)
        self._grade(session.suggest(response) if given else None)

    def _answer(self, asked: Asked) -> tuple[Response, bool]:
        """What was answered, and whether anything was."""
        while True:
            said = self._said(asked)
            if not any(said):
                return _nothing(asked), False
            try:
                return response_of(asked, said, self._judged), True
            except UserError as error:
                self.lines.say(f"{error}.")

    def _said(self, asked: Asked) -> list[str]:
        if isinstance(asked.card.body, Recall):
            return [self._ask("Say your answer and press Enter, or type it on one line.")]
        if isinstance(asked.card.body, Code):
            ways = "Type the whole function and end it with a line that holds only a dot; or give its file: @mine.py"
            return self._several(f"{ways}. Enter alone leaves it.")
        if asked.options:
            return [self._ask("Your choice, a number; or several, such as 1 3.", letters=True)]
        if asked.steps:
            return [self._ask("The numbers of the steps in their order, such as 2 1 3.", letters=True)]
        return [self._ask(name) for name in gap_names(asked)]

    def _judged(self, asked: Asked, text: str) -> Ran:
        from prep_app.practice.code_run import judge_code, ran

        self.lines.say("Running the checks; Ctrl+C stops them.")
        try:
            return ran(self._runner.run(judge_code(self._lab, asked, text)))
        except KeyboardInterrupt:
            return Ran(failure="stopped")

    def _tell_answer(self, asked: Asked) -> None:
        from prep_app.ui.screens.study.answer import cite

        card, question = asked.card, self.shelf.library.questions[asked.card.question]
        self.lines.say("", "Answer:", plain(asked.answer or question.short))
        if isinstance(card.body, Code) and asked.demo is not None:
            source = function_source(asked.demo.name, card.body.function).rstrip("\n").split("\n")
            self.lines.say("The program's own:", *(INDENT + line for line in source))
        proofs = self.shelf.memory.proofs()
        for claim in question.claims:
            if claim.id in card.claims:
                proof = proofs.get((claim.demo, claim.check))
                how = "not run yet" if proof is None else "holds on this machine" if proof.held else "failed here"
                self.lines.say(f"Claim, {how} (d runs {claim.demo}): {plain(claim.text)}")
        sources = card.sources or question.sources
        if sources:
            self.lines.say("Sources: " + "; ".join(map(cite, sources)))

    def _points(self, asked: Asked, response: Response, typed: bool) -> tuple[Response, bool]:
        """The key points that were made, by the learner's word."""
        mark = self.session.mark(response)
        heard = "; Enter if that is right" if typed else "; Enter leaves it open"
        if typed:
            self.lines.say("", "Key points, as heard:", *marked(asked, mark))
        else:
            self.lines.say("", "Key points:", *(f"{number}. {part.right}" for number, part in enumerate(mark.parts, 1)))
        while True:
            word = self._ask(f"Which did you make? Numbers such as 1 3, a for all, 0 for none{heard}.", letters=True)
            if not word:
                return response, typed
            numbers = {int(each) for each in word.replace(",", " ").split() if each.isdecimal() and len(each) < 4}
            if word in ("a", "all"):
                numbers = set(range(1, mark.total + 1))
            elif not numbers or max(numbers) > mark.total:
                self.lines.say(f"There are 1 to {mark.total}.")
                continue
            return Picked(frozenset(number - 1 for number in numbers - {0})), True

    def _grade(self, suggested: Rating | None) -> None:
        at = moment(None)
        grades = []
        for rating, preview in self.session.previews().items():
            back = phrases.interval(preview.due - at) if preview.learning else phrases.days(preview.interval_days)
            grades.append(f"{int(rating)} {rating.name.lower()} ({back})")
        enter = f" Enter: {int(suggested)} {suggested.name.lower()}." if suggested else ""
        names = {str(int(rating)): rating for rating in Rating} | {rating.name.lower(): rating for rating in Rating}
        names |= {"": suggested} if suggested else {}
        self.lines.say("")
        while True:
            word = self._ask(f"Grade: {', '.join(grades)}.{enter} Or d demo, f full answer, u undo.", letters=True)
            if word in names:
                break
            self.lines.say("Type 1, 2, 3 or 4, or ? for all else.")
        memory = self.session.grade(names[word]).memory
        back = "comes back soon" if memory.learning else f"back in {phrases.days(memory.interval_days)}"
        self.lines.say(f"{names[word].name.capitalize()}; {back}.")

    # What the learner can type

    def _ask(self, prompt: str, *, letters: bool = False) -> str:
        """What was typed in answer to `prompt`, commands done meanwhile; `letters`: they need no colon here."""
        while True:
            self.lines.say(prompt)
            text = self.lines.read()
            word = text.strip().lower()
            name = word.removeprefix(":")
            name = COMMANDS.get(name, name)
            if name in COMMANDS.values() and (letters or word.startswith(":") or word == "?"):
                self._do(name)
            elif word.startswith(":") and name.isalpha():
                self.lines.say(f"There is no {word}; ? lists what there is.")
            else:
                return word if letters else text.strip()

    def _several(self, prompt: str) -> list[str]:
        first = self._ask(prompt)
        if not first or (first.startswith("@") and (first.endswith(".py") or Path(first[1:]).is_file())):
            return [first]
        lines = [first]
        while (line := self.lines.read()) != END:
            lines.append(line)
        return ["\n" + "\n".join(lines)]  # what begins with @ would be taken for a file, and may be a decorator

    def _do(self, name: str) -> None:
        """Do a command. Raises _Moved when another card is in hand after it, Left to go."""
        session = self.session
        match name:
            case "hint" if self._revealed:
                self.lines.say("The answer is shown already.")
            case "hint":
                hint = session.hint() if session.asked.hint else ""
                self.lines.say(f"Hint: {plain(hint)}" if hint else "This card has no hint.")
            case "demo":
                self._demo()
            case "full":
                self._full()
            case "mark":
                self.lines.say("Marked." if session.toggle_mark() else "Not marked any more.")
            case "undo":
                if session.undo() is None:
                    self.lines.say("Nothing to take back.")
                else:
                    self.lines.say("Taken back.")
                    raise _Moved
            case "bury":
                session.bury()
                self.lines.say("Put off until tomorrow; u takes it back.")
                raise _Moved
            case "suspend":
                session.suspend()
                self.lines.say("It is not asked again; u takes it back.")
                raise _Moved
            case "quit":
                raise Left
            case _:
                self.lines.say(HELP)

    def _demo(self) -> None:
        from prep_app.commands.plain.demo import run_demo

        asked = self.session.asked
        demos = self.shelf.library.questions[asked.card.question].demos
        link = asked.demo or next(iter(demos), None)
        if link is None:
            self.lines.say("This card has no demo.")
            return
        self.lines.say(f"Running {link.name}; Ctrl+C stops it.")
        try:
            record = self._runner.run(run_demo(self._lab, link, self.lines.say))
        except KeyboardInterrupt:
            self.lines.say("Stopped.")
            return
        if record is not None:
            keep_run(self.shelf.memory, record, moment(None))

    def _full(self) -> None:
        from prep_app.ui.screens.study.answer import layered

        if self._revealed:
            self.lines.say(plain(layered(self.shelf.library.questions[self.session.asked.card.question])))
        else:
            self.lines.say("Answer first; then f shows it.")

    # The end

    def _last_grade_undone(self) -> bool:
        self.lines.say("", "That was the last card. Enter ends; u takes the last grade back.")
        try:
            if self.lines.read().strip().lower() not in ("u", ":u", "undo"):
                return False
        except Left:
            return False
        return self.session.undo() is not None

    def _sum_up(self) -> None:
        summary = self.session.summary()
        if not summary.answered:
            self.lines.say("Nothing answered this time.")
            return
        answers, took = phrases.plural(summary.answered, "answer"), phrases.minutes(summary.seconds / 60)
        counts = ", ".join(f"{count} {rating.name.lower()}" for rating, count in sorted(summary.by_rating.items()))
        self.lines.say(f"{phrases.percent(summary.correct_share)} right; {answers}, {took}: {counts}.")
        self.lines.say(*(f"Slipped: {card.question}, {card.headline}" for card in summary.slipped))
        for card, due in sorted(summary.schedule, key=lambda pair: pair[1]):
            self.lines.say(f"Back {phrases.away(due, moment(None))}: {card.question}, {card.headline}")
        if self.session.left:
            self.lines.say(f"{phrases.plural(self.session.left, 'card')} left; prep study goes on with them today.")


def _nothing(asked: Asked) -> Response:
    """No answer to what is asked."""
    if isinstance(asked.card.body, Code):
        return Ran(failure="not run")
    if asked.steps:
        return Arranged()
    return Picked() if asked.options or isinstance(asked.card.body, Recall) else Typed()
