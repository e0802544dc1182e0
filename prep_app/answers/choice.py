"""Choice cards: exact marking; every option explains itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from prep_app.answers.mark import Mark, Part, Verdict
from prep_app.content.body import Option


def mark_choice(options: Sequence[Option], chosen: Collection[int]) -> Mark:
    """Mark the options as shown; `chosen` are indices into them."""

    def verdict(option: Option, picked: bool) -> Verdict:
        if option.correct:
            return "right" if picked else "missed"
        return "wrong" if picked else "left"

    return Mark(
        tuple(
            Part(
                option.text if index in chosen else "",
                option.text if option.correct else "",
                verdict(option, index in chosen),
                option.why,
            )
            for index, option in enumerate(options)
        )
    )
