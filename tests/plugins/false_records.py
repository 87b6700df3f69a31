"""Records that no sender writes, each in a stream that is sound otherwise."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from made_stream import (
    ATTRIBUTES,
    EMBEDDED,
    FILE,
    LARGE_BLOCKS,
    SA,
    SPILL,
    WRITE,
    MadeStream,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

__all__ = [
    "CASES",
    "FEATURES",
    "GZIP_1",
    "LZ4",
    "NUMBER",
    "false_stream",
    "older_stream",
    "packed",
    "receive_kept",
    "spilled",
]

LZ4, ZSTD, OFF = 15, 16, 2
FEATURES = LARGE_BLOCKS | 1 << 17 | 1 << 22  # LZ4, and blocks as they lie on disk
NUMBER = 128
GZIP_1 = 5
ZNODE = 17


def packed(
    made: MadeStream, length: int, stored: int, *, compression: int = LZ4, offset: int = 0
) -> None:
    """Add a block as it lies on disk."""
    fields = (NUMBER, FILE, 0, offset, length, 0, 0, 0, compression, bytes(40), stored)
    payload = bytes(min(stored, 1 << 20))
    made.record(WRITE, "QIIQQQBBB5x40sQ", *fields, payload=payload)


def embedded(made: MadeStream, *, number: int = NUMBER, stored: int = 96) -> None:
    """Add a block that a pointer holds."""
    fields = (number, 0, 4096, 0, GZIP_1, 0, 4096, stored)
    made.record(EMBEDDED, "QQQQBB6xII", *fields, payload=bytes(min(stored, 96)))


def spilled(
    made: MadeStream,
    length: int,
    stored: int = 0,
    *,
    content: bytes = ATTRIBUTES,
    kind: int = SA,
) -> None:
    """Add attributes outside of the object, of a length and of another one on disk."""
    fields = (NUMBER, length, 0, 0, 0, stored, bytes(36), kind)
    made.record(
        SPILL,
        "QQQBB6xQ36sI",
        *fields,
        payload=content.ljust(stored or length, b"\0")[: stored or length],
    )


def odd(made: MadeStream) -> None:
    """Give an object of one block a second one."""
    made.object(NUMBER + 1, ATTRIBUTES, block=1536)
    made.write(NUMBER + 1, 1536, bytes(1536))


def twice(made: MadeStream) -> None:
    """Give an object the same block again."""
    packed(made, 4096, 512)
    packed(made, 4096, 512)


CASES: dict[str, Callable[[MadeStream], object]] = {
    "shorter than a block": lambda m: m.write(NUMBER, 0, bytes(512)),
    "no whole sectors": lambda m: packed(m, 4096, 712),
    "longer than the block": lambda m: packed(m, 4096, 8192),
    "of no bytes": lambda m: packed(m, 4096, 0),
    "packed by nothing": lambda m: packed(m, 4096, 512, compression=OFF),
    "packed by an unknown method": lambda m: packed(m, 4096, 512, compression=99),
    "packed by zstd unannounced": lambda m: packed(m, 4096, 512, compression=ZSTD),
    "larger than any block": lambda m: packed(m, 1 << 40, 1 << 40),
    "twice": twice,
    "between two blocks": lambda m: packed(m, 4096, 512, offset=512),
    "behind the end of all files": lambda m: packed(m, 4096, 512, offset=1 << 63),
    "a second block of odd size": odd,
    "of no object": lambda m: m.write(NUMBER + 7, 0, bytes(4096)),
    "embedded in no object": lambda m: embedded(m, number=NUMBER + 7),
    "embedded with too much": lambda m: embedded(m, stored=1 << 20),
    "an object without its bonus": lambda m: m.object(NUMBER + 1, bonus_type=ZNODE),
    "an object with a bonus of no type": lambda m: m.object(
        NUMBER + 1, ATTRIBUTES, bonus_type=0
    ),
    "a bonus without room": lambda m: m.object(NUMBER + 1, bytes(400)),
    "a bonus of megabytes": lambda m: m.object(NUMBER + 1, bytes(4 << 20)),
    "object 0": lambda m: m.object(0, ATTRIBUTES),
    "an object of 300 bytes a block": lambda m: m.object(NUMBER + 1, ATTRIBUTES, block=300),
    "many slots unannounced": lambda m: m.object(NUMBER + 1, ATTRIBUTES, slots=4),
    "attributes of 100 bytes": lambda m: spilled(m, 100),
    "attributes with two lengths": lambda m: spilled(m, 512, 4096),
    "attributes of zeros": lambda m: spilled(m, 512, content=b""),
    "attributes that are none": lambda m: m.object(NUMBER + 1, b"bonus123"),
    "attributes of a few bytes": lambda m: m.object(NUMBER + 1, ATTRIBUTES[:4]),
    "attributes within their header": lambda m: m.object(
        NUMBER + 1, ATTRIBUTES[:5] + b"\xff" + ATTRIBUTES[6:]
    ),
    "attributes without a header": lambda m: m.object(
        NUMBER + 1, ATTRIBUTES[:4] + bytes(2) + ATTRIBUTES[6:]
    ),
    "attributes outside that are none": lambda m: spilled(m, 512, content=b"x"),
    "attributes outside of no known type": lambda m: spilled(m, 512, kind=0x02000000),
    "a block of no known type": lambda m: m.write(NUMBER, 0, bytes(4096), kind=54),
    "an object twice": lambda m: m.object(NUMBER, ATTRIBUTES),
    "an object out of order": lambda m: m.object(NUMBER - 1, ATTRIBUTES),
    "an object that goes at once": lambda m: m.free_objects(1, 1 << 40),
    "an object packed by an unknown method": lambda m: m.object(
        NUMBER + 1, ATTRIBUTES, packed=16
    ),
    "an object of no known type": lambda m: m.object(NUMBER + 1, kind=1 << 9 | 0x80),
    "a hole in object 0": lambda m: m.free(0, 0, 4096),
}


def receive_kept(engine: Engine, name: str, made: MadeStream) -> None:
    """Receive a stream, and keep the part that has come where it breaks off."""
    with TemporaryFile() as file:
        file.write(made.end())
        file.seek(0)
        engine.receive(f"{name}@1", file.fileno(), resumable=True)


def older_stream(*, order: str = "<") -> MadeStream:
    """Write a stream as OpenZFS 0.8 and earlier do: a block of objects, then their data.

    See do_dump() in module/zfs/dmu_send.c of those releases, for DMU_OT_DNODE.
    """
    made = MadeStream(features=FEATURES, order=order)
    numbers = range(NUMBER, NUMBER + 32)
    for number in numbers:
        made.object(number, ATTRIBUTES, spills=number == NUMBER)
    for number in numbers:
        made.write(number, 0, bytes([number]) * 4096)
        made.write(number, 4096, bytes([number]) * 4096)
        if number == NUMBER:
            made.spill(number, ATTRIBUTES.ljust(512, b"s"))
    return made


def false_stream(case: str, *, order: str = "<") -> MadeStream:
    """Begin a stream with an object, and add what the case is about, and a block."""
    made = MadeStream(features=FEATURES, order=order)
    made.object(NUMBER, ATTRIBUTES)
    CASES[case](made)
    made.write(NUMBER, 1 << 20, bytes(4096))
    return made
