"""The first record of a stream: parsed, and read from a descriptor."""

from __future__ import annotations

import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.engine._stream_header import (
    HEADER_BYTES,
    StreamHeader,
    parse_header,
    read_header,
)

MAGIC = 0x2F5BACBAC


def header(fromguid: int = 0, *, order: str = "<", **wrong: int) -> bytes:
    """Write a header as a sender of that byte order does."""
    fields = {"type": 0, "payload": 0, "magic": MAGIC, "version": 1 | 4 << 2}
    fields |= {"creation": 5, "kind": 2, **wrong}
    packed = struct.pack(f"{order}IIQQQIIQQ", *fields.values(), 0, 77, fromguid)
    return packed.ljust(HEADER_BYTES, b"\0")


@pytest.mark.parametrize("order", ["<", ">"])
def test_headers(order: str) -> None:
    """Guids and kind are read in the byte order of the sender."""
    assert parse_header(header(10, order=order)) == StreamHeader(77, 10, "filesystem")
    assert parse_header(header(order=order, kind=3)) == StreamHeader(77, 0, "volume")
    high = (1 << 64) - 1
    assert parse_header(header(high, order=order)) == StreamHeader(77, high, "filesystem")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        header()[:-1],
        header() + b"\0",
        bytes(HEADER_BYTES),
        header(magic=MAGIC + 1),
        header(type=1),
        header(version=2),
        header(version=0),
        header(kind=1),
        header(kind=4),
        b"no stream" * 40,
    ],
)
def test_what_is_no_header(data: bytes) -> None:
    """Other bytes, other records and packages of streams are no headers."""
    assert parse_header(data) is None


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are parsed or refused, without another error."""
    parsed = parse_header(data)
    assert parsed is None or len(data) == HEADER_BYTES


def test_a_header_that_comes_in_pieces() -> None:
    """A header is read whole from a pipe, and not a byte beyond it."""
    out, into = os.pipe()
    whole = header(10)
    os.write(into, whole[:5])
    os.write(into, whole[5:] + b"rest")
    assert read_header(out) == whole
    assert os.read(out, 10) == b"rest"
    os.write(into, b"short")
    os.close(into)
    assert read_header(out) == b"short"
    assert read_header(out) == b""
    os.close(out)
