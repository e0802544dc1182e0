"""Entries made elsewhere, taken into the journal under the ids they have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prep_app.errors import UserError
from prep_app.memory.journal import Journal, NewRow
from prep_app.memory.journal_file import entry_id, file_damage


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.db", tmp_path / "backups")


def entry(number: int) -> NewRow:
    body = json.dumps({"rating": 3})
    return entry_id(number, "review", "card", body, f"{number:024x}"), number, "review", "card", body


def test_what_is_here_already_is_added_once(journal: Journal) -> None:
    assert journal.add([entry(1), entry(2), entry(1)]) == 2
    assert journal.add([entry(2), entry(3)]) == 1
    assert journal.add([]) == 0
    assert [held.id for held in journal.since(0)] == [entry(number)[0] for number in (1, 2, 3)]


def test_adding_again_leaves_a_journal_that_looks_whole(journal: Journal) -> None:
    journal.add([entry(1)])
    journal.add([entry(1)] * 5)
    assert journal.append("mark", 9, "card").seq == 2
    journal.close()
    assert file_damage(journal.path) is None


def test_one_entry_that_is_not_as_it_was_written_keeps_all_of_them_out(journal: Journal) -> None:
    ident, at, kind, card, _ = entry(2)
    with pytest.raises(UserError, match="nothing was added"):
        journal.add([entry(1), (ident, at, kind, card, json.dumps({"rating": 4}))])
    assert journal.since(0) == []
