"""Packages of streams that are made up."""

from __future__ import annotations

from made_stream import FREE, FREEOBJECTS, WRITE, MadeStream
from zfstune.streams.package import Package, PackedDataset, package_values
from zfstune.streams.packed_list import pack
from zfstune.values.stream_record import RECORD_BYTES, end_record, package_record

PACKAGE = Package(
    "tank/a@2", "1", tree=True, datasets=(PackedDataset("tank/a", 5, {"2": 2}),)
)
LIST = pack(package_values(PACKAGE))
END = end_record()


def one(guid: int, *, order: str = "<") -> bytes:
    """Make the stream of one snapshot with some records."""
    made = MadeStream(guid=guid, order=order)
    made.object(1, b"bonus")
    made.record(WRITE, "QI4xQQ", 1, 19, 0, 512, payload=bytes(512))
    made.record(FREE, "QQQ", 1, 512, (1 << 64) - 1)
    made.record(FREEOBJECTS, "QQ", 2, 10)
    made.record(5, "")
    return bytes(made.data)


def package(*streams: bytes, values: bytes = LIST, end: bytes = END) -> bytes:
    """Make a package."""
    return b"".join((package_record("tank/a@2", values), *streams, end))


def named(stream: bytes, name: bytes = b"tank/a@2") -> bytes:
    """Put the name of a snapshot into the first record, which MadeStream leaves empty."""
    return stream[:56] + name.ljust(256, b"\0") + stream[RECORD_BYTES:]
