"""The records of a stream: what the first one says, and how long the others are."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_stream import (
    BYREF,
    EMBEDDED,
    FREE,
    FREEOBJECTS,
    OBJECT,
    RANGE,
    REDACT,
    SPILL,
    WRITE,
    MadeStream,
)
from zfstune.values.errors import InvalidValue
from zfstune.values.fletcher4 import fletcher4
from zfstune.values.stream_record import (
    END,
    RECORD_BYTES,
    StreamHeader,
    end_record,
    package_record,
    parse_header,
    parse_record,
)

MAGIC = 0x2F5BACBAC
HIGH = (1 << 64) - 1
CLONE, RAW, RESUMING = 1, 1 << 24, 1 << 20


def header(
    fromguid: int = 0, *, order: str = "<", name: bytes = b"tank/a@x\0", **wrong: int
) -> bytes:
    """Write a header as a sender of that byte order does."""
    fields = {"type": 0, "payload": 0, "magic": MAGIC, "version": 1 | 4 << 2}
    fields |= {"creation": 5, "kind": 2, "flags": 0, **wrong}
    packed = struct.pack(f"{order}IIQQQIIQQ", *fields.values(), 77, fromguid)
    return (packed + name).ljust(RECORD_BYTES, b"\0")


@pytest.mark.parametrize("order", ["<", ">"])
def test_headers(order: str) -> None:
    """All fields are read in the byte order of the sender."""
    big = order == ">"
    plain = StreamHeader(77, 10, "filesystem", "tank/a@x", big_endian=big)
    assert parse_header(header(10, order=order)) == plain
    volume = StreamHeader(77, HIGH, "volume", "tank/a@x", big_endian=big)
    assert parse_header(header(HIGH, order=order, kind=3)) == volume
    version = 1 | (1 | RAW | RESUMING) << 2
    more = parse_header(header(order=order, version=version, flags=5, payload=800))
    assert more == StreamHeader(
        77,
        0,
        "filesystem",
        "tank/a@x",
        clone=True,
        raw=True,
        rest=True,
        deduplicated=True,
        payload_bytes=800,
        big_endian=big,
    )


def test_a_package() -> None:
    """It has no guid and no kind, whatever is written there."""
    assert parse_header(header(10, version=2, kind=9, flags=1, payload=4)) == StreamHeader(
        0, 0, "", "tank/a@x", package=True, payload_bytes=4
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        header()[:-1],
        header() + b"\0",
        bytes(RECORD_BYTES),
        header(magic=MAGIC + 1),
        header(type=1),
        header(version=3),
        header(version=0),
        header(kind=1),
        header(kind=4),
        header(name=b"a" * 256),
        b"no stream" * 40,
    ],
)
def test_what_is_no_header(data: bytes) -> None:
    """Other bytes and other records are no headers."""
    assert parse_header(data) is None


@given(
    st.binary(max_size=400)
    | st.binary(min_size=300, max_size=300).map(lambda b: header()[:12] + b)
)
def test_any_bytes(data: bytes) -> None:
    """Any bytes are parsed or refused, without another error."""
    parsed = parse_header(data)
    assert parsed is None or len(data) == RECORD_BYTES


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("kind", "fields", "length"),
    [
        (OBJECT, {28: ("I", 13)}, 16),
        (OBJECT, {28: ("I", 13), 36: ("I", 500)}, 500),
        (WRITE, {32: ("Q", 4096)}, 4096),
        (WRITE, {32: ("Q", 4096), 50: ("B", 15), 96: ("Q", 512)}, 512),
        (SPILL, {16: ("Q", 512)}, 512),
        (SPILL, {16: ("Q", 512), 40: ("Q", 100)}, 100),
        (EMBEDDED, {52: ("I", 9)}, 16),
        (FREE, {16: ("Q", HIGH), 32: ("Q", HIGH)}, 0),
        (FREEOBJECTS, {32: ("Q", HIGH)}, 0),
        (RANGE, {16: ("Q", 32)}, 0),
        (REDACT, {}, 0),
        (BYREF, {}, 0),
        (END, {8: ("Q", HIGH)}, 0),
    ],
)
def test_lengths(
    order: str, kind: int, fields: dict[int, tuple[str, int]], length: int
) -> None:
    """What follows a record is as long as zfs receive takes it for (recv_skip())."""
    record = bytearray(RECORD_BYTES)
    struct.pack_into(f"{order}I", record, 0, kind)
    for place, (form, value) in fields.items():
        struct.pack_into(order + form, record, place, value)
    assert parse_record(bytes(record), big_endian=order == ">") == (kind, length)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [(WRITE, {32: (16 << 20) + 8}), (SPILL, {16: HIGH}), (0, {}), (11, {}), (1 << 31, {})],
)
def test_what_is_no_record(kind: int, fields: dict[int, int]) -> None:
    """A type that nobody knows, or a length beyond any block, is refused."""
    record = bytearray(RECORD_BYTES)
    struct.pack_into("<I", record, 0, kind)
    for place, value in fields.items():
        struct.pack_into("<Q", record, place, value)
    with pytest.raises(InvalidValue, match="a record"):
        parse_record(bytes(record), big_endian=False)


def test_the_records_of_a_package() -> None:
    """The first one is read back, and the end has the checksum of all before it."""
    data = package_record("tank/a@x", b"list")
    begun, end = data[: RECORD_BYTES + 4], data[RECORD_BYTES + 4 :]
    assert parse_header(begun[:RECORD_BYTES]) == StreamHeader(
        0, 0, "", "tank/a@x", package=True, payload_bytes=4
    )
    assert begun[RECORD_BYTES:] == b"list"
    assert end == end_record(fletcher4(begun))
    assert parse_record(end, big_endian=False) == (END, 0)
    # As MadeStream has it, which computes the checksum on its own.
    made = MadeStream(header=2, features=0, kind=0, guid=0, payload=b"list")
    assert bytes(made.data[:8]) == begun[:8]
    assert made.data[16:24] == begun[16:24]
