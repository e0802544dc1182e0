"""The command palette: Textual's, steady under hurried keys and in small windows."""

from __future__ import annotations

from textual.command import CommandList, CommandPalette

from prep_app.ui.screens.closes_once import ClosesOnce


class Palette(ClosesOnce, CommandPalette):
    def _action_command_list(self, action: str) -> None:
        # As in SteadyList: a list that is out of sight has no pages.
        if not action.startswith("page") or self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)
