"""The Textual app: it wires screens, themes, keys and the lab, and nothing else."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events
from textual.actions import ActionParseResult
from textual.app import App, SystemCommand
from textual.dom import DOMNode
from textual.notifications import Notify, SeverityLevel
from textual.screen import Screen
from textual.worker import WorkerFailed

from prep_app.errors import UserError
from prep_app.memory.days import now
from prep_app.paths import Home
from prep_app.settings import Settings, read_settings
from prep_app.ui import keys
from prep_app.ui.screens.home.screen import HomeScreen
from prep_app.ui.terminal import require_screen
from prep_app.ui.themes import DARK, LIGHT
from prep_app.ui.toasts import Toast

if TYPE_CHECKING:
    from prep_app.lab.client import LabClient
    from prep_app.ui.desk import Desk
    from prep_app.ui.edits import Edits

LAB_WARM_UP_DELAY = 0.3  # seconds after the first paint, so that torch never competes with it
READ_AHEAD = (
    "prep_app.ui.screens.study.screen",
    "prep_app.ui.screens.study.answering.code",
    "prep_app.ui.screens.summary.screen",
    "prep_app.ui.widgets.prose",
    "prep_app.ui.widgets.demo_pane.chart",
)


class PrepApp(App[int]):
    """Interview practice whose answers prove themselves."""

    TITLE = "prep"
    # A default screen's own CSS_PATH is not read by Textual 8.2, so Home's styles are the app's.
    CSS_PATH = ["app.tcss", "screens/home/home.tcss"]
    BINDINGS = keys.APP
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-normal"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]

    def __init__(
        self, home: Home, settings: Settings, *, study: Sequence[str] | None = None, packs: Sequence[Path] = ()
    ) -> None:
        # Textual takes NO_COLOR out of the environment; the lab's processes should still see it.
        no_color = os.environ.get("NO_COLOR")
        super().__init__(ansi_color=True if no_color is not None else None)
        if no_color is not None:
            os.environ["NO_COLOR"] = no_color
        self.home = home
        self.settings = settings
        self.study_at_once = study
        self.packs = packs
        self.desk: Desk | None = None
        self.opened = asyncio.Event()
        self.home_screen = HomeScreen()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = "ansi-dark" if self.no_color else settings.theme or DARK.name
        keys.remap(self, settings.keys)

    def get_default_screen(self) -> Screen[None]:
        return self.home_screen

    def on_mount(self) -> None:
        self.run_worker(self._open(), name="open", exit_on_error=True)
        self.set_timer(LAB_WARM_UP_DELAY, self._warm_up)

    async def _open(self) -> None:
        try:
            desk, edits = await asyncio.to_thread(self._open_desk)
        except UserError as error:
            self.exit(2, message=str(error))
            return
        self.desk = desk
        self.opened.set()
        edits.begin()
        try:
            await asyncio.to_thread(desk.memory.backup_if_due, now())
        except UserError as error:  # nothing is lost by it yet, and the learner should know
            self.say(error)

    def _open_desk(self) -> tuple[Desk, Edits]:
        # What reads packs and memory is imported here, in a thread, while the first frame is already up.
        from prep_app.content.library import folders_for
        from prep_app.content.watch import Watch
        from prep_app.ui.desk import open_desk
        from prep_app.ui.edits import Edits

        watch = Watch(lambda: folders_for(self.home, self.packs), self.home.cache)
        return open_desk(self.home, self.settings, watch), Edits(self, watch)

    @cached_property
    def lab(self) -> LabClient:
        """The worker's client, made when first wanted."""
        from prep_app.lab.client import LabClient

        return LabClient()

    def _warm_up(self) -> None:
        if not self.is_running:
            return  # it was left before the lab was wanted
        self.run_worker(self.lab.start(), name="lab", exit_on_error=False)
        self.run_worker(asyncio.to_thread(_read_ahead), name="read ahead", exit_on_error=False)

    async def on_unmount(self) -> None:
        if "lab" in self.__dict__:
            await self.lab.close()
        if self.desk is not None:
            self.desk.memory.close()

    async def on_event(self, event: events.Event) -> None:
        """Keys typed ahead wait for the screen that opens: Textual 8.2 ends the app over one that is left half made."""
        if isinstance(event, events.InputEvent):
            while self.return_code is None and self.screen_stack and not self.screen.is_mounted:
                await asyncio.sleep(0.001)
            if self.return_code is not None or not self.screen_stack:
                return  # it is being left
        await super().on_event(event)

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run what a key is bound to. What the disk refuses is said, and everything stays as it was."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except UserError as error:
            self.say(error)
            return True

    def _handle_exception(self, error: Exception) -> None:
        """Say what the disk refused a worker; anything else is a bug, and ends the app."""
        cause = error.error if isinstance(error, WorkerFailed) else error
        if isinstance(cause, UserError):
            self.say(cause)
        else:
            super()._handle_exception(error)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        self.post_message(Notify(Toast(message, title, severity, seconds, markup=markup)))

    def say(self, error: UserError) -> None:
        self.notify(str(error), severity="error", markup=False, timeout=20)

    def action_toggle_keys(self) -> None:
        if self.screen.query("HelpPanel"):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def action_toggle_dark(self) -> None:
        if not self.no_color:
            self.theme = LIGHT.name if self.current_theme.dark else DARK.name

    def action_search(self) -> None:
        if self.desk is not None and not self.screen.is_modal:
            from prep_app.ui.screens.browse.screen import BrowseScreen

            self.push_screen(BrowseScreen(self.desk))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield from super().get_system_commands(screen)
        for _, active in screen.active_bindings.items():
            binding, node, enabled = active.binding, active.node, active.enabled
            if enabled and binding.id and binding.description:
                yield SystemCommand(
                    f"{binding.description} ({self.get_key_display(binding)})",
                    binding.tooltip,
                    lambda action=binding.action, node=node: self.call_later(self._run_chosen, action, node),
                )

    async def _run_chosen(self, action: str, node: DOMNode) -> None:
        """Run what was chosen in the palette, if the screen it was for is still there."""
        if node is self or (node.is_attached and node.screen is self.screen):
            await self.run_action(action, node)

    def action_command_palette(self) -> None:
        from prep_app.ui.widgets.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def search_themes(self) -> None:
        from textual.theme import ThemeProvider

        from prep_app.ui.widgets.palette import Palette

        self.push_screen(Palette(providers=[ThemeProvider], placeholder="Search for themes…"))


def _read_ahead() -> None:
    """Import what Study needs while Home is being read.

    What is loaded by then stays loaded, so the collector need not look at it again: a full collection of it keeps a key
    waiting for 50 to 100 ms. The rest is collected by Study, while a question is being read.
    """
    for name in READ_AHEAD:
        import_module(name)
    gc.freeze()
    gc.set_threshold(1_000, 20, 100)


def run(home: Home, *, study: Sequence[str] | None = None, packs: Sequence[Path] = ()) -> int:
    """Open the app on a learner's folder; `study` starts a session on those questions at once, `packs` are used alone.

    Returns the exit status. Raises UserError where config.toml or the journal cannot be used, or there is no screen.
    """
    require_screen()
    app = PrepApp(home, read_settings(home.config), study=study, packs=packs)
    status = app.run()
    return int(status or 0)
