"""A new pack: the YAML under starter/ with the pack's own name in it, and beside it the schemas for an editor."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from importlib.resources import files
from pathlib import Path

from prep_app.content.folder import HEAD
from prep_app.errors import UserError
from prep_app.text import printable

SCHEMAS = ".schema"  # the folder in the pack that its modelines name
QUESTION = "question_1.yaml"
LONGEST_ID = 40
_OWN = "starter"  # what the template calls itself


def write_starter(folder: Path, title: str = "") -> list[Path]:
    """Write a pack with one question to `folder`, which must be new or empty; returns the files made.

    Raises UserError where it cannot.
    """
    called = folder.resolve().name
    name = pack_id(called)
    title = " ".join(printable(title or called.replace("_", " ")).split()) or name
    template, schemas = files("prep_app.content") / _OWN, files("prep_app.content") / "schemas"
    head, question = (template.joinpath(one).read_text(encoding="utf-8") for one in (HEAD, "question.yaml"))
    head = head.replace(f"id: {_OWN}", f"id: {_quoted(name)}").replace("title: Starter", f"title: {_quoted(title)}")
    texts = {HEAD: head, QUESTION: question.replace(f"{_OWN}-", f"{name}-")}
    for which in ("question", "pack"):
        schema = f"{which}.schema.json"
        texts[f"{SCHEMAS}/{schema}"] = schemas.joinpath(schema).read_text(encoding="utf-8")
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError(f"{folder}: already there and not empty; name a new folder")
        (folder / SCHEMAS).mkdir(parents=True)
        for path, text in texts.items():
            (folder / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror})") from None
    return [folder / path for path in texts]


def pack_id(name: str) -> str:
    """A short name for a pack in a folder called `name`; where that has no letter or digit of English, a number."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    short = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:LONGEST_ID].strip("_")
    return short or "pack_" + hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()


def _quoted(text: str) -> str:
    """As YAML reads it for text, whatever it is; JSON's quotes are YAML's too."""
    return json.dumps(text, ensure_ascii=False)
