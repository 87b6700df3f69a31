"""Inputs that the fuzzers of the decoders begin with: sound ones, and past findings."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from false_records import CASES, false_stream
from made_stream import MAGIC, RECORD_BYTES, MadeStream, raw_stream
from zfstune.engine import _nvlist
from zfstune.engine._binding import Binding

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.engine._nvlist import Value

__all__ = ["DECODERS", "write_seeds"]

DECODERS = ("flat", "packed", "stream", "records")
VALUES: dict[str, Value] = {
    "none": None,
    "flag": True,
    "number": 1 << 63,
    "text": "x\u00e4\udcff",
    "list": {"a": {"b": {}}, "": 5},
    "texts": ["a", "", "b"],
    "lists": [{"a": 1}, {}],
}
# Options of the stream's decoder: checksums count, or not; pieces of 64 bytes, or one.
OPTIONS = (0, 1, 64, 65)
# What is added to a stream's own features: nothing, blocks above 128K, blocks that are
# compressed by lz4, dnodes of several slots, and blocks that zstd may have compressed.
_FEATURES = (0, 1 << 19, 1 << 17 | 1 << 22, 1 << 23, 1 << 17 | 1 << 19 | 1 << 22 | 1 << 25)


def write_seeds(folder: Path, decoder: str) -> list[Path]:
    """Write the inputs for one decoder into a folder; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {
        "flat": _flat,
        "packed": _packed,
        "stream": _streams,
        "records": _records,
    }[decoder]()
    paths = []
    for number, content in enumerate(made):
        path = folder / f"seed-{number:02}"
        path.write_bytes(content)
        paths.append(path)
    return paths


def _flat() -> list[bytes]:
    whole = _nvlist.encode(VALUES)
    deep = _nvlist.encode({"a": {}})[:-2] * 40
    return [whole, whole[:-1], b"\0", b"", deep]


def _packed() -> list[bytes]:
    whole = Binding("zt_open_nvpair").pack(VALUES)
    # A string without an end, an array of more values than there are, and a depth.
    endless = whole.replace(b"x\xc3\xa4\xff\0", b"x\xc3\xa4\xff\1")
    counted = bytearray(whole)
    struct.pack_into("=i", counted, 12 + 8, (1 << 31) - 1)
    nested = Binding("zt_open_nvpair").pack({"a": {"a": {"a": {"a": {}}}}})
    return [whole, endless, bytes(counted), nested, nested[:-4] * 9, whole[:12], b""]


def _made(order: str) -> bytes:
    made = MadeStream(order=order)
    made.free_objects(1, 2)
    made.object(3, b"bonus", spills=True)
    made.spill(3, b"s" * 512)
    made.write(3, 0, b"a" * 512)
    made.free(3, 512, 512)
    made.write(3, 4096, bytes(512))
    made.object(9)
    return made.end()


def _records() -> list[bytes]:
    """Give of each stream two fields of its first record, and the records behind it."""
    sound = [
        stream[: len(stream) // part]
        for stream in (raw_stream(), _made("<"), _made(">"))
        for part in (1, 2)
    ]
    false = [false_stream(case).end() for case in CASES]
    inputs = [(stream, more) for stream in sound for more in _FEATURES]
    inputs += [(stream, 0) for stream in false]
    return [_with_features(*each) for each in inputs]


def _with_features(stream: bytes, more: int) -> bytes:
    """Put the magic and the features, and more, in the place of the first record."""
    order = "<" if struct.unpack_from("<Q", stream, 8) == (MAGIC,) else ">"
    begin_payload, magic, version = struct.unpack_from(f"{order}IQQ", stream, 4)
    fields = struct.pack(f"{order}QQ", magic, version | more << 2)
    return fields + stream[RECORD_BYTES + begin_payload :]


def _streams() -> list[bytes]:
    streams = [raw_stream()]
    streams += map(_made, ("<", ">"))
    cut = [stream[: len(stream) // 2] for stream in streams]
    return [bytes([o]) + stream for stream in (*streams, *cut) for o in OPTIONS]
