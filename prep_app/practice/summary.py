"""What a session came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prep_app.content.model import Card
from prep_app.memory.types import Rating


@dataclass(frozen=True, slots=True)
class Summary:
    """`correct_share` counts every answer that was not «again»; `schedule` pairs each card with when it returns."""

    answered: int
    correct_share: float | None
    by_rating: Mapping[Rating, int]
    slipped: tuple[Card, ...]
    schedule: tuple[tuple[Card, int], ...]
    seconds: float
