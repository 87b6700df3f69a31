"""Operations on bare objects of a filesystem, in the form in which an engine takes them.

``native/image_exercise.c`` reads this form: four numbers of 64 bits, little-endian, and
behind those of a write its data.
"""

from __future__ import annotations

import struct

__all__ = ["make_object", "read_bytes", "write_bytes"]

_HEAD = struct.Struct("<4Q")
_MAKE, _WRITE, _READ = range(3)


def make_object(number: int, block_bytes: int) -> bytes:
    """Make an object, as that of a file, with blocks of this size.

    Args:
        number: A number that no object has.
        block_bytes: A power of two; else the object has one block, of this size.
    """
    return _HEAD.pack(_MAKE, number, 0, block_bytes)


def write_bytes(number: int, offset: int, data: bytes) -> bytes:
    """Write data into an object that was made so, in a transaction of its own."""
    return _HEAD.pack(_WRITE, number, offset, len(data)) + data


def read_bytes(number: int, offset: int, size: int) -> bytes:
    """Read from such an object, and look at nothing of it."""
    return _HEAD.pack(_READ, number, offset, size)
