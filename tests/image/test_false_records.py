"""Streams with records that no sender writes: refused, and the image stays open."""

from __future__ import annotations

import io
import struct
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

import pytest

import zfstune
from false_records import (
    CASES,
    FEATURES,
    GZIP_1,
    LZ4,
    NUMBER,
    false_stream,
    older_stream,
    packed,
    receive_kept,
    spilled,
)
from made_stream import (
    ATTRIBUTES,
    EMBEDDED,
    FILE,
    OBJECT,
    OBJECT_SPILLS,
    RANGE,
    RECORD_BYTES,
    SA,
    MadeStream,
)
from zfstune.engine.image import create_image
from zfstune.streams.digest import digest
from zfstune.values.errors import RefusedValue
from zfstune.values.key import Key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.engine.image import ImageEngine

LARGE_DNODE = 1 << 23
OLD_BLOCK = 128 << 10  # the most where large blocks are not announced


@pytest.fixture(scope="module")
def back(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageEngine]:
    """Make an empty pool that all cases share: none of them ends its process."""
    folder = tmp_path_factory.mktemp("false")
    with create_image(folder / "x", size_bytes=128 << 20, pool="back") as engine:
        yield engine


@pytest.mark.parametrize("case", CASES)
def test_a_false_record(back: ImageEngine, case: str) -> None:
    """It is told; the part before it waits, and can be given up."""
    with pytest.raises(RefusedValue, match="a record that contradicts"):
        receive_kept(back, "back/b", false_stream(case))
    back.abort_receive("back/b")
    assert [dataset.name for dataset in back.datasets("back")] == ["back"]


@pytest.mark.parametrize("resumable", [False, True])
def test_the_first_record_is_false(back: ImageEngine, *, resumable: bool) -> None:
    """It is told as any other, and not as a stream that ended early."""
    made = MadeStream(features=FEATURES)
    made.write(NUMBER, 0, bytes(4096))
    with TemporaryFile() as file:
        file.write(made.end())
        file.seek(0)
        with pytest.raises(RefusedValue, match="a record that contradicts"):
            back.receive("back/first@1", file.fileno(), resumable=resumable)
    assert [dataset.name for dataset in back.datasets("back")] == ["back"]


@pytest.fixture(scope="module")
def secret(back: ImageEngine) -> bytes:
    """Give a raw stream of an encrypted dataset, with the keys that a target asks for."""
    options = {"encryption": "on", "keyformat": "passphrase", "pbkdf2iters": "100000"}
    back.create("back/secret", properties=options, key=Key("correct horse"))
    back.take_snapshots(["back/secret@1"])
    sink = io.BytesIO()
    zfstune.send("back/secret@1", sink, engine=back, raw=True)
    return sink.getvalue()


def raw_object(start: bytes, raw_bytes: int, *, bonus: int = 168, flags: int = 0) -> bytes:
    """Give a raw stream of one object, whose bonus area is so long.

    It has two slots and one pointer; without a bonus one slot, which three pointers fill.
    """
    begin = bytearray(start[:RECORD_BYTES])
    (header_bytes,) = struct.unpack_from("=I", begin, 4)
    (version,) = struct.unpack_from("=Q", begin, 16)
    struct.pack_into("=Q", begin, 16, version | LARGE_DNODE << 2)
    made = MadeStream(guid=struct.unpack_from("=Q", begin, 40)[0])
    made.begin_again(bytes(begin) + start[RECORD_BYTES : RECORD_BYTES + header_bytes])
    made.record(RANGE, "QQQ35sB", 0, 32, 0, bytes(range(1, 36)), 1)
    kind, slots = (SA, 2) if bonus else (0, 1)
    fields = (2, FILE, kind, 4096, bonus, 0, 0, slots, flags, raw_bytes, 0, 17, 1, 1, 0)
    made.record(OBJECT, "QIIIIBBBBIQBBB5xQ", *fields, payload=b"b" * raw_bytes)
    return made.end()


@pytest.mark.parametrize("raw_bytes", [640, 641, 642, 644])
def test_a_raw_bonus_of_no_whole_words(
    back: ImageEngine, secret: bytes, raw_bytes: int
) -> None:
    """Only one that senders write is taken; fletcher_4_native() asserts even lengths."""
    name = f"back/raw-{raw_bytes}"
    with TemporaryFile() as file:
        file.write(raw_object(secret, raw_bytes))
        file.seek(0)
        if raw_bytes % 8 == 0:
            back.receive(f"{name}@1", file.fileno(), raw=True)
            assert back.snapshots(name)
        else:
            with pytest.raises(RefusedValue, match="a record that contradicts"):
                back.receive(f"{name}@1", file.fileno(), raw=True)


