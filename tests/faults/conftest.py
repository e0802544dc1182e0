from __future__ import annotations

from tests.ui.conftest import compiled, only_installed, opened

__all__ = ["compiled", "only_installed", "opened"]
