"""The checksum of streams: fletcher-4, four sums of the words of 32 bits."""

from __future__ import annotations

import struct
from itertools import accumulate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["fletcher4"]

_MASK = (1 << 64) - 1
_WORD_BYTES = 4
_SUMS = 4


def fletcher4(data: bytes, *, big_endian: bool = False) -> tuple[int, int, int, int]:
    """Compute the checksum of some bytes.

    The second sum adds up all values of the first one, the third those of the second, and
    so on (fletcher_4_scalar() in module/zcommon/zfs_fletcher.c). An incomplete last word
    does not count, as in fletcher_4_native().
    """
    whole = memoryview(data)[: len(data) // _WORD_BYTES * _WORD_BYTES]
    form = ">I" if big_endian else "<I"

    def total(depth: int) -> int:
        words: Iterator[int] = (word for (word,) in struct.iter_unpack(form, whole))
        for _ in range(depth):
            words = accumulate(words)
        return sum(words) & _MASK

    first, second, third, fourth = map(total, range(_SUMS))
    return first, second, third, fourth
