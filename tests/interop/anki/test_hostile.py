"""Decks made to do harm, and damaged ones: one line each, and nothing of them is kept."""

from __future__ import annotations

import io
import json
import sqlite3
import struct
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
import zstandard

from prep_app import cli
from prep_app.errors import UserError
from prep_app.interop.anki import archive as limits
from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.settings import Settings
from tests.interop.anki.decks import DAY, NOW, add, collection, imported, rebuilt, review, write


@pytest.fixture(scope="module")
def decks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A deck in today's format and in the old one."""
    folder = tmp_path_factory.mktemp("decks")
    with collection(folder / "anki") as held:
        note = add(held, "Basic", "Deck", "front <img src='a.png'>", "back")
        held.media.write_data("a.png", b"png")
        review(held, note.card_ids()[0], NOW - DAY, 3)
        return write(held, folder / "new.apkg"), write(held, folder / "old.apkg", legacy=True)


def refused(home: Home, deck: Path) -> str:
    """What is said of a deck that is not taken, which must be one line; nothing of it may be left."""
    before = sorted(deck.parent.iterdir())
    with pytest.raises(UserError) as caught:
        imported(home, deck)
    assert sorted(deck.parent.iterdir()) == before
    assert not list(home.packs.glob("*"))
    memory = Memory.open(home, Settings())
    assert not memory.entries()
    memory.close()
    said = str(caught.value)
    assert said.isprintable()
    return said.removeprefix(f"{deck}: ")


def test_the_command_says_it_in_one_line_and_ends_with_2(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deck = tmp_path / "deck.apkg"
    deck.write_bytes(b"not a deck")
    assert cli.run(["import", str(deck), "--json"]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err == f"reading deck.apkg\nprep: {deck}: not an Anki deck, or damaged (File is not a zip file)\n"


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "C:\\evil", "..\\evil", "0/../../evil", "evil.py", "media/", "٣"]
)
def test_a_file_of_another_name_than_anki_gives_is_refused(
    name: str, decks: tuple[Path, Path], home: Home, tmp_path: Path
) -> None:
    deck = rebuilt(decks[0], tmp_path / "deck.apkg", **{name: b"evil"})
    shown = name.replace("\\", "/") if name.startswith("C") and "/" in name else name
    assert refused(home, deck) == f'not imported: it holds a file "{shown}", which no deck of Anki has'


@pytest.mark.parametrize("name", ["../evil.png", "/etc/cron.d/evil", "..", "a\\b.png", "C:evil", "\x1b[31m.png"])
def test_media_that_would_be_written_elsewhere_are_refused(
    name: str, decks: tuple[Path, Path], home: Home, tmp_path: Path
) -> None:
    deck = rebuilt(decks[1], tmp_path / "deck.apkg", media=json.dumps({"0": name}).encode())
    assert refused(home, deck).startswith("not imported: its list of media names ")


