"""The kind of dataset that a stream is of."""

from __future__ import annotations

import struct

from zfstune.engine.stream_kind import HEADER_BYTES, stream_kind


def test_kinds() -> None:
    """The first record tells it; other bytes tell nothing."""
    for kind, name in ((2, "filesystem"), (3, "volume"), (9, "")):
        record = struct.pack("<IIQQQIIQQ", 0, 0, 0x2F5BACBAC, 1 | 4 << 2, 5, kind, 0, 7, 0)
        first = record.ljust(HEADER_BYTES, b"\0")
        assert stream_kind(first) == name
        assert stream_kind(first + b"more") == name
        assert stream_kind(first[:-1]) == ""
    assert stream_kind(b"") == ""
