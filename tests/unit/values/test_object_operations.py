"""The form of operations on bare objects, which native/image_exercise.c reads."""

from __future__ import annotations

import struct

from zfstune.values.object_operations import make_object, read_bytes, write_bytes


def test_their_form() -> None:
    """Four numbers of 64 bits: kind, object, offset, bytes; behind a write its data."""
    assert make_object(7, 8192) == struct.pack("<4Q", 0, 7, 0, 8192)
    assert write_bytes(7, 4096, b"data") == struct.pack("<4Q", 1, 7, 4096, 4) + b"data"
    assert read_bytes(7, 1 << 40, 512) == struct.pack("<4Q", 2, 7, 1 << 40, 512)
