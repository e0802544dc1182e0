"""In the app's own process: Textual's driver for pages, with what a page needs beside."""

from __future__ import annotations

from functools import partial

from textual.drivers.web_driver import WebDriver
from textual.events import AppBlur
from textual.messages import ExitApp
from textual.theme import Theme


class PageDriver(WebDriver):
    def start_application_mode(self) -> None:
        # Textual starts as if nobody looked, and then gives no widget the focus: the first Enter would do nothing.
        self._app.disable_messages(AppBlur)
        super().start_application_mode()
        self._app.call_later(self._app.enable_messages, AppBlur)
        self._app.call_later(self._follow_theme)

    def run_input_thread(self) -> None:
        super().run_input_thread()
        if not self.exit_event.is_set():  # the pipe has ended and nobody asked the app to leave: the server was killed
            self._write = partial(len)  # nobody reads any more
            self._app.post_message(ExitApp())

    def _follow_theme(self) -> None:
        """The page shows a little of itself beside the last column and below the last row."""
        self._app.theme_changed_signal.subscribe(self._app, self._tell_background)
        self._tell_background(self._app.current_theme)

    def _tell_background(self, theme: Theme) -> None:
        if theme.background is not None and theme.background.startswith("#"):
            self.write(f"\x1b]11;{theme.background}\x07")
