"""A stream or package, read record by record from a descriptor."""

from __future__ import annotations

import os
import struct
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_package import LIST, PACKAGE, named, one, package
from made_stream import OBJECT
from zfstune.streams.package import Package
from zfstune.streams.unwrap import Unwrapped
from zfstune.values.errors import Damaged, EngineError, InvalidValue, ZfstuneError
from zfstune.values.fletcher4 import fletcher4
from zfstune.values.stream_record import RECORD_BYTES, end_record

if TYPE_CHECKING:
    from collections.abc import Iterator


def read(data: bytes) -> tuple[Package | None, list[int]]:
    """Read all of a stream; give its package, and the guids of what is in it."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        came = Unwrapped(file.fileno(), "back/b")
        guids = []
        while came.header is not None:
            guids.append(came.header.toguid)
            assert len(came.record) == RECORD_BYTES
            came.pass_over(came.header)
            came.advance()
        return came.package, guids


@pytest.mark.parametrize("order", ["<", ">"])
def test_one_stream(order: str) -> None:
    """It is read to its end, in either byte order."""
    assert read(named(one(7, order=order))) == (None, [7])


def test_packages() -> None:
    """The list is read, and then each stream; a package of -I has no list."""
    assert read(package(one(1), one(2))) == (PACKAGE, [1, 2])
    assert read(package(one(1), values=b"")) == (Package("tank/a@2"), [1])
    assert read(package()) == (PACKAGE, [])


def test_a_package_of_a_big_endian_machine() -> None:
    """Its records have the other byte order, its list the same."""
    fields = (0, len(LIST), 0x2F5BACBAC, 2, 0, 0, 0, 0, 0, b"tank/a@2")
    begun = struct.pack(">IIQQQIIQQ256s", *fields) + LIST
    sums = fletcher4(begun, big_endian=True)
    end = struct.pack(">II4Q", 5, 0, *sums).ljust(RECORD_BYTES, b"\0")
    final = struct.pack(">I", 5).ljust(RECORD_BYTES, b"\0")
    assert read(begun + end + one(3, order=">") + final) == (PACKAGE, [3])
    with pytest.raises(InvalidValue, match="no end follows"):
        read(begun + end_record(fletcher4(begun)) + final)


def bad() -> Iterator[tuple[bytes, type[ZfstuneError], str]]:
    """Give false streams, and the error that each of them is."""
    whole = package(one(1))
    yield b"", InvalidValue, "it is empty"
    yield b"a text" * 100, InvalidValue, "no stream of `zfs send`"
    yield whole[:100], InvalidValue, "no stream of `zfs send`"
    yield b"\x1f\x8b" + bytes(400), InvalidValue, "packed by gzip"
    yield b"\x28\xb5\x2f\xfd" + bytes(400), InvalidValue, "packed by zstd"
    yield one(1), InvalidValue, "its name cannot be right"
    for cut in (RECORD_BYTES, RECORD_BYTES + 9, len(whole) - 1, len(whole) - 700):
        yield whole[:cut], EngineError, "ended early"
    wrong = bytearray(whole)
    wrong[RECORD_BYTES + len(LIST) + 8] ^= 1
    yield bytes(wrong), Damaged, "another checksum"
    no_end = bytearray(whole)
    no_end[RECORD_BYTES + len(LIST)] = 3
    yield bytes(no_end), InvalidValue, "no end follows"
    long = bytearray(whole)
    struct.pack_into("<I", long, 4, (64 << 20) + 1)
    yield bytes(long), InvalidValue, "too long"
    yield package(b"x" * 400), InvalidValue, "what is no stream"
    yield package(package()), InvalidValue, "another one"
    yield package(values=b"no list."), InvalidValue, "not packed as XDR"
    inner = bytearray(one(1))
    struct.pack_into("<I", inner, 4, (64 << 20) + 1)
    yield package(bytes(inner)), InvalidValue, "false length"
    kind = bytearray(one(1))
    struct.pack_into("<I", kind, RECORD_BYTES, 99)
    yield package(bytes(kind)), InvalidValue, "no known type"


@pytest.mark.parametrize(("data", "error", "reason"), list(bad()))
def test_false_streams(data: bytes, error: type[ZfstuneError], reason: str) -> None:
    """Each is refused with the reason, and before anything is received."""
    with pytest.raises(error, match=reason):
        read(data)


@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=5))
def test_changed_packages(changes: list[tuple[int, int]]) -> None:
    """A package with some bytes changed is read or refused, without another error."""
    data = bytearray(package(one(1), one(2)))
    for place, byte in changes:
        data[place % len(data)] = byte
    with suppress(ZfstuneError):
        read(bytes(data))


def test_nothing_is_read_beyond_a_header() -> None:
    """The kernel goes on behind the first record of each stream."""
    data = package(one(1))
    out, into = os.pipe()
    os.write(into, data)
    came = Unwrapped(out, "back/b")
    assert os.read(out, 8) == struct.pack("<II", OBJECT, 0)
    assert came.header is not None
    os.close(out)
    os.close(into)
