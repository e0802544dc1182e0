"""Where a learner's files live: PREP_HOME, `--home`, or the platform's own data directory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from prep_app.errors import UserError


@dataclass(frozen=True, slots=True)
class Home:
    """One learner's folder."""

    root: Path

    @property
    def journal(self) -> Path:
        """What the learner did. Precious."""
        return self.root / "journal.db"

    @property
    def cache(self) -> Path:
        """Everything that can be computed again. Disposable."""
        return self.root / "cache.db"

    @property
    def config(self) -> Path:
        return self.root / "config.toml"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    @property
    def packs(self) -> Path:
        """Packs the learner has installed, one folder each."""
        return self.root / "packs"

    @property
    def exports(self) -> Path:
        """Runs of demos that the learner has kept: a picture and JSON each."""
        return self.root / "exports"

    @property
    def log(self) -> Path:
        return self.root / "prep.log"


def home(override: str | None = None) -> Home:
    """Return the learner's folder, made if missing (0700).

    Raises UserError where it cannot be made or written.
    """
    chosen = override or os.environ.get("PREP_HOME")
    if chosen:
        root = Path(chosen).expanduser()
    else:
        from platformdirs import user_data_path

        root = user_data_path("prep", appauthor=False)
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{root}: cannot keep your files here ({error.strerror}); set PREP_HOME") from None
    if not os.access(root, os.W_OK | os.X_OK):
        raise UserError(f"{root}: not writable; set PREP_HOME to a folder of yours")
    return Home(root)
