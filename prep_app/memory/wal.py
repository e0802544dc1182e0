"""The write-ahead log that a crash leaves beside the journal: whether all of it can be read.

SQLite takes the first frame that does not add up for a write that was cut off, and drops all that follows without a
word. That is right for what was being written when the crash came. A bit that flipped in a finished transaction looks
the same to it, and would take acknowledged reviews along.

Format: https://www.sqlite.org/fileformat.html#the_write_ahead_log
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from pathlib import Path

_HEADER, _FRAME = 32, 24  # bytes: the log's header, and the one before each page
_MAGIC, _VERSION = 0x377F0682, 3_007_000  # of a log whose checksums are little-endian
_SOUND, _UNSOUND, _OLDER = range(3)


def wal_of(database: Path) -> Path:
    return database.with_name(database.name + "-wal")


def wal_damage(database: Path) -> str | None:
    """Return what is wrong with the write-ahead log of a database, or None."""
    wal = wal_of(database)
    for patience in (0.02, 0.02, 0.0):
        try:
            content = wal.read_bytes()
        except FileNotFoundError:
            return None
        if not drops_a_transaction(content):
            return None
        time.sleep(patience)  # another program may have begun the log anew while it was read
    return f"finished writes in {wal.name} cannot be read"


def drops_a_transaction(wal: bytes) -> bool:
    """Whether SQLite would drop a finished transaction.

    Frames are written one behind the other, each header before its page. When the log is begun anew, its first
    transaction is written over older frames, and the file is then cut to its length (journal_size_limit=0). So a write
    that was cut off leaves part of a frame at the end of the file, or one unsound frame that is the last of the first
    transaction or has older ones behind it. The last frame of such a log is the only one whose damage does not show.
    """
    if len(wal) <= _HEADER:
        return False
    if _checksum(wal[:24], _order(wal), (0, 0)) != struct.unpack_from(">II", wal, 24):
        return True
    states = list(_frames(wal))
    unsound = [place for place, (state, _) in enumerate(states) if state == _UNSOUND]
    if not unsound:
        return False
    finished = any(ends and state == _UNSOUND for state, ends in states)
    first = not any(ends for _, ends in states[: unsound[0]])
    cut_off = len(unsound) == 1 and (first or unsound[0] + 1 < len(states))
    return finished and not cut_off


def mended(wal: bytes, first_page: bytes) -> tuple[bytes, int]:
    """Return a log that SQLite reads all of, and how many frames of the old one are left out.

    It is made of the frames that can be told as this log's. What is in their pages is taken as it is, except for the
    database's first page, which is `first_page`.
    """
    size = _FRAME + len(first_page)
    frames = [wal[start : start + size] for start in range(_HEADER, len(wal) - size + 1, size)]
    salts = wal[16:24]
    if frames and not any(_kin(frame[8:16], salts) for frame in frames):
        salts = frames[0][8:16]  # it is the header that is damaged
    header = struct.pack(">4I8s", _MAGIC, _VERSION, len(first_page), 0, salts)
    sums = _checksum(header, "<", (0, 0))
    log = [header, struct.pack(">II", *sums)]
    own = [frame for frame in frames if _kin(frame[8:16], salts)]
    for frame in own:
        place, page = frame[:8], frame[_FRAME:]
        if place[:4] == b"\0\0\0\1":
            page = first_page
        sums = _checksum(place + page, "<", sums)
        log += [place, salts, struct.pack(">II", *sums), page]
    return b"".join(log), len(frames) - len(own)


def _kin(salts: bytes, others: bytes) -> bool:
    """A log that is begun anew gets two other salts; where only one differs, a bit has flipped."""
    return salts[:4] == others[:4] or salts[4:] == others[4:]


def _frames(wal: bytes) -> Iterator[tuple[int, bool]]:
    """Yield for each whole frame its state, and whether it ends a transaction."""
    size = _FRAME + int.from_bytes(wal[8:12], "big")
    order, salts = _order(wal), wal[16:24]
    sums, sound = struct.unpack_from(">II", wal, 24), True
    for start in range(_HEADER, len(wal) - size + 1, size):
        _, ends, own, *expected = struct.unpack_from(">II8sII", wal, start)
        if not _kin(own, salts):
            sound = False
            yield _OLDER, False
            continue
        if sound:
            body = wal[start : start + 8] + wal[start + _FRAME : start + size]
            sums = _checksum(body, order, sums)
            sound = sums == tuple(expected) and own == salts
        yield _SOUND if sound else _UNSOUND, ends != 0


def _order(wal: bytes) -> str:
    return ">" if wal[3] & 1 else "<"


def _checksum(content: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    words = struct.unpack(f"{order}{len(content) // 4}I", content)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second
