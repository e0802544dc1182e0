"""docs/quality.md hides nothing: what missed its goal or failed says so, above all that it printed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def quality(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("quality", ROOT / "docs" / "quality.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "quality", module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("program", "verdict", "measured"),
    [
        ("print('took 1.5 s'); print('took 2.5 s')", "met", "2.5 s"),
        ("print('took 9,000 s'); raise SystemExit(1)", "**missed**", "9000.0 s"),
        ("print('took 1 s'); raise KeyError('gone')", "**failed**", "1.0 s"),
        ("raise SystemExit('no database')", "**failed**", "see below"),
    ],
)
def test_the_verdict_is_the_benchmarks_own(
    quality: ModuleType, tmp_path: Path, program: str, verdict: str, measured: str
) -> None:
    file = tmp_path / "one.py"
    file.write_text(program)
    figures = (("{:.1f} s", rf"took {quality.NUMBER} s", max),)
    outcome = quality.measure(quality.Claim("It is fast", "2 s", str(file), figures), quick=False)
    assert (outcome.verdict, outcome.measured) == (verdict, measured)
    page = quality.page([outcome], "here", quick=False)
    assert f"| It is fast | 2 s | {measured} | {verdict} |" in page
    assert outcome.printed in page
    assert str(ROOT) not in page


def test_every_benchmark_has_its_line(quality: ModuleType) -> None:
    listed = {claim.program for claim in quality.CLAIMS}
    programs = {file.name for file in (ROOT / "benchmarks").glob("*.py") if "__main__" in file.read_text()}
    assert programs - {"scale_anki.py"} <= listed
