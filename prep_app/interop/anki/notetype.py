"""prep's two types of note in Anki: their fields, their faces, their looks (card.css)."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from anki.collection import Collection
from anki.consts import MODEL_CLOZE

from prep_app.interop.anki.collection import collection_in
from prep_app.interop.anki.note import FIELDS

# The same at every export, as are those of the fields, so that Anki knows the type again and brings notes up to date.
# Other fields need other numbers.
BASIC, CLOZE = 1_767_225_600_101, 1_767_225_600_102
_NAMES = {BASIC: "prep", CLOZE: "prep cloze"}
_FRONT = """<div class="page"><div class="about">{{About}}</div>
<div class="prompt">{{PROMPT}}</div>
{{#Hint}}<details><summary>Hint</summary>{{Hint}}</details>{{/Hint}}</div>"""
_BACK = """{{ABOVE}}<div class="page"><hr id=answer>
{{Answer}}
{{#Key points}}<h2>To be said</h2>{{Key points}}{{/Key points}}
{{#Proof}}<h2>Checked by a program</h2>{{Proof}}{{/Proof}}
{{#Whole answer}}<details><summary>The whole answer</summary>{{Whole answer}}</details>{{/Whole answer}}
{{#Sources}}<div class="sources"><h2>Sources</h2>{{Sources}}</div>{{/Sources}}</div>"""


def add_notetypes(folder: Path) -> None:
    """Add both types to the collection in `folder`, under their own numbers."""
    with collection_in(folder) as collection:
        for number in _NAMES:
            _add(collection, number)


def _add(collection: Collection, number: int) -> None:
    models = collection.models
    model: dict[str, Any] = models.new(_NAMES[number])
    model["css"] = files("prep_app.interop.anki").joinpath("card.css").read_text(encoding="utf-8")
    for place, name in enumerate(FIELDS):
        field = models.new_field(name)
        field["id"] = number * 100 + place
        models.add_field(model, field)
    template = models.new_template("Card")
    template["id"] = number * 100
    if number == CLOZE:
        model["type"] = MODEL_CLOZE
        front, above = (
            _FRONT.replace("{{PROMPT}}", "{{cloze:Prompt}}"),
            _FRONT.replace("{{PROMPT}}", "{{cloze:Prompt}}"),
        )
    else:
        front, above = _FRONT.replace("{{PROMPT}}", "{{Prompt}}"), "{{FrontSide}}"
    template["qfmt"], template["afmt"] = front, _BACK.replace("{{ABOVE}}", above)
    models.add_template(model, template)
    given = models.add_dict(model).id
    assert collection.db is not None
    for table, column in (("notetypes", "id"), ("fields", "ntid"), ("templates", "ntid")):
        collection.db.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", number, given)
