"""Damage done to one dataset of an image: its properties can no longer be read."""

from __future__ import annotations

import random
import string
from typing import TYPE_CHECKING

from zfstune.engine.image import ImageEngine
from zfstune.values.errors import ZfstuneError

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.engine.protocol import Engine

__all__ = ["damage_properties", "mark_properties"]

# How much of a value stands in one piece: ZAP_LEAF_ARRAY_BYTES, include/sys/zap_leaf.h
_PIECE_BYTES = 21
# So many long ones that the object has several leaves. Where one is damaged that has
# the hash of refquota or refreservation, the pool cannot be imported any more.
_VALUES = 24
# An import reads again what the last few transaction groups wrote, and refuses the
# pool where that is damaged: spa_load_verify() in module/zfs/spa.c.
_LATER_TXGS = 6


def mark_properties(engine: Engine, name: str) -> list[bytes]:
    """Store long values on a dataset; give them, for its blocks are known by them.

    They cannot be compressed, so they stand in the blocks as they are.
    """
    letters = string.ascii_letters + string.digits
    rng = random.SystemRandom()
    values = {
        f"org.zfstune.test:{number}": "".join(rng.choices(letters, k=4000))
        for number in range(_VALUES)
    }
    engine.set(name, values)
    pool = name.partition("/")[0]
    for number in range(_LATER_TXGS):
        engine.set(pool, {"org.zfstune.test:n": str(number)})
    return [value.encode() for value in values.values()]


def damage_properties(file: Path, name: str, values: list[bytes]) -> None:
    """Overwrite one leaf of a dataset's properties so that the pool can be opened still."""
    whole = file.read_bytes()
    for value in values:
        with file.open("r+b") as raw:
            for at in _places(whole, value):
                raw.seek(at)
                raw.write(bytes(_PIECE_BYTES))
        try:
            with ImageEngine(file) as engine:
                pool = name.partition("/")[0]
                if any(d.name == name and d.damaged for d in engine.datasets(pool)):
                    return
        except ZfstuneError:
            pass
        file.write_bytes(whole)
    message = "no leaf of the properties can be damaged alone"
    raise AssertionError(message)


def _places(data: bytes, value: bytes) -> list[int]:
    """Find the copies of a value among properties.

    In the pool's history, which has it too, it stands in one piece: left alone.
    """
    mark, longer = value[:_PIECE_BYTES], value[: 2 * _PIECE_BYTES]
    found = []
    at = data.find(mark)
    while at >= 0:
        if not data.startswith(longer, at):
            found.append(at)
        at = data.find(mark, at + 1)
    return found
