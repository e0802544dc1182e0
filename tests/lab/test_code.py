"""A learner's code runs confined: whatever it tries ends as one sentence, nothing outside is touched, and the lab works
on. Real processes, real torch."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from prep_app.lab import landlock
from prep_app.lab.catalogue import DemoInputError, function_source
from prep_app.lab.client import LabClient
from prep_app.lab.events import Event, Failure, Output, Result
from prep_app.lab.judge import Verdict, judge

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEMO, FUNCTION, CHECK, QUICK = "lora_merge", "LoRALinear.unmerge", "unmerge_restores", {"steps": 20}
RIGHT = function_source(DEMO, FUNCTION)
BY_THE_KERNEL = pytest.mark.skipif(
    sys.platform != "linux" or landlock.version() < 3, reason="a kernel with Landlock is needed"
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the runs of this module, and no others, have their folders."""
    before, tempfile.tempdir = tempfile.tempdir, str(tmp_path_factory.mktemp("folders"))
    yield Path(tempfile.tempdir)
    tempfile.tempdir = before


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(folders: Path) -> AsyncIterator[LabClient]:
    """One worker, which outlives everything that is tried here."""
    client = LabClient()
    await client.start()
    worker = client._process
    yield client
    await assert_works(client)
    assert client._process is worker
    assert list(folders.iterdir()) == []
    await client.close()


def code(*lines: str) -> str:
    """A function that does `lines` before what is right."""
    signature, *body = RIGHT.split("\n")
    return "\n".join([signature, *("    " + line for line in lines), *body])


async def judged(lab: LabClient, text: str) -> Verdict:
    async with asyncio.timeout(60):
        return await judge(lab, DEMO, QUICK, FUNCTION, text, [CHECK])


async def failure(lab: LabClient, text: str, **options: float) -> str:
    """How a run that must not pass ends."""
    async with asyncio.timeout(60):
        events = [event async for event in lab.run(DEMO, QUICK, code=(FUNCTION, text), **options)]
    assert sum(isinstance(event, Result | Failure) for event in events) == 1
    assert isinstance(events[-1], Failure)
    assert "\n" not in events[-1].message
    return events[-1].message


async def assert_works(lab: LabClient) -> None:
    events: list[Event] = [event async for event in lab.run(DEMO, QUICK)]
    assert isinstance(events[-1], Result)
    assert events[-1].passed


async def test_a_right_answer_passes(lab: LabClient) -> None:
    verdict = await judged(lab, RIGHT)
    assert verdict.passed
    assert verdict.failure == verdict.output == ""
    (check,) = verdict.checks
    assert (check.id, check.passed, check.measured) == (CHECK, True, 0)


async def test_a_slip_fails_its_check_and_shows_what_was_measured(lab: LabClient) -> None:
    verdict = await judged(lab, function_source(DEMO, FUNCTION, "subtracted"))
    assert not verdict.passed
    assert verdict.failure == ""
    (check,) = verdict.checks
    assert not check.passed
    assert isinstance(check.measured, int)
    assert check.measured > 0
    assert check.claim == "Unmerging gives back the base's weight, bit for bit"


async def test_checks_come_in_the_order_asked_for_and_one_not_reached_has_not_held(lab: LabClient) -> None:
    wanted = [CHECK, "zero_start", "merged_cost"]
    verdict = await judge(lab, DEMO, QUICK, FUNCTION, code("raise ValueError('no')"), wanted)
    assert [(check.id, check.passed) for check in verdict.checks] == list(zip(wanted, [False, True, True], strict=True))
    assert verdict.checks[0].measured == "not reached"
    assert verdict.failure == "line 2 of your code: ValueError: no"
    assert not verdict.passed


async def test_no_check_named_means_all_and_an_unknown_one_is_said(lab: LabClient) -> None:
    assert len((await judge(lab, DEMO, QUICK, FUNCTION, RIGHT, [])).checks) == 7
    with pytest.raises(DemoInputError, match="no check nothing"):
        await judge(lab, DEMO, QUICK, FUNCTION, RIGHT, ["nothing"])


async def test_what_code_prints_is_kept_to_the_last_word(lab: LabClient) -> None:
    for number in range(5):
        assert (await judged(lab, code(f"print('{number}\x1b[31m said')"))).output == f"{number} said\n"
    flood = (await judged(lab, code("print('x' * 50_000)"))).output
    assert len(flood) < 5_000
    assert flood.endswith("not kept")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def unmerge(self)\n    pass", "line 1 of your code: SyntaxError: expected ':'"),
        ("def unmurge(self):\n    pass", "line 1 of your code: it defines unmurge"),
        (code("exit()"), "line 2 of your code: it called exit()"),
        (code("import os", "os._exit(0)"), "your code stopped: it ended without a result"),
        (code("import signal", "signal.raise_signal(11)"), "your code stopped: it crashed (SIGSEGV)"),
        (code("raise BaseException"), "your code stopped: it ended with status 1"),
        (code("self.unmerge()"), "line 2 of your code: RecursionError"),
        (code("input()"), "line 2 of your code: EOFError"),
        (
            code("import torch", "torch.ones(10 * 2**30 // 4)"),
            "line 3 of your code: RuntimeError: it asked for 10.0 GiB",
        ),
        (
            code("bytearray(10 * 2**30)"),
            "line 2 of your code: MemoryError: it asked for more memory than a run may have",
        ),
        (code("open('a', 'wb').write(bytes(20 << 20))"), "File too large"),
    ],
)
async def test_code_that_dies_is_one_sentence(lab: LabClient, text: str, says: str) -> None:
    assert says in await failure(lab, text)
    assert lab.state == "ready"


