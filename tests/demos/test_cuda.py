"""Every demo's checks on a GPU, where there is one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from runs import failed

from demos.catalogue import catalogue
from demos.kit import run_demo

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device here")


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_every_check_holds_on_cuda(name: str) -> None:
    events: list[dict[str, Any]] = []
    run_demo(name, {}, device="cuda", emit=events.append)
    assert events[-1]["event"] == "result", events[-1]
    assert events[-1]["device"] == "cuda"
    assert failed(events) == {}
