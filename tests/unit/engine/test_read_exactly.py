"""A part of a stream, read from a descriptor."""

from __future__ import annotations

import os

from zfstune.engine.read_exactly import read_exactly


def test_bytes_that_come_in_pieces() -> None:
    """They are read whole from a pipe, and not one beyond them."""
    out, into = os.pipe()
    os.write(into, b"first")
    os.write(into, b"second and more")
    assert read_exactly(out, 11) == b"firstsecond"
    assert read_exactly(out, 9) == b" and more"
    os.write(into, b"short")
    os.close(into)
    assert read_exactly(out, 10) == b"short"
    assert read_exactly(out, 10) == b""
    os.close(out)