@pytest.mark.parametrize("lines", [("while True:", "    pass"), ("while True:", "    print('x' * 100)")])
async def test_an_endless_loop_is_stopped(lab: LabClient, lines: tuple[str, ...]) -> None:
    assert await failure(lab, code(*lines), time_limit=1.0) == "stopped after 1 s: an endless loop?"


@pytest.mark.parametrize(
    "line",
    [
        "os.fork()",
        "os.system('true')",
        "os.execv('/bin/true', ['true'])",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "__import__('subprocess').run(['true'])",
        "__import__('multiprocessing').get_context('fork').Process(target=print).start()",
        "__import__('multiprocessing').get_context('spawn').Process(target=print).start()",
    ],
)
async def test_code_starts_no_other_program(lab: LabClient, line: str) -> None:
    assert await failure(lab, code("import os", line)) == (
        "line 3 of your code: PermissionError: your code may not start another program"
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("__import__('socket').create_connection(('127.0.0.1', 9))", "may not use the network"),
        ("__import__('os').kill(__import__('os').getppid(), 9)", "may not signal another program"),
        ("__import__('ctypes').string_at(0)", "may not reach past Python"),
    ],
)
async def test_code_stays_by_itself(lab: LabClient, line: str, says: str) -> None:
    assert says in await failure(lab, code(line))


@pytest.mark.parametrize(
    "line",
    [
        "open(there, 'w')",
        "open(there, 'r+b')",
        "pathlib.Path(there).write_text('x')",
        "os.open(there, os.O_WRONLY | os.O_TRUNC)",
        "torch.save(torch.ones(2), there)",
        "numpy.ones(2).tofile(there)",
        "os.remove(there)",
        "os.rename(there, 'here')",
        "os.truncate(there, 0)",
        "os.chmod(there, 0)",
        "os.link(there, 'here')",
        "[os.symlink(there, 'here'), open('here', 'w')]",
        "shutil.copy(os.devnull, there)",
        "shutil.rmtree(os.path.dirname(there))",
        "os.mkdir(there + '.d')",
        "__import__('sqlite3').connect(there)",
    ],
)
async def test_code_changes_nothing_outside_its_folder(lab: LabClient, tmp_path: Path, line: str) -> None:
    journal = tmp_path / "journal.db"
    journal.write_text("precious")
    before = journal.stat()
    text = code("import os, pathlib, shutil, numpy, torch", f"there = {str(journal)!r}", line)
    assert "PermissionError: your code may not write to " in await failure(lab, text)
    assert journal.read_text() == "precious"
    assert journal.stat().st_mode == before.st_mode
    assert list(tmp_path.iterdir()) == [journal]


@BY_THE_KERNEL
@pytest.mark.parametrize(
    "line",
    [
        "torch._C.PyTorchFileWriter(there)",
        "torch.from_file(there, shared=True, size=2, dtype=torch.uint8).zero_()",
        "os.mkfifo(there + '.pipe')",
    ],
)
async def test_what_python_does_not_notice_the_kernel_refuses(lab: LabClient, tmp_path: Path, line: str) -> None:
    journal = tmp_path / "journal.db"
    journal.write_text("precious")
    assert "ermission denied" in await failure(lab, code("import os, torch", f"there = {str(journal)!r}", line))
    assert journal.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [journal]


async def test_in_its_folder_code_writes_as_it_likes_and_the_folder_is_gone_afterwards(
    lab: LabClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREP_HOME", str(tmp_path))
    text = code(
        "import os, pathlib, shutil, tempfile, torch",
        "pathlib.Path('a').write_text('x')",
        "os.rename('a', 'b')",
        "torch.save(torch.ones(2), pathlib.Path.home() / 't.pt')",
        "os.makedirs('d/e')",
        f"os.symlink({str(tmp_path)!r}, 'd/link')",
        "shutil.rmtree('d')",
        f"os.symlink({str(tmp_path)!r}, 'link')",
        "os.mkdir('locked', 0)",
        "with tempfile.TemporaryDirectory() as other, tempfile.TemporaryFile() as file:",
        "    file.write(b'x')",
        "open(os.devnull, 'w').close()",
        "print(os.getcwd(), 'PREP_HOME' in os.environ, sorted(os.listdir()))",
    )
    verdict = await judged(lab, text)
    assert verdict.passed, verdict.failure
    folder, *said = verdict.output.split(maxsplit=2)
    assert said == ["False", "['b', 'link', 'locked', 't.pt']\n"]
    assert "prep-code-" in folder
    assert not Path(folder).exists()
    assert tmp_path.is_dir()


async def test_leaving_a_code_run_early_leaves_no_folder(lab: LabClient, folders: Path) -> None:
    text = code("open('a', 'w').close()", "print('begun', flush=True)", "while True: pass")
    async with asyncio.timeout(30):
        events = lab.run(DEMO, QUICK, code=(FUNCTION, text))
        async for event in events:
            if isinstance(event, Output):
                break
        assert list(folders.iterdir())
        await events.aclose()
        while lab.state != "ready":
            await asyncio.sleep(0.01)
    assert list(folders.iterdir()) == []


async def test_where_there_is_no_fork_code_takes_its_process_with_it_and_the_next_run_works(
    folders: Path, tmp_path: Path
) -> None:
    """The way of macOS and Windows."""
    there = tmp_path / "there"
    client = LabClient(in_place=True)
    try:
        refused = await failure(client, code(f"open({str(there)!r}, 'w')"))
        assert "may not write to" in refused
        assert client.state == "cold"
        assert "it called exit()" in await failure(client, code("exit()"))
        assert await failure(client, code("import os", "os._exit(0)")) == "your code ended the lab's process"
        await assert_works(client)
        assert client.state == "ready"
        assert (await judged(client, RIGHT)).passed
    finally:
        await client.close()
    assert list(folders.iterdir()) == []
    assert not there.exists()
