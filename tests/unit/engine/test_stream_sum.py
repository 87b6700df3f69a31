"""The checksum of a stream that is made here."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from zfstune.engine.stream_sum import StreamSum

MASK = (1 << 64) - 1


@given(st.lists(st.binary(max_size=64).map(lambda data: data[: len(data) // 4 * 4])))
def test_it_is_fletcher_4(pieces: list[bytes]) -> None:
    """Of all bytes so far, however they are cut, and with carries dropped."""
    made = StreamSum()
    a = b = c = d = 0
    for piece in (*pieces, b"\xff" * 4096):
        made.add(piece)
        for (word,) in struct.iter_unpack("<I", piece):
            a = (a + word) & MASK
            b = (b + a) & MASK
            c = (c + b) & MASK
            d = (d + c) & MASK
        assert made.value == struct.pack("<4Q", a, b, c, d)
