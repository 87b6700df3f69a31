"""Streams of volumes: what is written to one is read back, and nothing else is read."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_stream import MadeStream
from zfstune.clones.volume_stream import VolumeShape, read_blocks, volume_records
from zfstune.engine.stream_content import ContentReader
from zfstune.engine.stream_sum import StreamSum
from zfstune.values.errors import Damaged, InvalidValue, NotSupported

BLOCK = 4096
SHAPE = VolumeShape(16 * BLOCK, BLOCK, 0x1234567890ABCDEF, 1_700_000_000, "tank/v@golden")


def stream(blocks: dict[int, bytes], shape: VolumeShape = SHAPE) -> bytes:
    """Give a stream of blocks by number."""
    listed = [(number * BLOCK, data * BLOCK) for number, data in sorted(blocks.items())]
    return b"".join(volume_records(shape, listed, StreamSum()))


def read(data: bytes) -> list[tuple[int, bytes]]:
    """Read a stream back."""
    return list(read_blocks(io.BytesIO(data).read, "tank/v@golden"))


def check(data: bytes) -> None:
    """Let C read a stream, with all of its checksums."""
    reader = ContentReader("x")
    reader.feed(data)
    reader.end()


@given(st.dictionaries(st.integers(0, 15), st.binary(min_size=1, max_size=1)))
def test_blocks_are_read_as_they_were_written(blocks: dict[int, bytes]) -> None:
    """At their place, in order; and the reader in C finds all checksums right."""
    data = stream(blocks)
    expected = [(n * BLOCK, data * BLOCK) for n, data in sorted(blocks.items())]
    assert read(data) == expected
    check(data)


@given(st.data())
def test_a_changed_byte_breaks_a_checksum(data: st.DataObject) -> None:
    """Wherever it is: so no stream that a pipe has mangled is received."""
    whole = bytearray(stream({1: b"a"}))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((Damaged, InvalidValue, NotSupported)):
        check(bytes(whole))


def test_large_blocks_are_announced() -> None:
    """A receiver refuses them without the feature; smaller ones need none."""
    for block, feature in ((128 << 10, 0), (256 << 10, 1 << 19)):
        shape = VolumeShape(block, block, 1, 0, "v")
        first = next(iter(volume_records(shape, [], StreamSum())))
        assert struct.unpack_from("<Q", first, 16)[0] >> 2 == feature


@given(st.integers(0, len(stream({1: b"a"})) - 1))
def test_a_cut_stream_is_seen(length: int) -> None:
    """At any byte, no more is read than was there."""
    with pytest.raises(InvalidValue, match=r"ends too early|no stream of a volume"):
        read(stream({1: b"a"})[:length])


def test_other_streams_are_refused() -> None:
    """Of a filesystem, of compressed blocks, of records that hold no plain data."""
    with pytest.raises(InvalidValue, match="no stream of a volume"):
        read(MadeStream(kind=2).end())
    made = MadeStream(kind=3)
    fields = (1, 23, 0, 0, 4096, 1, 0, 0, 15)
    made.record(3, "QIIQQQBBB", *fields)
    with pytest.raises(InvalidValue, match="compressed or too large"):
        read(made.end())
    made = MadeStream(kind=3)
    made.write(1, 0, b"", kind=23)
    huge = bytearray(made.end())
    struct.pack_into("<Q", huge, 312 + 32, 1 << 40)
    with pytest.raises(InvalidValue, match="compressed or too large"):
        read(bytes(huge))
    made = MadeStream(kind=3)
    made.spill(1, b"x" * 512)
    with pytest.raises(InvalidValue, match="a record of kind 7"):
        read(made.end())


def test_a_big_endian_stream_is_read() -> None:
    """A volume that was sent on such a machine."""
    made = MadeStream(kind=3, order=">")
    made.object(1, b"x" * 12, kind=23, bonus_type=0)
    made.write(1, 8192, b"y" * 4096, kind=23)
    made.free(1, 0, 8192)
    made.write(2, 0, b"z" * 512, kind=24)
    assert read(made.end()) == [(8192, b"y" * 4096)]
