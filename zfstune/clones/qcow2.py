"""Disks in the qcow2 format, versions 2 and 3, as docs/interop/qcow2.txt of QEMU has it.

Such a file comes from elsewhere. Each offset in it is checked against the file's length,
and what is not understood in full is refused: a backing file above all, for that names
any file of this machine.
"""

from __future__ import annotations

import struct
import zlib

from zfstune.values.errors import InvalidValue, NotSupported
from zfstune.values.frozen import frozen
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["MAGIC", "Qcow2", "qcow2_clusters", "read_qcow2_header"]

MAGIC = b"QFI\xfb"

_V2 = struct.Struct(">4sIQIIQIIQQIIQ")
_V3 = struct.Struct(">QQQII")
_V3_BYTES = 104
_ENTRY_BYTES = 8
_SECTOR_BYTES = 512
_CLUSTER_BITS = range(9, 22)
_MOST_L1_BYTES = 32 << 20  # QCOW_MAX_L1_SIZE
_MOST_BYTES = 1 << 62
_OFFSET = 0x00FF_FFFF_FFFF_FE00  # bits 9 to 55 of an entry
_COMPRESSED = 1 << 62
_ZERO = 1
_RESERVED_L1 = 0x7F00_0000_0000_01FF
_RESERVED_L2 = 0x3F00_0000_0000_01FE
# Bits of incompatible_features. A dirty file has wrong reference counts, which no reader
# needs.
_DIRTY = 1 << 0
_FEATURES = {
    1 << 1: "it is marked as corrupt",
    1 << 2: "its data lie in another file",
    1 << 3: "it is compressed with zstd",
    1 << 4: "its clusters have subclusters",
}


@frozen
class Qcow2:
    """The header of a disk.

    Attributes:
        size_bytes: Size of the disk that the file holds.
        cluster_bits: Size of its clusters, as a power of two.
        l1_offset: Place of the first table of clusters.
        l1_entries: Number of its entries.
    """

    size_bytes: int
    cluster_bits: int
    l1_offset: int
    l1_entries: int


def read_qcow2_header(read_at: Callable[[int, int], bytes], name: str) -> Qcow2:
    """Read the header of a disk.

    Args:
        read_at: Reads from an offset so many bytes, or fewer at the end of the file.
        name: The file, as messages call it.

    Raises:
        NotSupported: The file needs something that zfstune does not read.
        InvalidValue: It is no qcow2 file, or a damaged one.
    """
    head = read_at(0, _V3_BYTES)
    if len(head) < _V2.size or head[:4] != MAGIC:
        raise _damaged(name, "it has no header of qcow2")
    _, version, backing, _, cluster_bits, size, crypt, entries, l1_offset, *_ = (
        _V2.unpack_from(head)
    )
    if version not in (2, 3):
        raise _unread(name, f"it is of version {version}")
    if backing:
        raise _unread(name, "it builds on a backing file")
    if crypt:
        raise _unread(name, "it is encrypted")
    if version == 3:  # noqa: PLR2004 (the version that has features)
        if len(head) < _V3_BYTES:
            raise _damaged(name, "its header is cut")
        features, _, _, _, _ = _V3.unpack_from(head, _V2.size)
        for bit, reason in _FEATURES.items():
            if features & bit:
                raise _unread(name, reason)
        unknown = features & ~(_DIRTY | sum(_FEATURES))
        if unknown:
            raise _unread(name, f"it has features that nobody knows here ({unknown:#x})")
    if cluster_bits not in _CLUSTER_BITS or size > _MOST_BYTES:
        raise _damaged(name, "its header has sizes that cannot be")
    reach = entries << (2 * cluster_bits - 3)  # an entry leads to a cluster of entries
    if reach < size or entries * _ENTRY_BYTES > _MOST_L1_BYTES:
        raise _damaged(name, "its first table does not fit its size")
    return Qcow2(size, cluster_bits, l1_offset, entries)


def qcow2_clusters(
    disk: Qcow2, read_at: Callable[[int, int], bytes], name: str
) -> Iterator[tuple[int, bytes]]:
    """Give offset and bytes of each cluster that the file holds, in order.

    The last one may reach past the end of the disk. Arguments and errors are those of
    :func:`read_qcow2_header`.
    """
    bytes_each = 1 << disk.cluster_bits
    per_table = bytes_each // _ENTRY_BYTES

    def exactly(offset: int, count: int) -> bytes:
        data = read_at(offset, count)
        if len(data) != count:
            raise _damaged(name, "a part of it lies past its end")
        return data

    def table(offset: int, count: int) -> tuple[int, ...]:
        return struct.unpack(f">{count}Q", exactly(offset, count * _ENTRY_BYTES))

    needed = -(-disk.size_bytes // (bytes_each * per_table))
    for high, l1_entry in enumerate(table(disk.l1_offset, needed)):
        if l1_entry & _RESERVED_L1:
            raise _damaged(name, "an entry of its first table is invalid")
        if not l1_entry & _OFFSET:
            continue
        for low, entry in enumerate(table(_aligned(l1_entry, disk, name), per_table)):
            at = (high * per_table + low) * bytes_each
            if at >= disk.size_bytes:
                break
            if entry & _COMPRESSED:
                yield at, _inflated(entry, disk, read_at, name)
            elif entry & _RESERVED_L2:
                raise _damaged(name, f"its entry for offset {at} is invalid")
            elif entry & _OFFSET and not entry & _ZERO:
                yield at, _cluster(_aligned(entry, disk, name), bytes_each, read_at, name)


def _cluster(
    offset: int, count: int, read_at: Callable[[int, int], bytes], name: str
) -> bytes:
    """Read a cluster; that at the end of a file may be cut, and zeros follow then."""
    data = read_at(offset, count)
    if not data:
        raise _damaged(name, "a part of it lies past its end")
    return data.ljust(count, b"\0")


def _aligned(entry: int, disk: Qcow2, name: str) -> int:
    offset = entry & _OFFSET
    if offset & ((1 << disk.cluster_bits) - 1):
        raise _damaged(name, "a cluster of it begins within another one")
    return offset


def _inflated(
    entry: int, disk: Qcow2, read_at: Callable[[int, int], bytes], name: str
) -> bytes:
    """Read a compressed cluster: its offset, then how many further sectors it touches."""
    shift = 62 - (disk.cluster_bits - 8)
    offset = entry & ((1 << shift) - 1)
    sectors = ((entry & (_COMPRESSED - 1)) >> shift) + 1
    packed = read_at(offset, sectors * _SECTOR_BYTES - offset % _SECTOR_BYTES)
    count = 1 << disk.cluster_bits
    try:
        data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, count)
    except zlib.error:
        data = b""
    if len(data) != count:
        raise _damaged(name, "a compressed cluster of it cannot be unpacked")
    return data


def _damaged(name: str, reason: str) -> InvalidValue:
    return InvalidValue(f"cannot read disk '{shown(name)}': {reason}")


def _unread(name: str, reason: str) -> NotSupported:
    return NotSupported(
        operation="read disk",
        target=name,
        reason=reason,
        hint=f"make a plain file of it: qemu-img convert -O raw {for_shell(name)} disk.raw",
    )
