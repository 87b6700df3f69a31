"""The records that a stream is made of (dmu_replay_record_t, include/sys/zfs_ioctl.h).

The first record says what the stream holds. A stream of one snapshot goes on with its
data; a package, as ``zfs send -R``, -p and -I write it, has an nvlist behind its first
record, then an end record, then streams of one snapshot each, and one more end record.

A stream comes from another machine, of either byte order: a length is checked before
anybody reads as many bytes, guids are only compared, and of the kinds of datasets only
the two that exist are taken.
"""

from __future__ import annotations

import struct

from zfstune.values.errors import InvalidValue
from zfstune.values.fletcher4 import fletcher4
from zfstune.values.frozen import frozen

__all__ = [
    "END",
    "RECORD_BYTES",
    "StreamHeader",
    "end_record",
    "package_record",
    "parse_end",
    "parse_header",
    "parse_record",
]

RECORD_BYTES = 312

# dmu_replay_record_t's drr_type
_BEGIN, _OBJECT, _FREEOBJECTS, _WRITE, _FREE, END = range(6)
_WRITE_BYREF, _SPILL, _WRITE_EMBEDDED, _OBJECT_RANGE, _REDACT = range(6, 11)

_MAGIC = 0x2F5BACBAC  # DMU_BACKUP_MAGIC
# type and payload length, magic, version, creation time, type of the dataset and
# flags, guid of the snapshot, guid of the base, name of the snapshot
_FIELDS = "IIQQQIIQQ256s"
_KINDS = {2: "filesystem", 3: "volume"}  # dmu_objset_type_t, include/sys/fs/zfs.h
# The low bits of the version: DMU_SUBSTREAM and DMU_COMPOUNDSTREAM; above them stand
# DMU_BACKUP_FEATURE_*.
_ONE_SNAPSHOT, _PACKAGE = 1, 2
_TYPE_BITS = 3
_FEATURES_SHIFT = 2
_DEDUPLICATED, _RESUMING, _RAW = 1 << 0, 1 << 20, 1 << 24
_FLAG_CLONE = 1  # DRR_FLAG_CLONE

_MOST_PAYLOAD = 16 << 20  # SPA_MAXBLOCKSIZE


@frozen
class StreamHeader:
    """The content of the first record of a stream.

    Attributes:
        toguid: Guid of the snapshot that the stream carries; 0: it is a package.
        fromguid: Guid of the base of an incremental; 0: the stream is a full one.
        kind: ``filesystem`` or ``volume``; empty: it is a package.
        toname: Name of the snapshot on the sender, unchecked.
        package: Whether it is a package.
        clone: Whether the base lies in another dataset, which this one is a clone of.
        raw: Whether encrypted blocks are as they are.
        rest: Whether it goes on with a stream that broke off.
        deduplicated: Whether blocks that are there twice stand in it once.
        payload_bytes: Length of the nvlist behind the record, unchecked.
        big_endian: Whether the sender's machine is a big-endian one.
    """

    toguid: int
    fromguid: int
    kind: str
    toname: str = ""
    package: bool = False
    clone: bool = False
    raw: bool = False
    rest: bool = False
    deduplicated: bool = False
    payload_bytes: int = 0
    big_endian: bool = False


def parse_header(data: bytes) -> StreamHeader | None:
    """Parse a first record; None: it begins no stream."""
    if len(data) != RECORD_BYTES:
        return None
    for order in "<>":
        fields = struct.unpack(order + _FIELDS, data)
        record, payload, magic, version, _, kind, flags, toguid, fromguid, name = fields
        if magic != _MAGIC:
            continue
        form, features = version & _TYPE_BITS, version >> _FEATURES_SHIFT
        package = form == _PACKAGE
        if record != _BEGIN or b"\0" not in name:
            return None
        if not package and (form != _ONE_SNAPSHOT or kind not in _KINDS):
            return None
        return StreamHeader(
            toguid=0 if package else toguid,
            fromguid=0 if package else fromguid,
            kind="" if package else _KINDS[kind],
            toname=name.partition(b"\0")[0].decode("utf-8", "surrogateescape"),
            package=package,
            clone=not package and bool(flags & _FLAG_CLONE),
            raw=bool(features & _RAW),
            rest=bool(features & _RESUMING),
            deduplicated=bool(features & _DEDUPLICATED),
            payload_bytes=payload,
            big_endian=order == ">",
        )
    return None


def parse_record(data: bytes, *, big_endian: bool) -> tuple[int, int]:
    """Parse a further record; return its type and the bytes that follow it.

    Raises:
        InvalidValue: It is of no known type, or claims more than a block.
    """
    order = ">" if big_endian else "<"
    (kind,) = struct.unpack_from(f"{order}I", data)
    payload = 0
    if kind == _OBJECT:
        bonus, raw_bonus = struct.unpack_from(f"{order}I4xI", data, 28)
        payload = raw_bonus or _rounded(bonus)
    elif kind == _WRITE:
        (logical,) = struct.unpack_from(f"{order}Q", data, 32)
        (compressed,) = struct.unpack_from(f"{order}Q", data, 96)
        payload = compressed if data[50] else logical
    elif kind == _SPILL:
        (length,) = struct.unpack_from(f"{order}Q", data, 16)
        (compressed,) = struct.unpack_from(f"{order}Q", data, 40)
        payload = compressed or length
    elif kind == _WRITE_EMBEDDED:
        (stored,) = struct.unpack_from(f"{order}I", data, 52)
        payload = _rounded(stored)
    elif kind not in {_FREEOBJECTS, _FREE, END, _WRITE_BYREF, _OBJECT_RANGE, _REDACT}:
        raise InvalidValue("cannot read the stream: a record is of no known type")
    if payload > _MOST_PAYLOAD:
        raise InvalidValue("cannot read the stream: a record has a false length")
    return kind, payload


def parse_end(data: bytes, *, big_endian: bool = False) -> tuple[int, int, int, int] | None:
    """Parse an end record; return its checksum, or None: it is none."""
    order = ">" if big_endian else "<"
    if len(data) != RECORD_BYTES or struct.unpack_from(f"{order}I", data)[0] != END:
        return None
    # struct drr_end begins with the checksum, behind the type and the length.
    first, second, third, fourth = struct.unpack_from(f"{order}4Q", data, 8)
    return first, second, third, fourth


def package_record(toname: str, payload: bytes) -> bytes:
    """Write the first record of a package, with its payload and the end record.

    Args:
        toname: Full name of the snapshot that the package is of.
        payload: The packed nvlist; may be empty.
    """
    name = toname.encode("utf-8", "surrogateescape")
    fields = (_BEGIN, len(payload), _MAGIC, _PACKAGE, 0, 0, 0, 0, 0, name)
    begun = struct.pack("<" + _FIELDS, *fields) + payload
    return begun + end_record(fletcher4(begun))


def end_record(checksum: tuple[int, int, int, int] = (0, 0, 0, 0)) -> bytes:
    """Write an end record; without a checksum it is that of a whole package."""
    record = bytearray(RECORD_BYTES)
    struct.pack_into("<I", record, 0, END)
    struct.pack_into("<4Q", record, 8, *checksum)
    return bytes(record)


def _rounded(size: int) -> int:
    return (size + 7) // 8 * 8
