"""A learner at the keyboard: the real app, real files, driven by Pilot."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from prep_app.content.library import builtin_folders, open_library
from prep_app.paths import Home
from prep_app.settings import read_settings
from prep_app.ui.app import PrepApp
from tests.conftest import Clock
from tests.ui.weeks import install_course, practise_for_weeks

NOW = 1_772_445_600_000  # Monday, 2 March 2026, 10:00 UTC
Opened = Callable[..., AbstractAsyncContextManager["Learner"]]


class Learner:
    """Presses keys and reads the screen."""

    def __init__(self, app: PrepApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()

    async def until(self, holds: Callable[[], object], seconds: float = 30) -> None:
        """Wait until something is so; the time is a limit, never a measure."""
        async with asyncio.timeout(seconds):
            while not holds():
                await self.pilot.pause(0.02)

    @property
    def screen(self) -> str:
        return type(self.app.screen).__name__

    def reads(self) -> str:
        """All the text on the screen, as a person would see it."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text[: self.app.size.width].rstrip() for strip in strips)

    def text_of(self, selector: str) -> str:
        return str(self.app.screen.query_one(selector).render())


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the built-in packs compiled, as after a first start: most tests are not about that."""
    path = tmp_path_factory.mktemp("compiled") / "cache.db"
    open_library(builtin_folders(), path)
    return path


@pytest.fixture
def only_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the built-in packs out: those that the test installs are compiled in no time."""
    monkeypatch.setattr("prep_app.content.library.builtin_folders", list)


@pytest.fixture(autouse=True)
def lab_when_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab starts with the first demo, not ahead of it: most tests run none, and importing torch costs a second."""
    monkeypatch.setattr("prep_app.ui.app.LAB_WARM_UP_DELAY", 3600)


@pytest.fixture
def standing(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The app's clock, which stands at NOW in UTC until the test moves it."""
    clock.at = NOW
    monkeypatch.setattr("time.time_ns", lambda: clock() * 1_000_000)
    with in_utc():
        yield clock


@pytest.fixture(scope="session")
def some_weeks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of somebody who has practised for some weeks, until the day before NOW."""
    root = tmp_path_factory.mktemp("weeks") / "home"
    with in_utc(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("prep_app.content.library.builtin_folders", list)
        install_course(Home(root))
        practise_for_weeks(Home(root), Clock(NOW))
    return root


@pytest.fixture
def weeks(some_weeks: Path, home: Home, standing: Clock, only_installed: None) -> None:
    """Make the learner somebody who has practised for some weeks; what they practise is weeks.py's alone."""
    shutil.copytree(some_weeks, home.root, dirs_exist_ok=True)


@contextmanager
def in_utc() -> Iterator[None]:
    """Study days and dates are by local clocks."""
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TZ", "UTC")
            time.tzset()
            yield
    finally:
        time.tzset()


@pytest.fixture
def opened(home: Home, compiled: Path) -> Opened:
    """Open the app on the learner's folder: `async with opened(size=(80, 24)) as learner`."""

    @asynccontextmanager
    async def open_app(size: tuple[int, int] = (80, 24), **options: object) -> AsyncIterator[Learner]:
        if not home.cache.exists():
            shutil.copy(compiled, home.cache)
        app = PrepApp(home, read_settings(home.config), **options)  # type: ignore[arg-type]
        async with app.run_test(size=size) as pilot:
            learner = Learner(app, pilot)
            await learner.until(lambda: app.home_screen.today is not None)
            await pilot.pause()
            yield learner

    return open_app
