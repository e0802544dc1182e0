"""Cards out of Anki as a pack in the learner's folder: a question for each deck, the media beside them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml

from prep_app.content.folder import HEAD
from prep_app.content.library import load_library
from prep_app.content.model import Library
from prep_app.content.new_pack import pack_id
from prep_app.errors import UserError
from prep_app.interop.anki.card import Made
from prep_app.text import printable

MEDIA = "media"  # the folder in a pack
MOST_CARDS = 200  # of one question; a larger deck becomes several
MOST_BYTES = 600_000  # of one question's cards
LONGEST_TITLE = 80
_Dumper: type[yaml.SafeDumper] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True, slots=True)
class Written:
    """A pack that was written, without the `refused`: the ids of cards that `prep check` would not have."""

    folder: Path
    cards: int
    media: int
    refused: tuple[str, ...]


def write_pack(title: str, decks: Mapping[str, Sequence[Made]], media: Path, packs: Path, library: Library) -> Written:
    """Write a new pack into `packs`: all of it or, where that fails, nothing. Decks go by their names in Anki, A::B.

    Raises UserError where it cannot be written.
    """
    try:
        packs.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = Path(mkdtemp(prefix=".import-", dir=packs))  # no pack begins with a dot
        try:
            return _written(title, decks, media, packs, library, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise UserError(f"{packs}: the pack was not written ({error.strerror}); make room there") from None


def _written(
    title: str, decks: Mapping[str, Sequence[Made]], media: Path, packs: Path, library: Library, folder: Path
) -> Written:
    name = _free_name(pack_id(title), packs, library)
    head = {"id": name, "title": one_line(title), "description": "Imported from Anki."}
    (folder / HEAD).write_text(_dump(head), encoding="utf-8")
    stands = _question_files(folder, name, title, decks)
    refused = [made.card["id"] for cards in decks.values() for made in cards if made.card["id"] not in stands]
    if refused:  # the files are written anew without them
        for old in folder.glob("question_*.yaml"):
            old.unlink()
        left = {deck: [made for made in cards if made.card["id"] in stands] for deck, cards in decks.items()}
        stands = _question_files(folder, name, title, left)
    named = {name for cards in decks.values() for made in cards for name in made.media}
    copied = _copy_media(named, media, folder / MEDIA)
    target = packs / name
    if stands:
        folder.rename(target)
    return Written(target, len(stands), copied, tuple(refused))


def _question_files(folder: Path, pack: str, title: str, decks: Mapping[str, Sequence[Made]]) -> set[str]:
    """Write the questions; return the ids of the cards that stand when the pack is read back."""
    number = 0
    for deck, cards in decks.items():
        parts = list(_parts(cards))
        for index, part in enumerate(parts):
            number += 1
            called = _called(deck, title) + (f" ({index + 1})" if len(parts) > 1 else "")
            (folder / f"question_{number:03}.yaml").write_text(
                _dump(_question(f"{pack}-{number}", called, title)) + "cards:\n" + "".join(part), encoding="utf-8"
            )
    return {str(card) for card in load_library([folder]).cards}


def _question(ident: str, called: str, title: str) -> dict[str, Any]:
    says = f'The cards of the Anki deck "{called}" are its answer.'
    answer = {"short": says, "full": says, "key_points": [called]}
    return {"id": ident, "title": called, "ask": f"What do you know of {called}?", "answer": answer}


def _parts(cards: Sequence[Made]) -> Iterator[list[str]]:
    """The cards in YAML, in lists that are each small enough for one file."""
    part: list[str] = []
    size = 0
    for made in cards:
        text = _dump([made.card])
        if part and (len(part) == MOST_CARDS or size + len(text.encode()) > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(text)
        size += len(text.encode())
    if part:
        yield part


def _called(deck: str, title: str) -> str:
    """A deck's name without what the pack is called already."""
    parts = [part for part in deck.split("::") if part.strip() and part != "Default"]
    inner = parts[1:] if parts and one_line(parts[0]) == one_line(title) else parts
    return one_line(" · ".join(inner) or title)


def one_line(text: str) -> str:
    line = " ".join(printable(text).split())
    return line[:LONGEST_TITLE].strip() or "Anki"


def _free_name(name: str, packs: Path, library: Library) -> str:
    """`name`, or with a number after it, as no other pack has it; a question's id begins with it."""
    taken = {pack.id for pack in library.packs}
    names = (name, *(f"{name}_{number}" for number in range(2, 10_000)))
    return next(one for one in names if one not in taken and not (packs / one).exists())


def _copy_media(names: Iterable[str], media: Path, target: Path) -> int:
    copied = 0
    for name in sorted(names):
        source = media / name
        if is_safe_name(name) and source.is_file() and not source.is_symlink():
            target.mkdir(exist_ok=True)
            shutil.copyfile(source, target / name)
            copied += 1
    return copied


def is_safe_name(name: str) -> bool:
    """Whether `name` is a plain file's on any machine: it leads nowhere, hides nothing, and can be shown."""
    plain = 0 < len(name.encode("utf-8", "replace")) <= 240 and printable(name) == name
    return plain and not re.search(r'[/\\:*?"<>|\n\t]|^\.|[. ]\Z', name)


def _dump(data: Any) -> str:
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
