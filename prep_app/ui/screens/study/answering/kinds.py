"""Which widget takes the answer to which kind of card."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from prep_app.answers.asked import Asked
from prep_app.ui.screens.study.answering.answering import Answering

if TYPE_CHECKING:
    from prep_app.lab.judge import Verdict

Run = Callable[[str], Awaitable["Verdict"]]


def answering(asked: Asked, start: str, run: Run) -> Answering:
    """Return the widget for what is asked. `start` and `run` are a code card's: the text to begin with, and its judge.

    Each kind's module is imported when it is first wanted: the first frame does not wait for an editor.
    """
    match asked.card.body.kind:
        case "recall":
            from prep_app.ui.screens.study.answering.spoken import Spoken

            return Spoken(asked)
        case "choice":
            from prep_app.ui.screens.study.answering.choices import Choices

            return Choices(asked)
        case "cloze":
            from prep_app.ui.screens.study.answering.gaps import ClozeGaps

            return ClozeGaps(asked)
        case "numeric":
            from prep_app.ui.screens.study.answering.gaps import NumberLine

            return NumberLine(asked)
        case "compare":
            from prep_app.ui.screens.study.answering.table import CompareTable

            return CompareTable(asked)
        case "order":
            from prep_app.ui.screens.study.answering.order import OrderSteps

            return OrderSteps(asked)
        case "code":
            from prep_app.ui.screens.study.answering.code import CodeEditor

            return CodeEditor(asked, start, run)
