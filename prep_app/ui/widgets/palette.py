"""The command palette: Textual's, steady under hurried keys and in small windows."""

from __future__ import annotations

from textual import work
from textual.command import CommandList, CommandPalette
from textual.css.query import NoMatches

from prep_app.ui.screens.closes_once import ClosesOnce


class Palette(ClosesOnce, CommandPalette):
    @work(exclusive=True, group=CommandPalette._GATHER_COMMANDS_GROUP)
    async def _gather_commands(self, search_value: str) -> None:
        try:
            await CommandPalette._gather_commands.__wrapped__(self, search_value)  # type: ignore[attr-defined]
        except NoMatches:
            if self.query(CommandList):
                raise
            # It was closed before the search began.

    def _action_command_list(self, action: str) -> None:
        # As in SteadyList: a list that is out of sight has no pages.
        if not action.startswith("page") or self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)
