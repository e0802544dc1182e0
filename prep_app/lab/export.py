"""Keep a run: everything it said as JSON, and a picture of it, in the learner's folder."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from prep_app import __version__
from prep_app.errors import UserError
from prep_app.lab.record import RunRecord


def keep(run: RunRecord, picture: str, folder: Path, at: int) -> Path:
    """Write NAME-TIME.json and NAME-TIME.svg into `folder`; return the path of the JSON.

    Raises UserError when the folder cannot be written.
    """
    stem = f"{run.name}-{datetime.fromtimestamp(at / 1000):%Y%m%d-%H%M%S}"
    body = {"prep": __version__, "at": at, **run.as_json()}
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        kept = folder / f"{stem}.json"
        kept.write_text(json.dumps(body, ensure_ascii=False, indent=1, allow_nan=False), encoding="utf-8")
        (folder / f"{stem}.svg").write_text(picture, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{folder}: the run was not kept ({error.strerror}); make room there") from None
    return kept
