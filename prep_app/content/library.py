"""Every pack, compiled once: a start reads no YAML that it has read before.

The compiled form is keyed by the content of every file it came from, so an edit is always seen.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Any

from prep_app import __version__
from prep_app.cache import open_cache
from prep_app.content.model import (
    Card,
    Choice,
    Claim,
    DemoLink,
    FollowUp,
    Library,
    Option,
    Pack,
    Problem,
    Question,
    Recall,
    Source,
)
from prep_app.paths import Home

COMPILED_VERSION = 1  # raise it when the compiled form or the rules of the loader change
KEPT = 8  # compiled libraries; more than one so that two checkouts do not evict each other


def builtin_folders() -> list[Path]:
    """The packs that come with prep."""
    return _pack_folders(Path(str(files("questions"))))


def library_for(home: Home) -> Library:
    """The built-in packs and those the learner has installed."""
    return open_library([*builtin_folders(), *_pack_folders(home.packs)], home.cache)


def open_library(folders: Sequence[Path], cache_path: Path | None) -> Library:
    """Return the packs in `folders`, from the cache when nothing changed since they were compiled."""
    key = _key(folders)
    body = _fetch(cache_path, key) if cache_path else None
    if body is not None:
        try:
            return _decode(json.loads(body))
        except (ValueError, KeyError, TypeError):
            pass  # a damaged row is compiled again and replaced
    library = load_library(folders)
    if cache_path:
        _keep(cache_path, key, json.dumps(asdict(library), default=str, ensure_ascii=False))
    return library


def load_library(folders: Sequence[Path]) -> Library:
    """Read the packs from their YAML, past the cache."""
    from demos.catalogue import catalogue
    from prep_app.content.loader import DemoNames, Taken, load_pack

    demos = {
        name: DemoNames(frozenset(demo.checks), frozenset(parameter.name for parameter in demo.parameters))
        for name, demo in catalogue().items()
    }
    taken = Taken()
    packs: list[Pack] = []
    problems: list[Problem] = []
    for folder in folders:
        pack, found = load_pack(folder, demos, taken)
        problems += found
        if pack is not None and any(pack.id == other.id for other in packs):
            problems.append(Problem(folder / "pack.yaml", 1, 1, f'pack id "{pack.id}" is already used'))
        elif pack is not None:
            packs.append(pack)
    return Library(tuple(packs), tuple(problems))


def _pack_folders(parent: Path) -> list[Path]:
    try:
        return sorted(path for path in parent.iterdir() if path.is_dir() and not path.name.startswith(("_", ".")))
    except OSError:
        return []


def _key(folders: Sequence[Path]) -> str:
    digest = blake2b(f"{__version__}:{COMPILED_VERSION}".encode(), digest_size=20)
    demos = Path(str(files("demos")))
    held = [path for folder in folders for path in _files(folder, (".yaml", ".yml"))]
    for path in [*held, *_files(demos, (".py",))]:  # demos: a claim names their checks
        digest.update(str(path).encode())
        try:
            content = path.read_bytes()
        except OSError:
            content = b"unreadable"
        digest.update(len(content).to_bytes(8, "big") + content)
    for folder in folders:
        digest.update(str(folder).encode())
    return digest.hexdigest()


def _files(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in endings)
    except OSError:
        return []


def _fetch(path: Path, key: str) -> str | None:
    try:
        cache = open_cache(path)
        try:
            row = cache.execute("SELECT body FROM library WHERE key = ?", (key,)).fetchone()
        finally:
            cache.close()
    except (sqlite3.Error, OSError):
        return None  # no cache, no harm: the YAML is read instead
    return row[0] if row else None


def _keep(path: Path, key: str, body: str) -> None:
    try:
        cache = open_cache(path)
        try:
            cache.execute("INSERT OR REPLACE INTO library VALUES (?, ?)", (key, body))
            cache.execute(
                "DELETE FROM library WHERE rowid NOT IN (SELECT rowid FROM library ORDER BY rowid DESC LIMIT ?)",
                (KEPT,),
            )
        finally:
            cache.close()
    except (sqlite3.Error, OSError):
        return  # the next start compiles again


def _decode(body: dict[str, Any]) -> Library:
    return Library(
        packs=tuple(
            Pack(p["id"], p["title"], p["description"], tuple(map(_question, p["questions"]))) for p in body["packs"]
        ),
        problems=tuple(Problem(**{**problem, "file": Path(problem["file"])}) for problem in body["problems"]),
    )


def _question(body: dict[str, Any]) -> Question:
    return Question(
        **{
            **body,
            "key_points": tuple(body["key_points"]),
            "mistakes": tuple(body["mistakes"]),
            "follow_ups": tuple(FollowUp(**item) for item in body["follow_ups"]),
            "claims": tuple(Claim(**item) for item in body["claims"]),
            "demos": tuple(DemoLink(**item) for item in body["demos"]),
            "sources": tuple(Source(**item) for item in body["sources"]),
            "cards": tuple(map(_card, body["cards"])),
        }
    )


def _card(body: dict[str, Any]) -> Card:
    inner: Recall | Choice
    if body["body"]["kind"] == "recall":
        inner = Recall(tuple(body["body"]["key_points"]))
    else:
        inner = Choice(tuple(Option(**option) for option in body["body"]["options"]))
    return Card(
        **{
            **body,
            "body": inner,
            "demo": DemoLink(**body["demo"]) if body["demo"] else None,
            "claims": tuple(body["claims"]),
            "sources": tuple(Source(**item) for item in body["sources"]),
        }
    )
