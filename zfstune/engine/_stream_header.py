"""The first record of a stream: its snapshot and its base.

It is read here rather than by libzfs_core, so that the snapshots that a forced receive
would destroy are known before the kernel sees the stream, and the properties are checked
that are set as it arrives (struct drr_begin in include/sys/zfs_ioctl.h). A stream comes
from another machine: the guid of its base is only compared, and of the kinds of datasets
only the two that exist are taken.
"""

from __future__ import annotations

import os
import struct

from zfstune.values.frozen import frozen

__all__ = ["HEADER_BYTES", "StreamHeader", "parse_header", "read_header"]

HEADER_BYTES = 312

_BEGIN = 0  # DRR_BEGIN
_MAGIC = 0x2F5BACBAC  # DMU_BACKUP_MAGIC
# type and payload length, magic, version, creation time, type of the dataset and
# flags, guid of the snapshot, guid of the base
_FIELDS = "IIQQQIIQQ"
_KINDS = {2: "filesystem", 3: "volume"}  # dmu_objset_type_t, include/sys/fs/zfs.h
# The low bits of the version tell a stream of one snapshot (DMU_SUBSTREAM) from the
# packages of several that `zfs send -R` and -p write.
_ONE_SNAPSHOT = 1
_TYPE_BITS = 3


@frozen
class StreamHeader:
    """The content of the first record of a stream.

    Attributes:
        toguid: Guid of the snapshot that the stream carries.
        fromguid: Guid of the base of an incremental; 0: the stream is a full one.
        kind: ``filesystem`` or ``volume``.
    """

    toguid: int
    fromguid: int
    kind: str


def read_header(fd: int) -> bytes:
    """Read the first record from a descriptor; fewer bytes where the stream ends.

    Raises:
        OSError: The descriptor cannot be read.
    """
    parts: list[bytes] = []
    missing = HEADER_BYTES
    while missing:
        part = os.read(fd, missing)
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def parse_header(data: bytes) -> StreamHeader | None:
    """Parse a first record; None where it does not begin a stream of one snapshot."""
    if len(data) != HEADER_BYTES:
        return None
    for order in "<>":  # a stream has the byte order of the machine that wrote it
        fields = struct.unpack_from(order + _FIELDS, data)
        record, _, magic, version, _, kind, _, toguid, fromguid = fields
        if magic == _MAGIC:
            if record != _BEGIN or version & _TYPE_BITS != _ONE_SNAPSHOT:
                return None
            if kind not in _KINDS:
                return None
            return StreamHeader(toguid, fromguid, _KINDS[kind])
    return None
