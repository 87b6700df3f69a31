"""The checksum of streams, beside a sum that is as slow as it is plain."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from zfstune.values.fletcher4 import fletcher4

MASK = (1 << 64) - 1


@given(data=st.binary(max_size=200), big_endian=st.booleans())
@example(data=b"\xff" * 4096, big_endian=False)
def test_the_four_sums(*, data: bytes, big_endian: bool) -> None:
    """Each word adds to the first sum, and each sum to the next; a cut word counts not."""
    a = b = c = d = 0
    for place in range(0, len(data) // 4 * 4, 4):
        word = data[place : place + 4]
        a += int.from_bytes(word if big_endian else word[::-1], "big")
        b += a
        c += b
        d += c
    sums = fletcher4(data, big_endian=big_endian)
    assert sums == (a & MASK, b & MASK, c & MASK, d & MASK)
