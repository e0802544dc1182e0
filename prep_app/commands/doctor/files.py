"""The learner's files: who may read them, whether they are whole, and how they stand to clock, copies and server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from prep_app.cache import discard_cache
from prep_app.commands.doctor.finding import Finding
from prep_app.errors import UserError
from prep_app.memory.backup import backups, newest_sound
from prep_app.memory.days import now
from prep_app.memory.journal_file import explained, file_damage
from prep_app.memory.restore import Restored, damage, restore
from prep_app.memory.store import Memory
from prep_app.paths import Home
from prep_app.settings import Settings

OTHERS = 0o077  # the bits of a mode that let others in
LEAST_FREE = 100 << 20  # bytes: a year's journal, ten backups and the cache have room in it
AHEAD = 5 * 60_000  # ms: what two machines' clocks may differ by


def around(home: Home) -> Iterator[Finding]:
    """The folder and its disk."""
    yield Finding("files", True, str(home.root))
    if os.name == "posix":
        yield privacy(home)
    free = shutil.disk_usage(home.root).free
    yield Finding("disk", free >= LEAST_FREE, f"{free >> 20:,} MiB free", f"make room on the disk of {home.root}")


def privacy(home: Home) -> Finding:
    """A closed folder keeps all in it closed; in an open one each file counts that tells of the learner."""
    if not lets_in(home.root):
        return Finding("privacy", True, "the folder is yours alone")
    kept = [home.journal, home.config, *backups(home.backups)]
    loose = [path.name for path in kept if path.exists() and lets_in(path)]
    if not loose:
        return Finding("privacy", True, "others may look into the folder, but not into the journal")
    return Finding("privacy", False, f"others may read {', '.join(loose)}", f"chmod -R go= {home.root}")


def lets_in(path: Path) -> bool:
    return bool(path.stat().st_mode & OTHERS)


def journal(home: Home, settings: Settings, *, rebuild: bool, put_back: bool) -> list[Finding]:
    """Look the journal over, put it back together if asked to, open it; and what it says of the clock."""
    try:
        found = damage(home)
        if found is not None and not put_back:
            return [Finding("journal", False, f"{home.journal}: {found}", restorable(home))]
        if rebuild:
            discard_cache(home.cache)
        done = "" if found is None else f"restored ({what_came_back(restore(home, now()))}), "
        memory = Memory.open(home, settings)
        reviews = memory.reviews()
        memory.close()
        newest = max((review.at for review in reviews), default=0)
        return [Finding("journal", True, f"{done}sound, {len(reviews)} reviews"), clock(newest)]
    except UserError as error:
        what, _, remedy = str(error).rpartition("; ")
        return [Finding("journal", False, what, remedy)]


def restorable(home: Home) -> str:
    sound = newest_sound(home.backups)
    then = "there is no sound backup" if sound is None else f"the newest sound backup is {sound}"
    return f"prep doctor --restore puts back what can be read of it and of its backups; {then}"


def what_came_back(done: Restored) -> str:
    parts = [f"{done.entries} entries came back"]
    if done.backup is not None:
        parts.append(f"{done.from_backup} from {done.backup.name}")
        parts.append(f"{done.from_journal} newer ones from the damaged file")
    if done.lost is None:
        parts.append("nothing tells how many more there were")
    else:
        parts.append(f"{done.lost} are lost" if done.lost else "none is lost")
    if done.aside is not None:
        parts.append(f"the damaged file is kept as {done.aside.name}")
    return "; ".join(parts)


def clock(newest: int) -> Finding:
    """Whether the newest review (UTC ms) is behind us."""
    here = f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
    if newest <= now() + AHEAD:
        return Finding("clock", True, here)
    later = f"{datetime.fromtimestamp(newest / 1000):%Y-%m-%d %H:%M}"
    advice = "set this machine's clock; if it was ahead then, the cards reviewed with it only come later"
    return Finding("clock", False, f"{here}, but the newest review is of {later}", advice)


def copies(home: Home) -> Finding:
    """The newest is what would be needed; the older ones only if it is damaged."""
    kept = backups(home.backups)
    if not kept:
        return Finding("backups", True, "none yet: one is made each day")
    with explained(kept[-1], "cannot be looked at", "remove it"):
        found = file_damage(kept[-1], live=False)
    said = f"{len(kept)} kept, the newest is {kept[-1].name}"
    return Finding("backups", found is None, f"{said}; {found}" if found else said, f"remove {kept[-1]}")


def sync(home: Home) -> Finding:
    from prep_app.interop.sync.cursor import sync_state

    try:
        state = sync_state(home)
    except UserError as error:
        what, _, remedy = str(error).rpartition("; ")
        return Finding("sync", False, what, remedy)
    if state is None:
        return Finding("sync", True, "never: prep sync --help says how")
    when = f"{datetime.fromtimestamp(state.last_sync / 1000):%Y-%m-%d %H:%M}"
    return Finding("sync", True, f"last on {when}, {state.unsent} entries since")
