"""How a screen ends: by its own keys, once; never over what a disk refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.await_complete import AwaitComplete
from textual.message import Message

from prep_app.errors import UserError

if TYPE_CHECKING:
    from textual.app import App


class SaysErrors:
    """For screens. What cannot be kept of a message from below, such as a demo's result, is said in a toast."""

    if TYPE_CHECKING:
        app: App[Any]

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)  # type: ignore[misc]
        except UserError as error:
            self.app.say(error)  # type: ignore[attr-defined]


class ClosesOnce(SaysErrors):
    """For screens. Textual 8.2 takes away whichever screen is on top, and fails when one is dismissed again.

    A second key, or a message that comes late, finds another screen on top, and is let pass.
    """

    if TYPE_CHECKING:
        is_active: bool

    @property
    def gone(self) -> bool:
        """Whether it was closed; what it had begun may go on for a moment, and finds none of its widgets."""
        return self not in self.app.screen_stack

    def dismiss(self, result: Any = None) -> AwaitComplete:
        if not self.is_active:
            return AwaitComplete.nothing()
        done: AwaitComplete = super().dismiss(result)  # type: ignore[misc]
        return done
