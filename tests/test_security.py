"""What docs/security.md says and no other test holds; and that every test which it names is there."""

from __future__ import annotations

import ast
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Markdown

from prep_app import paths
from prep_app.content.formula import FormulaError, check_formula, evaluate
from prep_app.content.model import CardId
from prep_app.memory.store import Memory
from prep_app.memory.types import Rating
from prep_app.paths import Home
from prep_app.settings import Settings
from prep_app.ui.screens.confirm_link.screen import ConfirmLinkScreen
from prep_app.ui.widgets.prose import Prose
from tests.conftest import Clock

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "security.md"
NAMED = re.compile(r"`([a-z_/]+\.py)::(test_\w+)`")


def test_every_test_that_the_page_names_is_there() -> None:
    named = NAMED.findall(PAGE.read_text())
    assert len(named) > 30
    for file, test in named:
        assert re.search(rf"^(async )?def {test}\(", (ROOT / "tests" / file).read_text(), re.M), f"{file}::{test}"


def test_every_statement_of_the_page_names_the_test_that_holds_it() -> None:
    rows = [
        line
        for line in PAGE.read_text().splitlines()
        if line.startswith("|") and not line.startswith(("| ---", "| What"))
    ]
    assert rows
    for row in rows:
        assert NAMED.search(row.rstrip("| ").rpartition("|")[2]), row


# Every process that is started from here on writes down who it is, and whatever it asks of the network.
WATCH = """
import os, sys
told = os.open({told!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
def watch(event, arguments):
    if event in {events!r}:
        os.write(told, f"{{event}} {{arguments!r}}\\n".encode())
sys.addaudithook(watch)
os.write(told, f"began {{sys.orig_argv!r}}\\n".encode())
"""
NETWORK = {
    *("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"),
    *("socket.gethostbyname", "socket.gethostbyaddr", "urllib.Request", "webbrowser.open"),
}
SESSION = """
import asyncio
from prep_app import paths
from prep_app.settings import read_settings
from prep_app.ui.app import PrepApp

async def main():
    home = paths.home()
    app = PrepApp(home, read_settings(home.config), study=["Q4"])
    async with app.run_test(size=(120, 40)) as pilot:
        while not hasattr(app.screen, "session"):
            await pilot.pause(0.05)
        await pilot.press("space", "d")
        while app.screen.pane is None or app.screen.pane.running or not app.screen.pane.checks:
            await pilot.pause(0.05)
        print(len(app.screen.pane.checks))
        await pilot.press("3")
        await pilot.pause()

asyncio.run(main())
"""


def test_a_session_with_a_demo_asks_nothing_of_the_network(home: Home, tmp_path: Path) -> None:
    told = tmp_path / "told"
    (tmp_path / "sitecustomize.py").write_text(WATCH.format(told=str(told), events=NETWORK))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-c", SESSION], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert int(done.stdout) > 0
    memory = Memory.open(home, Settings())
    assert len(memory.reviews()) == 1
    memory.close()
    begun, asked = [], []
    for line in told.read_text().splitlines():
        (begun if line.startswith("began ") else asked).append(line)
    assert any("prep_app.lab.worker" in line for line in begun), "the worker was watched as well"
    assert asked == []


RUNS = {
    *("eval", "exec", "compile", "__import__", "os.system", "os.popen", "subprocess.getoutput", "pickle.load"),
    *(
        "pickle.loads",
        "marshal.loads",
        "torch.load",
        "yaml.unsafe_load",
        "yaml.full_load",
        "asyncio.create_subprocess_shell",
    ),
}
MAY_RUN = {
    ("demos/exercise.py", "exec"),  # the learner's own function, in a process that is confined first
    ("demos/exercise.py", "compile"),
}


def test_text_becomes_code_in_one_place_only() -> None:
    found = set()
    for file in [*ROOT.glob("prep_app/**/*.py"), *ROOT.glob("demos/**/*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                shell = any(word.arg == "shell" for word in node.keywords)
                unsafe_yaml = called == "yaml.load" and "SafeLoader" not in ast.unparse(node)
                pickled = called == "np.load" and any(word.arg == "allow_pickle" for word in node.keywords)
                if called in RUNS or shell or unsafe_yaml or pickled:
                    found.add((file.relative_to(ROOT).as_posix(), called))
    assert found == MAY_RUN


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').getpid()",
        "().__class__.__bases__",
        "x.real",
        "[n for n in (1, 2)]",
        "(lambda: 1)()",
        "f'{x}'",
        "'a' * 9",
        "print(1)",
        "(y := 3)",
        "x[0]",
        "max(*[1])",
        "round(x, ndigits=2)",
        "1" * 301,
    ],
)
def test_a_formula_can_only_be_arithmetic(text: str) -> None:
    with pytest.raises(FormulaError):
        check_formula(text, ["x"])


@pytest.mark.parametrize("text", ["9 ** 9 ** 9 ** 9", "2 ** (2 ** 1000)", "exp(10000)", "1 / 0", "(0 - 1) ** 0.5"])
def test_a_formula_that_would_fill_the_memory_has_no_value(text: str) -> None:
    with pytest.raises(FormulaError):
        evaluate(text, {})


class Answer(App[None]):
    def compose(self) -> ComposeResult:
        yield Prose("[a](https://example.org)")


@pytest.mark.parametrize(
    "address",
    ["http://example.org", "javascript:alert(1)", "file:///etc/passwd", "vscode://x", "//example.org", "https:x"],
)
async def test_a_link_of_another_kind_than_https_is_never_opened(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(Answer, "open_url", lambda self, url, **_: opened.append(url))
    async with (app := Answer()).run_test() as pilot:
        prose = app.query_one(Prose)
        prose.post_message(Markdown.LinkClicked(prose, address))
        await pilot.pause()
        assert not isinstance(app.screen, ConfirmLinkScreen)
        prose.post_message(Markdown.LinkClicked(prose, "https://example.org"))
        await pilot.pause()
        assert isinstance(app.screen, ConfirmLinkScreen)
        assert opened == []
        await pilot.press("escape")
        assert opened == []


def test_what_prep_makes_is_the_learners_alone(tmp_path: Path, clock: Clock) -> None:
    before = os.umask(0)
    try:
        home = paths.home(str(tmp_path / "new"))
        memory = Memory.open(home, Settings())
        memory.answer(CardId("a"), Rating.GOOD, at=clock())
        memory.backup_if_due(clock())
        memory.close()
    finally:
        os.umask(before)
    (copy,) = home.backups.iterdir()
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (home.root, home.backups, home.journal, copy)}
    assert modes == {home.root: 0o700, home.backups: 0o700, home.journal: 0o600, copy: 0o600}


def test_no_extra_is_loaded_where_it_is_not_asked_for(home: Home) -> None:
    program = (
        "import sys, json; from prep_app.cli import run; run(['next', '--json']);"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stderr)}
    assert not loaded & {"aiohttp", "textual_serve", "psycopg", "anki", "ssl", "http", "requests"}


def test_every_package_in_the_lock_is_known_by_its_hash() -> None:
    for name in ("requirements.lock", "requirements-torch.lock"):
        for pin in re.split(r"\n(?=\S)", (ROOT / name).read_text()):
            assert pin.startswith("#") or re.search(r"^[\w.-]+==\S+[^\n]*\\\n +--hash=sha256:[0-9a-f]{64}", pin), pin[
                :80
            ]
