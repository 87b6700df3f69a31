"""The send stream of a volume, made from the blocks of a disk, and read back to blocks.

A volume that arrives in a stream is there as a whole or not at all, its snapshot with it,
on the kernel's ZFS and in an image, and needs no device node. The layout of the records is
that of ``dmu_replay_record_t`` in include/sys/zfs_ioctl.h; that of the object with the
volume's size is ``mzap_phys_t`` in include/sys/zap_impl.h.
"""

from __future__ import annotations

import struct

from zfstune.values.errors import InvalidValue
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Protocol

    class Checksum(Protocol):
        """The running checksum of a stream."""

        def add(self, piece: bytes) -> None:
            """Add bytes."""

        @property
        def value(self) -> bytes:
            """The sum of all bytes so far."""


__all__ = ["VolumeShape", "read_blocks", "volume_records"]

_RECORD_BYTES = 312
_SUMMED_BYTES = 280  # each record but the first ends with the sum of all before
_MAGIC = 0x2F5BACBAC
_BEGIN, _OBJECT, _FREEOBJECTS, _WRITE, _FREE, _END = range(6)
_SUBSTREAM = 1  # DMU_SUBSTREAM
_LARGE_BLOCKS = 1 << 19  # DMU_BACKUP_FEATURE_LARGE_BLOCKS
_SMALL_BLOCK = 128 << 10
_FREE_RECORDS = 4  # DRR_FLAG_FREERECORDS
_VOLUME = 3  # DMU_OST_ZVOL
# ZVOL_OBJ and ZVOL_ZAP_OBJ in include/sys/zvol_impl.h, and their types in include/sys/dmu.h
_DATA_OBJECT, _SIZE_OBJECT = 1, 2
_DATA_TYPE, _SIZE_TYPE = 23, 24
_ZAP_BYTES = 512
_MICRO_ZAP = (1 << 63) + 3  # ZBT_MICRO
_ZAP_SALT = 0x7A667374756E65  # any number but 0
_MOST_BLOCK = 16 << 20  # SPA_MAXBLOCKSIZE


@frozen
class VolumeShape:
    """A volume and its snapshot, as their stream describes them.

    Attributes:
        size_bytes: Size of the volume, in whole blocks.
        block_bytes: Its block size.
        guid: Guid of the snapshot.
        created: When the snapshot was taken, in seconds since 1970.
        name: The snapshot's name, which nobody reads again.
    """

    size_bytes: int
    block_bytes: int
    guid: int
    created: int
    name: str


def volume_records(
    shape: VolumeShape, blocks: Iterable[tuple[int, bytes]], checksum: Checksum
) -> Iterator[bytes]:
    """Give the full stream of a volume's snapshot, piece by piece.

    Args:
        shape: The volume.
        blocks: Offset and bytes of whole blocks, in order; the others hold zeros.
        checksum: A new checksum.
    """
    features = _LARGE_BLOCKS if shape.block_bytes > _SMALL_BLOCK else 0
    version = _SUBSTREAM | features << 2
    fields = (_BEGIN, 0, _MAGIC, version, shape.created, _VOLUME, _FREE_RECORDS)
    begin = struct.pack("<IIQQQIIQQ256s", *fields, shape.guid, 0, shape.name.encode())
    checksum.add(begin)
    yield begin

    def record(kind: int, form: str, *values: object) -> bytes:
        head = struct.pack(f"<II{form}", kind, 0, *values).ljust(_SUMMED_BYTES, b"\0")
        checksum.add(head)
        whole = head + checksum.value
        checksum.add(whole[_SUMMED_BYTES:])
        return whole

    def new_object(number: int, kind: int, block: int) -> bytes:
        sizes = (number, kind, 0, block, 0, 0, 0, 1, 0, 0)
        return record(_OBJECT, "QIIIIBBBBIQ", *sizes, shape.guid)

    def write(number: int, kind: int, offset: int, data: bytes) -> bytes:
        head = record(_WRITE, "QIIQQQ", number, kind, 0, offset, len(data), shape.guid)
        checksum.add(data)
        return head + data

    yield new_object(_DATA_OBJECT, _DATA_TYPE, shape.block_bytes)
    for offset, data in blocks:
        yield write(_DATA_OBJECT, _DATA_TYPE, offset, data)
    yield new_object(_SIZE_OBJECT, _SIZE_TYPE, _ZAP_BYTES)
    yield write(_SIZE_OBJECT, _SIZE_TYPE, 0, _size_block(shape.size_bytes))
    yield record(_END, "32sQ", checksum.value, shape.guid)


def _size_block(size_bytes: int) -> bytes:
    """Return the block of the object in which a volume keeps its size."""
    header = struct.pack("<QQQ40x", _MICRO_ZAP, _ZAP_SALT, 0)
    entry = struct.pack("<QIH50s", size_bytes, 0, 0, b"size")
    return (header + entry).ljust(_ZAP_BYTES, b"\0")


def read_blocks(read: Callable[[int], bytes], name: str) -> Iterator[tuple[int, bytes]]:
    """Give offset and bytes of each block that the stream of a volume holds.

    Args:
        read: Reads so many bytes of a full stream that is neither compressed nor raw, or
            fewer at its end.
        name: The snapshot, as messages call it.

    Raises:
        InvalidValue: It is no such stream, or it ends too early.
    """
    first = _exactly(read, _RECORD_BYTES, name)
    order = "<" if first[8:16] == struct.pack("<Q", _MAGIC) else ">"
    kind, extra, magic = struct.unpack_from(f"{order}IIQ", first)
    (dataset_type,) = struct.unpack_from(f"{order}I", first, 32)
    if (kind, magic, dataset_type) != (_BEGIN, _MAGIC, _VOLUME):
        raise _refused(name, "it is no stream of a volume")
    _exactly(read, extra, name)
    while kind != _END:
        head = _exactly(read, _RECORD_BYTES, name)
        (kind,) = struct.unpack_from(f"{order}I", head)
        if kind == _WRITE:
            number, _, _, offset, length = struct.unpack_from(f"{order}QIIQQ", head, 8)
            if length > _MOST_BLOCK or head[50]:
                raise _refused(name, "a block of its stream is compressed or too large")
            data = _exactly(read, length, name)
            if number == _DATA_OBJECT:
                yield offset, data
        elif kind == _OBJECT:
            (bonus,) = struct.unpack_from(f"{order}I", head, 28)
            _exactly(read, (bonus + 7) // 8 * 8, name)
        elif kind not in (_FREEOBJECTS, _FREE, _END):
            raise _refused(name, f"its stream has a record of kind {kind}")


def _exactly(read: Callable[[int], bytes], count: int, name: str) -> bytes:
    data = read(count) if count else b""
    if len(data) != count:
        raise _refused(name, "its stream ends too early")
    return data


def _refused(name: str, reason: str) -> InvalidValue:
    return InvalidValue(f"cannot read volume '{name}': {reason}")
