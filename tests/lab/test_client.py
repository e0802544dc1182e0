"""Whatever a demo does, it ends as an event, and the next run works. Real processes, real torch."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from prep_app.lab.client import LabClient
from prep_app.lab.events import Check, Event, Failure, Output, Result, Text

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab() -> AsyncIterator[LabClient]:
    """One warm worker for demos that misbehave."""
    client = LabClient(package="tests.lab.misbehaving", memory_limit=1 << 30)
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])
    await client.start()
    del os.environ["PYTHONPATH"]
    yield client
    await client.close()


@pytest.fixture(autouse=True)
def _where_tests_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


async def run(lab: LabClient, name: str, **options: object) -> list[Event]:
    async with asyncio.timeout(60):
        return [event async for event in lab.run(name, {}, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("aborts", "SIGABRT"),
        ("segfaults", "SIGSEGV"),
        ("exits", "no result"),
        ("vanishes", "without a result"),
        ("recurses", "no result"),
        ("raises", "no result"),
        ("hoards", "memory"),
        ("shouts", "longer than"),
    ],
)
async def test_a_demo_that_dies_is_one_sentence_and_the_next_run_works(lab: LabClient, name: str, says: str) -> None:
    events = await run(lab, name)
    assert isinstance(events[-1], Failure)
    assert says in events[-1].message
    assert "\n" not in events[-1].message
    assert isinstance((await run(lab, "good"))[-1], Result)


@pytest.mark.parametrize("name", ["spins", "sleeps"])
async def test_a_demo_that_hangs_is_stopped_at_the_time_limit(lab: LabClient, name: str) -> None:
    events = await run(lab, name, time_limit=0.3)
    assert "stopped after 0.3 s" in events[-1].message  # type: ignore[union-attr]
    assert isinstance((await run(lab, "good"))[-1], Result)


async def test_a_run_can_be_cancelled_and_the_next_one_works(lab: LabClient) -> None:
    seen = []
    async for event in lab.run("spins", {}):
        seen.append(event)
        if isinstance(event, Text):
            await lab.cancel()
    assert seen[-1] == Failure("cancelled")
    assert lab.state == "ready"
    assert isinstance((await run(lab, "good"))[-1], Result)


async def test_leaving_the_iteration_stops_the_run(lab: LabClient) -> None:
    events = lab.run("spins", {})
    assert await anext(events) == Text("begun")
    await events.aclose()
    async with asyncio.timeout(10):
        while lab.state != "ready":
            await asyncio.sleep(0.01)


async def test_a_reader_cancelled_over_and_over_leaves_the_lab_in_order(lab: LabClient) -> None:
    for _ in range(3):
        reader = asyncio.create_task(run(lab, "spins"))
        while lab.state != "running":
            await asyncio.sleep(0.01)
        for _ in range(3):
            reader.cancel()
            await asyncio.sleep(0)
        await asyncio.wait([reader])
        assert isinstance((await run(lab, "good"))[-1], Result)


async def test_what_a_demo_starts_ends_with_it(lab: LabClient) -> None:
    child = 0
    async for event in lab.run("begets", {}):
        if isinstance(event, Text) and event.markdown.startswith("child"):
            child = int(event.markdown.split()[1])
            await lab.cancel()
    async with asyncio.timeout(10):
        while _running(child):
            await asyncio.sleep(0.02)


async def test_what_a_demo_prints_is_text_and_never_an_event_or_a_command(lab: LabClient) -> None:
    events = await run(lab, "prints")
    printed = "".join(event.text for event in events if isinstance(event, Output))
    assert "plain" in printed
    assert "raw" in printed
    assert "\x1b" not in printed
    assert sum(isinstance(event, Result) for event in events) == 1


async def test_a_flood_of_printing_is_cut_short(lab: LabClient) -> None:
    events = await run(lab, "floods")
    printed = "".join(event.text for event in events if isinstance(event, Output))
    assert len(printed) < 70_000
    assert "not kept" in printed
    assert isinstance(events[-1], Result)


async def test_a_worker_killed_from_outside_is_replaced(lab: LabClient) -> None:
    async for event in lab.run("sleeps", {}):
        if isinstance(event, Text):
            os.killpg(lab._process.pid, signal.SIGKILL)  # type: ignore[union-attr]
    assert isinstance(event, Failure)
    assert isinstance((await run(lab, "good"))[-1], Result)


async def test_the_real_demos_run_and_an_unknown_value_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "demos").mkdir()
    (tmp_path / "demos" / "__init__.py").write_text("raise RuntimeError('a stranger in the working directory')")
    monkeypatch.chdir(tmp_path)
    client = LabClient()
    try:
        events = await run(client, "lora_merge")
        assert isinstance(events[-1], Result)
        assert events[-1].passed
        assert any(isinstance(event, Check) for event in events)
        async with asyncio.timeout(60):
            refused = [event async for event in client.run("lora_merge", {"r": 10_000})]
        assert refused == [Failure("r must be a whole number from 1 to 64, not 10000")]
    finally:
        await client.close()


async def test_without_torch_the_lab_says_how_to_mend_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('libtorch is not here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    client = LabClient()
    (event,) = await run(client, "lora_merge")
    await client.close()
    assert isinstance(event, Failure)
    assert "pip install 'torch" in event.message


@pytest.mark.parametrize("wait", [0, 0.001, 0.003, 0.01, 0.03, 0.1])
async def test_a_start_given_up_at_any_moment_leaves_nothing_waiting(wait: float) -> None:
    client = LabClient()
    starting = asyncio.create_task(client.start())
    await asyncio.sleep(wait)
    starting.cancel()
    await asyncio.wait([starting])
    async with asyncio.timeout(30):
        await client.close()
    assert client._process is None
    assert client._creating is None


async def test_closing_leaves_no_process_behind() -> None:
    client = LabClient()
    await client.start()
    worker = client._process.pid  # type: ignore[union-attr]
    await client.close()
    assert not _running(worker)


def _running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
