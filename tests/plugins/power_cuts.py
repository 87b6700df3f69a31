"""Power cuts of an image's disk, made from a record of its writes and flushes.

A disk with a volatile cache keeps what was written before its last flush, and of what was
written since any part, in sectors. So a record of one run gives as many disks after a cut
as there are moments and choices, each without another run. A mark is noted once a call
has returned: what that call did must have survived.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

__all__ = ["Note", "cut", "mark", "notes"]

_HEAD = struct.Struct("<QQQ")
_SECTOR = 4096


@dataclass(frozen=True)
class Note:
    """One thing of the record: a write (W), a flush (F), or a mark (M)."""

    letter: str
    offset: int
    data: bytes


def mark(record: Path, text: str) -> None:
    """Note that a call has returned."""
    data = text.encode()
    with record.open("ab", buffering=0) as file:
        file.write(_HEAD.pack(ord("M"), 0, len(data)) + data)


def notes(record: Path) -> list[Note]:
    """Read a record."""
    data, found, place = record.read_bytes(), [], 0
    while place < len(data):
        letter, offset, length = _HEAD.unpack_from(data, place)
        place += _HEAD.size
        found.append(Note(chr(letter), offset, data[place : place + length]))
        place += length
    return found


def cut(disk: Path, record: list[Note], moment: int, random: Random) -> list[str]:
    """Bring a disk to what it may hold after a cut; give the marks before the cut.

    Args:
        disk: A copy of the disk as it was before the record.
        record: All of it.
        moment: How many notes come before the cut.
        random: Chooses which of the sectors survive that no flush followed.
    """
    before = record[:moment]
    flushed = max((n for n, note in enumerate(before) if note.letter == "F"), default=0)
    share = random.random()
    with disk.open("r+b", buffering=0) as file:
        for number, note in enumerate(before):
            if note.letter != "W":
                continue
            for start in range(0, len(note.data), _SECTOR):
                if number < flushed or random.random() < share:
                    file.seek(note.offset + start)
                    file.write(note.data[start : start + _SECTOR])
    return [note.data.decode() for note in before if note.letter == "M"]
