"""Code written in an interview is judged in the lab, one after another, while the interview goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual.worker import Worker, WorkerFailed

from prep_app.answers.response import Ran
from prep_app.lab.catalogue import DemoInputError
from prep_app.practice.code_run import judge_code, ran
from prep_app.practice.mock_interview import Answers

if TYPE_CHECKING:
    from prep_app.ui.app import PrepApp


class Judging:
    """The runs of one interview. They are the app's workers, since screens come and go."""

    def __init__(self, app: PrepApp, answers: Answers) -> None:
        self.app = app
        self.answers = answers
        self.runs: list[Worker[None]] = []
        self._one_by_one = asyncio.Lock()  # a run in the lab ends the one that is going

    def later(self, place: int, text: str) -> None:
        """Run the code of the item at `place` when its turn comes."""
        run = self.app.run_worker(self._run(place, text), name=f"judge {place}", group="mock", exit_on_error=False)
        self.runs.append(run)

    async def done(self) -> None:
        """Wait for every run; one that failed leaves its code unmarked."""
        for run in self.runs:
            try:
                await run.wait()
            except WorkerFailed:
                pass

    def cancel(self) -> None:
        for run in self.runs:
            run.cancel()

    async def _run(self, place: int, text: str) -> None:
        async with self._one_by_one:
            try:
                verdict = await judge_code(self.app.lab, self.answers.items[place].asked, text)
            except DemoInputError as error:
                self.answers.judged(place, Ran(failure=str(error)))
            else:
                self.answers.judged(place, ran(verdict))