def test_a_link_an_encrypted_file_and_two_of_one_name_are_refused(
    decks: tuple[Path, Path], home: Home, tmp_path: Path
) -> None:
    link = rebuilt(decks[0], tmp_path / "link.apkg")
    with zipfile.ZipFile(link, "a") as archive:
        entry = zipfile.ZipInfo("7")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    assert refused(home, link) == 'not imported: "7" in it is a link'
    twice = rebuilt(decks[0], tmp_path / "twice.apkg")
    with zipfile.ZipFile(twice, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("media", b"")
    assert refused(home, twice) == "not imported: it holds two files of the same name"
    raw = bytearray(decks[0].read_bytes())
    place = raw.rindex(b"PK\x01\x02")
    raw[place + 8] |= 1
    locked = tmp_path / "locked.apkg"
    locked.write_bytes(raw)
    assert refused(home, locked) == "not imported: it is encrypted"


def test_a_bomb_of_zeros_is_refused_by_its_ratio(decks: tuple[Path, Path], home: Home, tmp_path: Path) -> None:
    deck = tmp_path / "bomb.apkg"
    with zipfile.ZipFile(rebuilt(decks[0], deck), "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("5", bytes(limits.ALWAYS_FINE + 1))
    assert refused(home, deck) == "not imported: it unpacks to more than 200 times its size"


def test_a_bomb_inside_zstandard_is_refused_as_well(decks: tuple[Path, Path], home: Home, tmp_path: Path) -> None:
    zeros = zstandard.ZstdCompressor().compress(bytes(limits.ALWAYS_FINE + 1))
    collection_bomb = rebuilt(decks[0], tmp_path / "one.apkg", **{"collection.anki21b": zeros})
    media_bomb = rebuilt(decks[0], tmp_path / "two.apkg", **{"5": zeros})
    for deck in (collection_bomb, media_bomb):
        assert refused(home, deck) == "not imported: it unpacks to more than 200 times its size"


def test_a_file_that_says_it_is_small_and_is_not_is_refused(
    decks: tuple[Path, Path], home: Home, tmp_path: Path
) -> None:
    deck = tmp_path / "liar.apkg"
    with zipfile.ZipFile(rebuilt(decks[0], deck), "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("5", bytes(1_000_000))
    raw = bytearray(deck.read_bytes())
    head = raw.rindex(b"PK\x03\x04")
    tail = raw.rindex(b"PK\x01\x02")
    struct.pack_into("<I", raw, head + 22, 10)
    struct.pack_into("<I", raw, tail + 24, 10)
    deck.write_bytes(raw)
    assert refused(home, deck).startswith("not an Anki deck, or damaged (Bad CRC-32")


def test_limits_hold_for_one_database_and_for_how_many_files(
    decks: tuple[Path, Path],
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = rebuilt(decks[0], tmp_path / "many.apkg", **{str(number): b"" for number in range(1, 30)})
    monkeypatch.setattr(limits, "MOST_FILES", 20)
    assert refused(home, many) == "not imported: it holds more than 20 files"
    monkeypatch.setattr(limits, "MOST_COLLECTION", 1 << 14)
    assert "it unpacks to more than 0 MiB" in refused(home, decks[1])


def test_what_is_no_deck_is_called_so(decks: tuple[Path, Path], home: Home, tmp_path: Path) -> None:
    whole = decks[0].read_bytes()
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("deck.apkg", whole)
    bodies = {"empty": b"", "text": b"not a zip", "cut": whole[: len(whole) // 2], "zip in a zip": inner.getvalue()}
    said = {}
    for name, body in bodies.items():
        deck = tmp_path / f"{name}.apkg"
        deck.write_bytes(body)
        said[name] = refused(home, deck)
    assert said == {
        **dict.fromkeys(["empty", "text", "cut"], "not an Anki deck, or damaged (File is not a zip file)"),
        "zip in a zip": 'not imported: it holds a file "deck.apkg", which no deck of Anki has',
    }


@pytest.mark.parametrize("place", [0, 18, 40, 100, 2000, 5000, 20_000, 30_000])
def test_a_damaged_database_is_refused_or_read_but_never_a_traceback(
    place: int, decks: tuple[Path, Path], home: Home, tmp_path: Path
) -> None:
    with zipfile.ZipFile(decks[1]) as archive:
        body = bytearray(archive.read("collection.anki21"))
    body[place : place + 200] = bytes(200)
    deck = rebuilt(decks[1], tmp_path / "deck.apkg", **{"collection.anki21": bytes(body)})
    try:
        imported(home, deck)
        said = "read"
    except UserError as error:
        said = str(error)
    assert said.isprintable()


def changed_database(deck: Path, target: Path, *statements: str) -> Path:
    """The old deck with its database changed by SQL."""
    with zipfile.ZipFile(deck) as archive:
        path = target.with_suffix(".db")
        path.write_bytes(archive.read("collection.anki21"))
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    body = path.read_bytes()
    path.unlink()
    return rebuilt(deck, target, **{"collection.anki21": body})


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("CREATE VIEW endless AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT x FROM n", "view"),
        ("CREATE TRIGGER slow AFTER UPDATE ON col BEGIN DELETE FROM notes; END", "trigger"),
        ("CREATE VIRTUAL TABLE more USING fts4(x)", "table"),
    ],
)
def test_a_database_that_computes_is_refused(
    statement: str, kind: str, decks: tuple[Path, Path], home: Home, tmp_path: Path
) -> None:
    deck = changed_database(decks[1], tmp_path / "deck.apkg", statement)
    assert refused(home, deck) == f"not imported: its database has a {kind} that Anki does not make"


def test_values_of_the_wrong_kind_and_times_of_another_age_do_no_harm(
    decks: tuple[Path, Path], home: Home, tmp_path: Path
) -> None:
    deck = changed_database(
        decks[1],
        tmp_path / "deck.apkg",
        f"INSERT INTO revlog SELECT {NOW + 400 * DAY}, id, -1, 3, 1, 1, 0, 0, 1 FROM cards",
        "INSERT INTO revlog SELECT -5, id, -1, 3, 1, 1, 0, 0, 1 FROM cards",
        f"INSERT INTO revlog SELECT {NOW - 5 * DAY}, id, -1, 3, 1, 1, 0, -900, 1 FROM cards",
        f"INSERT INTO revlog SELECT {NOW - 4 * DAY}, id, -1, 77, 1, 1, 0, 0, 1 FROM cards",
    )
    done, library = imported(home, deck)
    assert (done.reviews, done.left_out) == (2, {})
    memory = Memory.open(home, Settings())
    assert [(review.rating, review.seconds) for review in memory.reviews()] == [(3, None), (3, 4.2)]
    memory.close()
    assert not library.problems


def test_nothing_that_runs_survives_in_the_pack(home: Home, tmp_path: Path) -> None:
    evil = (
        "<script>alert(1)</script><style>*{display:none}</style><iframe src=javascript:alert(2)></iframe>"
        "<p onclick='alert(3)'>words</p><a href='javascript:alert(4)'>link</a><img src=x onerror=alert(5)>"
        "<svg><script>alert(6)</script></svg>\x1b]0;owned\x07<object data=x></object><!-- alert(7) -->"
        "[latex]\\input{/etc/passwd}[/latex]"
    )
    with collection(tmp_path / "anki") as held:
        add(held, "Basic", "Deck \x1b[31mred", evil, evil)
        add(held, "Cloze", "Deck \x1b[31mred", f"{{{{c1::{evil}::hint}}}} x")
        deck = write(held, tmp_path / "deck.apkg")
    done, library = imported(home, deck)
    assert not library.problems
    assert not done.left_out
    written = "".join(path.read_text() for path in home.packs.rglob("*.yaml"))
    assert "words" in written
    assert "link" in written
    for harm in ("alert", "javascript", "onclick", "onerror", "iframe", "<style", "\x1b", "<svg"):
        assert harm not in written, harm


def test_html_no_one_writes_costs_a_card_not_the_import(home: Home, tmp_path: Path) -> None:
    with collection(tmp_path / "anki") as held:
        add(held, "Basic", "Deck", "<div>" * 2000 + "deep", "back")
        add(held, "Basic", "Deck", "<b></b>" * 6000 + "many", "back")
        add(held, "Basic", "Deck", "fine", "back")
        deck = write(held, tmp_path / "deck.apkg")
    done, library = imported(home, deck)
    assert done.left_out == {"whose HTML is too tangled to read": 2}
    assert sum(pack.cards for pack in done.packs) == 1
    assert len(library.packs) == 1
