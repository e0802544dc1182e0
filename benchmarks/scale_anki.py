"""Anki's side of scale.py, run by a Python that has `anki`: one command a line on stdin, one line of JSON for each."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

from anki.collection import AddNoteRequest, Collection
from anki.scheduler.v3 import CardAnswer


def make(path: str, states: str) -> dict[str, object]:
    """A collection with one card for each state: [stability, difficulty, days since, days until due]; null is new."""
    col = Collection(path)
    model = col.models.by_name("Basic")
    held = json.loads(Path(states).read_text(encoding="utf-8"))
    requests = []
    for number in range(len(held)):
        note = col.new_note(model)
        note["Front"], note["Back"] = f"What does experiment {number} show?", f"That {number} is enough. " * 4
        requests.append(AddNoteRequest(note, 1))
    col.add_notes(requests)
    today, now, rows = col.sched.today, int(time.time()), []
    for card, state in zip(col.db.list("SELECT id FROM cards ORDER BY id"), held, strict=True):
        if state is not None:
            stability, difficulty, since, until = state
            data = {"s": stability, "d": difficulty, "dr": 0.9, "decay": 0.1542, "lrt": now - since * 86_400}
            rows.append((today + until, max(1, since + until), json.dumps(data), card))
    col.set_config("fsrs", True)
    deck = col.decks.config_dict_for_deck_id(1)
    deck["new"]["perDay"], deck["rev"]["perDay"] = 20, 9999
    col.decks.update_config(deck)
    col.close()
    with closing(sqlite3.connect(path)) as file:  # at once: the backend commits each row by itself, which takes minutes
        update = "UPDATE cards SET type=2, queue=2, reps=2, factor=2500, due=?, ivl=?, data=? WHERE id=?"
        file.executemany(update, rows)
        file.commit()
    return {"cards": len(held)}


class Sitting:
    """An open collection."""

    def __init__(self, path: str) -> None:
        start = time.perf_counter()
        self.col = Collection(path)
        queued = self.col.sched.get_queued_cards(fetch_limit=1)
        self.opened = {
            "seconds": time.perf_counter() - start,
            "due": queued.review_count,
            "new": queued.new_count,
            "journal": self.col.db.scalar("PRAGMA journal_mode"),
            "synchronous": self.col.db.scalar("PRAGMA synchronous"),
            "fsrs": self.col.get_config("fsrs"),
        }

    def answer(self, count: int) -> dict[str, object]:
        """Take the next card, with what each grade would do to it, and grade it «good»."""
        scheduler, seconds = self.col.sched, []
        for _ in range(count):
            start = time.perf_counter()
            queued = scheduler.get_queued_cards(fetch_limit=1).cards[0]
            card = self.col.get_card(queued.card.id)
            card.start_timer()
            said = scheduler.build_answer(card=card, states=queued.states, rating=CardAnswer.GOOD)
            scheduler.answer_card(said)
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds}


def main() -> None:
    sitting: Sitting | None = None
    for line in sys.stdin:
        command, *rest = json.loads(line)
        if command == "make":
            reply = make(*rest)
        elif command == "open":
            sitting = Sitting(*rest)
            reply = sitting.opened
        else:
            assert sitting is not None
            reply = sitting.answer(*rest)
        print(json.dumps(reply), flush=True)
    if sitting is not None:
        sitting.col.close()


if __name__ == "__main__":
    main()
