"""The learner's settings: config.toml, checked, with a default for everything."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from prep_app.errors import UserError


@dataclass(frozen=True, slots=True)
class Settings:
    desired_retention: float = 0.9  # the share of cards recalled when they come back
    new_per_day: int = 20
    rollover_hour: int = 4  # local hour at which a study day turns
    theme: str = ""
    sync_url: str = field(default="", repr=False)  # of the database to sync with; may hold a password
    keys: Mapping[str, str] = field(default_factory=dict)  # binding name -> keys, comma separated


_LIMITS: dict[str, tuple[float, float]] = {
    "desired_retention": (0.7, 0.99),
    "new_per_day": (0, 10_000),
    "rollover_hour": (0, 23),
}


def read_settings(path: Path) -> Settings:
    """Read config.toml; a missing file means the defaults.

    Raises UserError naming the file and the setting at fault.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: not valid TOML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from None
    known = {item.name for item in fields(Settings)}
    for name in table:
        if name not in known:
            raise UserError(f'{path}: unknown setting "{name}"{_near(name, known)}')
    return Settings(**{name: _checked(path, name, value) for name, value in table.items()})


def _checked(path: Path, name: str, value: Any) -> Any:
    if name in _LIMITS:
        low, high = _LIMITS[name]
        wants_int = name != "desired_retention"
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or (wants_int and not isinstance(value, int)) or not low <= value <= high:
            kind = "a whole number" if wants_int else "a number"
            raise UserError(f"{path}: {name} must be {kind} from {low:g} to {high:g}, not {value!r}")
    elif name in ("theme", "sync_url"):
        if not isinstance(value, str):
            raise UserError(f"{path}: {name} must be text, not {value!r}")
    elif not isinstance(value, dict) or not all(isinstance(keys, str) for keys in value.values()):
        raise UserError(f'{path}: [keys] holds lines such as "study.good" = "3,space"')
    return value


def _near(name: str, known: set[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, 1)
    return f'; did you mean "{close[0]}"?' if close else f"; settings are {', '.join(sorted(known))}"
