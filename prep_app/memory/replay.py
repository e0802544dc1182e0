"""The whole journal folded at once.

What a card's memory is follows from `fold_entry`. A large journal goes another way to the same result, many times as
fast: `card_entries` reads it in columns and `card_columns` folds them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from prep_app.memory.card_table import CardTable
from prep_app.memory.days import study_day
from prep_app.memory.fold import CardFold, awaits, fold_entry, standing
from prep_app.memory.journal import Journal
from prep_app.memory.schedule import Parameters
from prep_app.memory.types import Rating
from prep_app.settings import Settings

LARGE = 4000  # entries; to import NumPy takes as long as to fold so many


def fold_cards(journal: Journal, until: int, settings: Settings, parameters: Parameters) -> CardTable:
    """Fold what the first `until` entries say of cards. Raises UserError where the journal is damaged."""
    if until >= LARGE:
        from prep_app.memory.card_columns import fold_columns
        from prep_app.memory.card_entries import Unusual, read_entries

        try:
            return fold_columns(read_entries(journal.path, until), settings, parameters)
        except Unusual:
            pass  # one by one damage is told from what is only rare
    return fold_one_by_one(journal, until, settings, parameters)


def fold_one_by_one(journal: Journal, until: int, settings: Settings, parameters: Parameters) -> CardTable:
    """Do the same, entry by entry. Raises UserError where the journal is damaged."""
    folds: dict[str, CardFold] = {}
    days: Counter[tuple[int, bool]] = Counter()
    query = "SELECT card, min(seq) FROM entry WHERE card IS NOT NULL AND seq <= ? GROUP BY card"
    for card, seq in journal.rows(query, until):
        if type(card) is not str:
            raise journal.damaged(f"entry {seq} holds the wrong kind of value")
        fold, held = CardFold(), journal.of_card(card, until)
        try:
            for entry in standing(held):
                seq = entry.seq
                fold = fold_entry(fold, entry, settings, parameters)
                if entry.kind == "review":
                    days[study_day(entry.at, settings.rollover_hour), entry.data["rating"] > Rating.AGAIN] += 1
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            raise journal.damaged(f"entry {seq} cannot be read") from None
        folds[card] = replace(fold, awaits=awaits(held))
    return CardTable.of(folds, days)