def test_a_raw_bonus_without_room(back: ImageEngine, secret: bytes) -> None:
    """The pointers fill the dnode, and a bonus of 128K is said to follow them."""
    with TemporaryFile() as file:
        file.write(raw_object(secret, 1 << 17, bonus=0, flags=OBJECT_SPILLS))
        file.seek(0)
        with pytest.raises(RefusedValue, match="a record that contradicts"):
            back.receive("back/roomless@1", file.fileno(), raw=True)


def test_true_records(back: ImageEngine) -> None:
    """Blocks packed and plain, embedded, of one odd size, and attributes outside."""
    made = MadeStream(features=FEATURES | 1 << 16)
    made.object(NUMBER, ATTRIBUTES, spills=True)
    spilled(made, 512)
    packed(made, 4096, 512)
    made.write(NUMBER, 8192, bytes(4096))
    made.free(NUMBER, 12288, 4096)
    made.object(NUMBER + 1, ATTRIBUTES, block=1536)
    made.write(NUMBER + 1, 0, bytes(1536))
    made.object(NUMBER + 2, ATTRIBUTES)
    fields = (NUMBER + 2, 0, 4096, 0, GZIP_1, 0, 4096, 96)
    made.record(EMBEDDED, "QQQQBB6xII", *fields, payload=bytes(96))
    made.object(NUMBER + 3, bonus_type=0)
    receive_kept(back, "back/true", made)
    assert back.snapshots("back/true")


def test_the_order_of_older_senders(back: ImageEngine) -> None:
    """All objects of a block come before their data, in streams of 0.8 and earlier."""
    receive_kept(back, "back/older", older_stream())
    assert back.snapshots("back/older")


def cut_stream(block: int) -> MadeStream:
    """Begin a stream without large blocks; the last block of its object has that length."""
    made = MadeStream(features=0)
    made.object(NUMBER, ATTRIBUTES, block=OLD_BLOCK, spills=True)
    made.write(NUMBER, 0, b"a" * OLD_BLOCK)
    made.write(NUMBER, OLD_BLOCK, (b"b" * 76800).ljust(block, b"\0"))
    made.spill(NUMBER, ATTRIBUTES.ljust(512, b"s"))
    return made


def test_a_large_block_that_the_sender_cut(back: ImageEngine) -> None:
    """The last part of 128K and 75K is filled up, and the content is the same."""
    receive_kept(back, "back/cut", cut_stream(76800))
    receive_kept(back, "back/whole", cut_stream(OLD_BLOCK))
    cut, whole = (digest(back, f"back/{name}@1") for name in ("cut", "whole"))
    assert cut.value == whole.value
    made = cut_stream(76800)
    made.write(NUMBER, 2 * OLD_BLOCK, b"c" * OLD_BLOCK)
    with pytest.raises(RefusedValue, match="a record that contradicts"):
        receive_kept(back, "back/longer", made)


@pytest.mark.parametrize("place", [-40, -400, -800, -76800])
def test_a_stream_with_cut_blocks_is_damaged(
    back: ImageEngine, tmp_path: Path, place: int
) -> None:
    """A flipped bit in its data or checksums is found, though new ones are made."""
    data = bytearray(cut_stream(76800).end())
    data[place] ^= 1
    file = tmp_path / "stream"
    file.write_bytes(data)
    with file.open("rb") as stream, pytest.raises(RefusedValue, match="is damaged"):
        back.receive(f"back/damaged{place}@1", stream.fileno())


def test_any_packed_block(back: ImageEngine) -> None:
    """Each length on disk, and each method: taken or refused, and the image is open."""
    for compression in range(20):
        for stored in (0, 8, 512, 1024, 4096, 4608, 1 << 33):
            made = MadeStream(features=FEATURES)
            made.object(NUMBER, ATTRIBUTES)
            packed(made, 4096, stored, compression=compression)
            taken = 0 < stored <= 4096 and stored % 512 == 0
            taken = taken and compression in {3, *range(GZIP_1, LZ4 + 1)}
            name = f"back/{compression}-{stored}"
            if taken:
                receive_kept(back, name, made)
            elif compression:
                with pytest.raises(RefusedValue):
                    receive_kept(back, name, made)
    assert struct.calcsize("QIIQQQBBB5x40sQ") + 8 < 280  # before a record's checksum
